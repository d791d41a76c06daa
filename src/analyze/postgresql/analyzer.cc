// SPDX-License-Identifier: Apache-2.0
// PostgreSQL's protocol 3.0 up to the client's startup message, or into TLS where the server agrees to it.
// Writes no log of its own.
#include "analyze/analyzer.h"

#include <algorithm>
#include <array>
#include <string>

namespace quaywatch::analyze::postgresql {
namespace {

using model::Direction;

constexpr uint32_t kSslRequest = 80877103;
constexpr size_t kHeader = 8;  // length and version, or length and what is asked for
// A startup message the server takes; its MAX_STARTUP_PACKET_LENGTH.
constexpr uint32_t kMaxStartup = 10000;

bool IsStartup(uint32_t length, uint32_t version) {
  return length > kHeader && length <= kMaxStartup && version >> 16 == 3;
}

class PostgresqlAnalyzer : public Analyzer {
 public:
  explicit PostgresqlAnalyzer(Context& context) : context_(context) {}

  void OnStream(Direction from, base::Bytes bytes) override {
    if (done_ || context_.flow().partial) return;
    if (tls_ != nullptr) return tls_->OnStream(from, bytes);
    if (from == Direction::kOrig) {
      FromClient(bytes);
    } else {
      FromServer(bytes);
    }
    if (tls_ != nullptr && !bytes.empty()) tls_->OnStream(from, bytes);
  }
  void OnGap(Direction from, uint64_t length) override {
    if (tls_ != nullptr) return tls_->OnGap(from, length);
    if (!done_) Finish();
  }
  void OnEndOfStream(Direction from) override {
    if (tls_ != nullptr) tls_->OnEndOfStream(from);
  }
  void OnReset() override {
    if (tls_ != nullptr) tls_->OnReset();
  }

 private:
  enum class Tls : uint8_t { kNotAsked, kAsked, kRefused };

  void FromClient(base::Bytes& bytes) {
    const size_t taken = std::min(bytes.size(), kHeader - header_.size());
    header_.append(base::AsText(bytes.first(taken)));
    bytes = bytes.subspan(taken);
    if (header_.size() < kHeader) return;
    if (tls_state_ != Tls::kAsked) FromHeader();
    // The client has to wait for the server's answer.
    if (!done_ && !bytes.empty()) Violate();
  }

  void FromHeader() {
    base::Cursor in(base::AsBytes(header_));
    const uint32_t length = in.U32();
    const uint32_t version = in.U32();
    if (length == kHeader && version == kSslRequest && tls_state_ == Tls::kNotAsked) {
      tls_state_ = Tls::kAsked;
    } else if (IsStartup(length, version)) {
      context_.Confirm();
      Finish();
    } else {
      Violate();
    }
  }

  void FromServer(base::Bytes& bytes) {
    if (tls_state_ != Tls::kAsked || bytes.empty()) return Violate();
    const uint8_t answer = bytes.front();
    bytes = bytes.subspan(1);
    if (answer != 'S' && answer != 'N') return Violate();
    context_.Confirm();
    header_.clear();
    if (answer == 'S') {
      tls_ = &context_.HandOver("ssl");
    } else {
      tls_state_ = Tls::kRefused;
    }
  }

  // All that follows is in the open, or encrypted where it can't be known.
  void Finish() {
    done_ = true;
    context_.Finish();
  }
  void Violate() {
    done_ = true;
    context_.Violate("no PostgreSQL message");
  }

  Context& context_;
  std::string header_;  // of the client's message; at most kHeader bytes
  Tls tls_state_ = Tls::kNotAsked;
  Analyzer* tls_ = nullptr;
  bool done_ = false;
};

// A request for TLS and its answer, or a startup message and the beginning of any.
ProbeResult Probe(const ProbeInput& input) {
  if (input.orig.empty()) return ProbeResult::kMore;
  if (input.orig[0] != 0) return ProbeResult::kNo;
  if (input.orig.size() < kHeader) return ProbeResult::kMore;
  base::Cursor in(input.orig);
  const uint32_t length = in.U32();
  const uint32_t version = in.U32();
  const bool asks = length == kHeader && version == kSslRequest;
  if (!asks && !IsStartup(length, version)) return ProbeResult::kNo;
  if (!asks && base::AsText(in.rest()).find(std::string_view("user\0", 5)) == std::string_view::npos) {
    return ProbeResult::kMore;
  }
  if (input.resp.empty()) return ProbeResult::kMore;
  const uint8_t first = input.resp[0];
  if (asks) return first == 'S' || first == 'N' ? ProbeResult::kYes : ProbeResult::kNo;
  return (first >= 'A' && first <= 'Z') || (first >= 'a' && first <= 'z') ? ProbeResult::kYes : ProbeResult::kNo;
}

constexpr auto kPorts = std::to_array<uint16_t>({5432});

}  // namespace

extern const AnalyzerSpec kSpec;
const AnalyzerSpec kSpec{
    .name = "postgresql",
    .help = "PostgreSQL up to the startup or TLS (protocol 3.0)",
    .probe_tcp = Probe,
    .tcp_ports = kPorts,
    .make = [](Context& context) -> std::unique_ptr<Analyzer> { return std::make_unique<PostgresqlAnalyzer>(context); },
};

}  // namespace quaywatch::analyze::postgresql
