// SPDX-License-Identifier: Apache-2.0
//
// Reports what is odd about the packet at hand, with its addresses once they are known. Inside a tunnel
// names end in "_in_tunnel", as Zeek's do.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "model/weird.h"

namespace quaywatch::decode {

struct WeirdName {
  std::string_view plain;
  std::string_view in_tunnel;
};

namespace internal {

template <size_t kSize>
struct Literal {
  // NOLINTNEXTLINE(google-explicit-constructor): made from a string literal only.
  constexpr Literal(const char (&from)[kSize]) { std::copy_n(from, kSize, text); }
  char text[kSize];
};

template <Literal kName>
struct InTunnel {
  static constexpr std::string_view kSuffix = "_in_tunnel";
  static constexpr size_t kLength = sizeof(kName.text) - 1;
  struct Text {
    char text[kLength + kSuffix.size()];
  };
  static constexpr Text kText = [] {
    Text joined{};
    std::copy_n(kName.text, kLength, joined.text);
    std::copy_n(kSuffix.data(), kSuffix.size(), joined.text + kLength);
    return joined;
  }();
  static constexpr Literal<sizeof(kName.text)> kPlain = kName;
};

}  // namespace internal

// "truncated_IP"_weird
template <internal::Literal kName>
constexpr WeirdName operator""_weird() {
  using Names = internal::InTunnel<kName>;
  return {{Names::kPlain.text, Names::kLength}, {Names::kText.text, sizeof(Names::kText.text)}};
}

class Weirds {
 public:
  explicit Weirds(model::WeirdSink& sink) : sink_(sink) {}

  // A new packet or a datagram inside another begins: nothing is known of its addresses.
  void Begin(bool in_tunnel) {
    in_tunnel_ = in_tunnel;
    src_ = dst_ = nullptr;
  }
  // The addresses are known from here on; they must live until the next Begin.
  void SetHosts(const model::IpAddress& src, const model::IpAddress& dst) {
    src_ = &src;
    dst_ = &dst;
  }

  void Report(const WeirdName& name, std::string_view source, std::string_view addl = {}) {
    Send(in_tunnel_ ? name.in_tunnel : name.plain, source, addl);
  }
  // These keep the name inside tunnels too, as Zeek does outside of its packet analysis.
  void ReportAbout(const model::IpAddress& src, const model::IpAddress& dst, std::string_view name,
                   std::string_view addl = {}) {
    sink_.HostPairWeird(src, dst, name, addl);
  }
  void ReportPlain(std::string_view name, std::string_view source, std::string_view addl) {
    sink_.PacketWeird(name, addl, source);
  }

 private:
  void Send(std::string_view name, std::string_view source, std::string_view addl) {
    if (src_ != nullptr) {
      sink_.HostPairWeird(*src_, *dst_, name, addl, source);
    } else {
      sink_.PacketWeird(name, addl, source);
    }
  }

  model::WeirdSink& sink_;
  const model::IpAddress* src_ = nullptr;
  const model::IpAddress* dst_ = nullptr;
  bool in_tunnel_ = false;
};

}  // namespace quaywatch::decode
