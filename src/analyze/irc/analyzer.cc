// SPDX-License-Identifier: Apache-2.0
// IRC (RFC 2812) up to the point where it goes over to TLS: names the connection and reports odd lines. Writes
// no log of its own.
#include "analyze/analyzer.h"

#include <algorithm>
#include <array>
#include <utility>

#include "analyze/lines.h"

namespace quaywatch::analyze::irc {
namespace {

using model::Direction;

// RFC 2812, 2.3.
constexpr size_t kMaxLineLength = 512;
// No command is longer.
constexpr size_t kMaxCommand = 20;
constexpr std::string_view kTlsReply = "670";

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

std::string_view SkipBlanks(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  return text;
}

bool IsReply(std::string_view line) {
  return line.size() > 3 && IsDigit(line[0]) && IsDigit(line[1]) && IsDigit(line[2]) && line[3] == ' ';
}

class IrcAnalyzer : public Analyzer {
 public:
  explicit IrcAnalyzer(Context& context) : context_(context) {}

  void OnStream(Direction from, base::Bytes bytes) override {
    if (done_) return;
    if (tls_ == nullptr) bytes = bytes.subspan(sides_[static_cast<size_t>(from)].lines.Feed(bytes));
    if (tls_ != nullptr && !bytes.empty()) Forward(from, bytes);
  }
  void OnGap(Direction from, uint64_t length) override {
    if (tls_ != nullptr) tls_->OnGap(from, length);
  }
  void OnEndOfStream(Direction from) override {
    if (tls_ != nullptr) return tls_->OnEndOfStream(from);
    if (!done_) sides_[static_cast<size_t>(from)].lines.Finish();
  }
  void OnReset() override {
    if (tls_ != nullptr) tls_->OnReset();
  }

 private:
  struct Side : LineSink {
    Side(IrcAnalyzer& owner, Direction direction) : analyzer(owner), from(direction), lines(*this, owner.oddities_) {}
    void OnLine(std::string_view line, bool) override { analyzer.OnLine(from, line); }
    IrcAnalyzer& analyzer;
    Direction from;
    Lines lines;
    bool in_tls = false;
  };

  void Forward(Direction from, base::Bytes bytes) {
    Side& side = sides_[static_cast<size_t>(from)];
    // The end of the last line may have been a CR that an LF follows.
    const bool rest_of_line = !std::exchange(side.in_tls, true) && bytes.front() == '\n' && side.lines.after_cr();
    if (rest_of_line) bytes = bytes.subspan(1);
    if (!bytes.empty()) tls_->OnStream(from, bytes);
  }

  void OnLine(Direction from, std::string_view line) {
    if (done_) return;
    if (line.size() > kMaxLineLength) return context_.Weird("irc_line_size_exceeded");
    line = SkipBlanks(line);
    if (line.size() < 3) return context_.Weird("irc_line_too_short");
    if (line[0] == ':') {
      const size_t end = line.find(' ');
      if (end == line.npos) return context_.Weird("irc_invalid_line");
      line = SkipBlanks(line.substr(end));
    }
    if (line.size() < 3) return Violate("irc_invalid_line");
    if (IsDigit(line[0])) {
      if (!IsReply(line)) return Violate("irc_invalid_reply_number");
      if (line.starts_with(kTlsReply)) StartTls();
      return;
    }
    const std::string_view command = line.substr(0, line.find(' '));
    if (command.size() > kMaxCommand || !std::ranges::all_of(command, IsLetter)) return Violate("irc_invalid_command");
    if (from == Direction::kOrig) context_.Confirm();
  }

  void StartTls() {
    context_.Confirm();
    tls_ = &context_.HandOver("ssl");
    for (Side& side : sides_) side.lines.Stop();
  }
  void Violate(std::string_view weird) {
    done_ = true;
    for (Side& side : sides_) side.lines.Stop();
    context_.Weird(weird);
    context_.Violate(weird);
  }

  Context& context_;
  LineOddities oddities_{context_};
  Side sides_[2] = {{*this, Direction::kOrig}, {*this, Direction::kResp}};
  Analyzer* tls_ = nullptr;
  bool done_ = false;
};

// Calls `matches` with the beginning of each line.
template <typename Matches>
bool AnyLine(std::string_view text, Matches matches) {
  for (;;) {
    if (matches(SkipBlanks(text))) return true;
    const size_t end = text.find_first_of("\r\n");
    if (end == text.npos) return false;
    text.remove_prefix(end + 1);
  }
}

// A command with an argument, in any case.
bool Commands(std::string_view text, std::string_view upper) {
  const auto same = [&](std::string_view line) {
    return line.size() > upper.size() && line[upper.size()] == ' ' &&
           std::ranges::equal(line.substr(0, upper.size()), upper, [](char a, char b) {
             return (a >= 'a' && a <= 'z' ? static_cast<char>(a - 'a' + 'A') : a) == b;
           });
  };
  return AnyLine(text, same);
}

// A client that says who it is, and a server that answers with a number.
ProbeResult Probe(const ProbeInput& input) {
  const std::string_view orig = base::AsText(input.orig);
  if (!orig.empty() && !IsLetter(orig[0]) && orig[0] != ' ' && orig[0] != ':') return ProbeResult::kNo;
  if (!Commands(orig, "USER") || !Commands(orig, "NICK")) return ProbeResult::kMore;
  const bool answered = AnyLine(base::AsText(input.resp), [](std::string_view line) {
    if (line.starts_with(':')) line.remove_prefix(std::min(line.find(' '), line.size() - 1) + 1);
    return IsReply(line);
  });
  return answered ? ProbeResult::kYes : ProbeResult::kMore;
}

constexpr auto kPorts = std::to_array<uint16_t>({6666, 6667, 6668, 6669});

}  // namespace

extern const AnalyzerSpec kSpec;
const AnalyzerSpec kSpec{
    .name = "irc",
    .help = "IRC up to STARTTLS (RFC 2812)",
    .probe_tcp = Probe,
    .tcp_ports = kPorts,
    .make = [](Context& context) -> std::unique_ptr<Analyzer> { return std::make_unique<IrcAnalyzer>(context); },
};

}  // namespace quaywatch::analyze::irc
