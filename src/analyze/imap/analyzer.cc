// SPDX-License-Identifier: Apache-2.0
// IMAP (RFC 9051) up to the point where it goes over to TLS. Writes no log of its own. Without TLS it is
// followed as long as all lines look like commands and responses: mail soon doesn't, which Zeek, too, takes
// for another protocol.
#include "analyze/analyzer.h"

#include <algorithm>
#include <array>
#include <string>

#include "analyze/lines.h"

namespace quaywatch::analyze::imap {
namespace {

using model::Direction;

// Longest tag that is remembered.
constexpr size_t kMaxTag = 64;
constexpr std::string_view kNoSource;

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c; });
  return lower;
}

class ImapAnalyzer : public Analyzer {
 public:
  explicit ImapAnalyzer(Context& context) : context_(context) {
    for (Side& side : sides_) {
      side.lines.SetReport(false);
      side.lines.SetEnds(Lines::Ends::kLf);
    }
  }

  void OnStream(Direction from, base::Bytes bytes) override {
    if (!tls_ && !done_) {
      Side& side = sides_[static_cast<size_t>(from)];
      bytes = bytes.subspan(side.lines.Feed(bytes));
    }
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
  struct Side : LineSink {
    Side(ImapAnalyzer& owner, Direction direction) : analyzer(owner), from(direction), lines(*this, owner.oddities_) {}
    void OnLine(std::string_view line, bool) override { analyzer.OnLine(from, line); }
    ImapAnalyzer& analyzer;
    Direction from;
    Lines lines;
  };

  void OnLine(Direction from, std::string_view line) {
    if (done_ || line.empty()) return;
    const size_t space = line.find(' ');
    if (space == line.npos || space == 0) return Violate();
    const std::string_view tag = line.substr(0, space);
    line.remove_prefix(std::min(line.find_first_not_of(' ', space), line.size()));
    const std::string command = Lower(line.substr(0, std::min(line.find(' '), kMaxTag)));
    if (from == Direction::kOrig) {
      OnCommand(tag, command);
    } else {
      OnResponse(tag, command);
    }
  }

  void OnCommand(std::string_view tag, std::string_view command) {
    if (command == "capability" || command == "starttls") context_.Confirm();
    if (command == "starttls") {
      if (!tls_tag_.empty()) context_.Weird("IMAP: client sent duplicate StartTLS", {}, kNoSource);
      tls_tag_ = tag.substr(0, kMaxTag);
    }
  }

  void OnResponse(std::string_view tag, std::string_view status) {
    if (tag == "*" && (status == "ok" || status == "capability")) context_.Confirm();
    if (tls_tag_.empty() || tag != tls_tag_) return;
    if (status != "ok") return context_.Weird("IMAP: server refused StartTLS", {}, kNoSource);
    tls_ = &context_.HandOver("ssl");
    for (Side& side : sides_) side.lines.Stop();
  }

  void Finish() {
    if (done_) return;
    done_ = true;
    for (Side& side : sides_) side.lines.Stop();
    context_.Finish();
  }
  void Violate() {
    done_ = true;
    for (Side& side : sides_) side.lines.Stop();
    context_.Violate("line without a command");
  }

  Context& context_;
  LineOddities oddities_{context_};
  Side sides_[2] = {{*this, Direction::kOrig}, {*this, Direction::kResp}};
  std::string tls_tag_;  // of the client's STARTTLS
  Analyzer* tls_ = nullptr;
  bool done_ = false;
};

constexpr auto kPorts = std::to_array<uint16_t>({143});

}  // namespace

extern const AnalyzerSpec kSpec;
const AnalyzerSpec kSpec{
    .name = "imap",
    .help = "IMAP up to STARTTLS (RFC 9051)",
    .tcp_ports = kPorts,
    .make = [](Context& context) -> std::unique_ptr<Analyzer> { return std::make_unique<ImapAnalyzer>(context); },
};

}  // namespace quaywatch::analyze::imap
