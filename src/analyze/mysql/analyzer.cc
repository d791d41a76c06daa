// SPDX-License-Identifier: Apache-2.0
// The handshake of MySQL (protocol 10 and 9), and what follows where the client asks for TLS. Writes no log of
// its own.
#include "analyze/analyzer.h"

#include <algorithm>
#include <array>
#include <string>

namespace quaywatch::analyze::mysql {
namespace {

using model::Direction;

constexpr size_t kHeader = 4;  // length in 3 bytes, the low one first, and a number
// The client's answer begins with its capabilities.
constexpr size_t kCapabilities = 4;
constexpr uint32_t kClientSsl = 0x0800;
// A greeting holds a version, a few numbers and the beginning of an authentication.
constexpr size_t kMaxGreeting = 1024;
constexpr size_t kMaxVersion = 128;

uint32_t Length(base::Bytes header) { return static_cast<uint32_t>(header[0] | header[1] << 8 | header[2] << 16); }

enum class Read : uint8_t { kMore, kInvalid, kDone };

// Is this the server's greeting: protocol and version, a text? Sets its size and protocol.
Read ReadGreeting(base::Bytes bytes, size_t& size, uint8_t& protocol) {
  if (bytes.size() <= kHeader) return Read::kMore;
  size = kHeader + Length(bytes);
  protocol = bytes[kHeader];
  if (bytes[3] != 0 || size > kMaxGreeting || (protocol != 9 && protocol != 10)) return Read::kInvalid;
  const base::Bytes version = bytes.subspan(kHeader + 1);
  const auto end = std::ranges::find_if(version, [](uint8_t c) { return c < ' ' || c > '~'; });
  if (end - version.begin() > static_cast<ptrdiff_t>(kMaxVersion)) return Read::kInvalid;
  if (end != version.end() && (*end != 0 || end == version.begin())) return Read::kInvalid;
  return end == version.end() || bytes.size() < size ? Read::kMore : Read::kDone;
}

class MysqlAnalyzer : public Analyzer {
 public:
  explicit MysqlAnalyzer(Context& context) : context_(context) {}

  void OnStream(Direction from, base::Bytes bytes) override {
    if (done_ || context_.flow().partial) return;
    if (tls_ != nullptr) return tls_->OnStream(from, bytes);
    if (from == Direction::kResp) {
      FromServer(bytes);
    } else {
      FromClient(bytes);
    }
    if (tls_ != nullptr && !bytes.empty()) tls_->OnStream(from, bytes);
  }
  void OnGap(Direction from, uint64_t length) override {
    if (tls_ != nullptr) return tls_->OnGap(from, length);
    if (done_) return;
    done_ = true;
    context_.Finish();
  }
  void OnEndOfStream(Direction from) override {
    if (tls_ != nullptr) tls_->OnEndOfStream(from);
  }
  void OnReset() override {
    if (tls_ != nullptr) tls_->OnReset();
  }

 private:
  void FromServer(base::Bytes bytes) {
    if (protocol_ != 0) return;  // what comes before the client's answer is for the other end to judge
    greeting_.append(base::AsText(bytes.first(std::min(bytes.size(), kMaxGreeting - greeting_.size()))));
    size_t size = 0;
    uint8_t protocol = 0;
    switch (ReadGreeting(base::AsBytes(greeting_), size, protocol)) {
      case Read::kMore:
        return;
      case Read::kInvalid:
        return Violate();
      case Read::kDone:
        protocol_ = protocol;
        greeting_ = {};
    }
  }

  void FromClient(base::Bytes& bytes) {
    if (protocol_ == 0) return Violate();  // servers speak first
    while (answer_.size() < kHeader + kCapabilities) {
      if (bytes.empty()) return;
      answer_ += static_cast<char>(bytes.front());
      bytes = bytes.subspan(1);
    }
    const base::Bytes answer = base::AsBytes(answer_);
    const uint32_t length = Length(answer);
    if (length < kCapabilities) return Violate();
    context_.Confirm();
    // Capabilities of 4 bytes are the protocol's since version 10.
    const bool tls = protocol_ == 10 && (base::LoadLittle<uint32_t>(answer.data() + kHeader) & kClientSsl) != 0;
    if (!tls) {
      done_ = true;
      return context_.Finish();
    }
    if (left_ == kUnknown) left_ = length - kCapabilities;
    const size_t skipped = std::min<size_t>(left_, bytes.size());
    left_ -= static_cast<uint32_t>(skipped);
    bytes = bytes.subspan(skipped);
    if (left_ == 0) tls_ = &context_.HandOver("ssl");
  }

  void Violate() {
    done_ = true;
    context_.Violate("no MySQL handshake");
  }

  static constexpr uint32_t kUnknown = 0xffffffff;

  Context& context_;
  std::string greeting_;      // until it is whole; at most kMaxGreeting bytes
  std::string answer_;        // the beginning of the client's
  uint32_t left_ = kUnknown;  // bytes of the client's answer before TLS
  uint8_t protocol_ = 0;
  Analyzer* tls_ = nullptr;
  bool done_ = false;
};

ProbeResult Probe(const ProbeInput& input) {
  size_t size = 0;
  uint8_t protocol = 0;
  switch (ReadGreeting(input.resp, size, protocol)) {
    case Read::kMore:
      return input.orig.empty() ? ProbeResult::kMore : ProbeResult::kNo;
    case Read::kInvalid:
      return ProbeResult::kNo;
    case Read::kDone:
      break;
  }
  return ProbeResult::kYes;
}

constexpr auto kPorts = std::to_array<uint16_t>({1434, 3306});

}  // namespace

extern const AnalyzerSpec kSpec;
const AnalyzerSpec kSpec{
    .name = "mysql",
    .help = "The handshake of MySQL, and TLS after it",
    .probe_tcp = Probe,
    .tcp_ports = kPorts,
    .make = [](Context& context) -> std::unique_ptr<Analyzer> { return std::make_unique<MysqlAnalyzer>(context); },
};

}  // namespace quaywatch::analyze::mysql
