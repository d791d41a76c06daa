// SPDX-License-Identifier: Apache-2.0
// XMPP (RFC 6120) up to the point where it goes over to TLS or the session begins without. Writes no log of
// its own.
#include "analyze/analyzer.h"

#include <array>
#include <string>
#include <string_view>

namespace quaywatch::analyze::xmpp {
namespace {

using model::Direction;

// Longest name of an element that is told apart; all that matter are shorter.
constexpr size_t kMaxName = 64;

bool IsSpace(uint8_t c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

// Finds the names of the elements that begin in a stream of XML; "/" before those that end.
class Tags {
 public:
  // Consumes bytes up to the end of the next tag; true if it came, with its name.
  bool Next(base::Bytes& bytes, std::string& name) {
    while (!bytes.empty()) {
      const uint8_t c = bytes.front();
      bytes = bytes.subspan(1);
      switch (state_) {
        case State::kText:
          if (c != '<') break;
          state_ = State::kName;
          name_.clear();
          break;
        case State::kName:
          if (c == '>' || IsSpace(c) || (c == '/' && !name_.empty())) {
            state_ = State::kRest;
          } else if (name_.size() < kMaxName) {
            name_ += static_cast<char>(c);
          }
          if (c != '>') break;
          [[fallthrough]];
        case State::kRest:
          if (c != '>') break;
          state_ = State::kText;
          name = name_;
          return true;
      }
    }
    return false;
  }

 private:
  enum class State : uint8_t { kText, kName, kRest };
  State state_ = State::kText;
  std::string name_;
};

class XmppAnalyzer : public Analyzer {
 public:
  explicit XmppAnalyzer(Context& context) : context_(context) {}

  void OnStream(Direction from, base::Bytes bytes) override {
    std::string name;
    while (!tls_ && !done_ && tags_[static_cast<size_t>(from)].Next(bytes, name)) OnTag(from, name);
    if (tls_ && !bytes.empty()) tls_->OnStream(from, bytes);
  }
  void OnGap(Direction from, uint64_t length) override {
    if (tls_) return tls_->OnGap(from, length);
    Finish();
  }
  void OnEndOfStream(Direction from) override {
    if (tls_) tls_->OnEndOfStream(from);
  }

 private:
  void OnTag(Direction from, std::string_view name) {
    const bool client = from == Direction::kOrig;
    if (client && name == "stream:stream") context_.Confirm();
    for (const std::string_view later : {"success", "message", "db:result", "db:verify", "presence"}) {
      if (name == later) return Finish();
    }
    const size_t colon = name.rfind(':');
    if (colon != name.npos) name.remove_prefix(colon + 1);
    if (client && name == "starttls") {
      starttls_seen_ = true;
    } else if (!client && name == "proceed") {
      if (!starttls_seen_) return context_.Weird("XMPP: proceed without starttls", {}, std::string_view());
      tls_ = &context_.HandOver("ssl");
    }
  }

  // The session has begun: TLS will not come any more.
  void Finish() {
    if (done_) return;
    done_ = true;
    context_.Finish();
  }

  Context& context_;
  Tags tags_[2];
  bool starttls_seen_ = false;
  Analyzer* tls_ = nullptr;
  bool done_ = false;
};

// "<stream:stream ... xmlns='jabber:", where a declaration of XML may come first.
ProbeResult Find(std::string_view text) {
  const auto skip = [&](std::string_view start) {
    const size_t common = std::min(start.size(), text.size());
    if (text.substr(0, common) != start.substr(0, common)) return ProbeResult::kNo;
    if (common < start.size()) return ProbeResult::kMore;
    text.remove_prefix(common);
    return ProbeResult::kYes;
  };
  if (const ProbeResult declared = skip("<?xml"); declared == ProbeResult::kMore)
    return declared;
  else if (declared == ProbeResult::kYes) {
    const size_t end = text.find('>');
    if (end == text.npos) return ProbeResult::kMore;
    text.remove_prefix(end + 1);
  }
  while (!text.empty() && IsSpace(static_cast<uint8_t>(text.front()))) text.remove_prefix(1);
  if (const ProbeResult stream = skip("<stream:stream "); stream != ProbeResult::kYes) return stream;
  const size_t end = text.find('>');
  if (text.substr(0, end).find("xmlns='jabber:") != text.npos) return ProbeResult::kYes;
  return end == text.npos ? ProbeResult::kMore : ProbeResult::kNo;
}

ProbeResult Probe(const ProbeInput& input) {
  const ProbeResult orig = Find(base::AsText(input.orig));
  const ProbeResult resp = Find(base::AsText(input.resp));
  if (orig == ProbeResult::kYes || resp == ProbeResult::kYes) return ProbeResult::kYes;
  return orig == ProbeResult::kMore || resp == ProbeResult::kMore ? ProbeResult::kMore : ProbeResult::kNo;
}

// Clients' and servers'.
constexpr auto kPorts = std::to_array<uint16_t>({5222, 5269});

}  // namespace

extern const AnalyzerSpec kSpec;
const AnalyzerSpec kSpec{
    .name = "xmpp",
    .help = "XMPP up to STARTTLS (RFC 6120)",
    .probe_tcp = Probe,
    .tcp_ports = kPorts,
    .make = [](Context& context) -> std::unique_ptr<Analyzer> { return std::make_unique<XmppAnalyzer>(context); },
};

}  // namespace quaywatch::analyze::xmpp
