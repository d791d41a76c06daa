// SPDX-License-Identifier: Apache-2.0
// POP3 (RFC 1939): names the connection, reports odd lines, makes files of the mails and follows STLS. Writes
// no log of its own.
#include "analyze/analyzer.h"

#include <array>
#include <optional>
#include <utility>

#include "analyze/lines.h"
#include "analyze/pop3/mail.h"
#include "analyze/pop3/match.h"

namespace quaywatch::analyze::pop3 {
namespace {

using model::Direction;

class Pop3Analyzer : public Analyzer {
 public:
  explicit Pop3Analyzer(Context& context) : context_(context), dialogue_(context) {}

  void OnStream(Direction from, base::Bytes bytes) override {
    if (done_ || context_.flow().partial) return;
    if (tls_ == nullptr) bytes = bytes.subspan(sides_[static_cast<size_t>(from)].lines.Feed(bytes));
    if (tls_ != nullptr && !bytes.empty()) Forward(from, bytes);
  }
  // What answers what is unclear from here on.
  void OnGap(Direction from, uint64_t length) override {
    if (tls_ != nullptr) return tls_->OnGap(from, length);
    if (done_) return;
    Stop();
    context_.Finish();
  }
  void OnEndOfStream(Direction from) override {
    if (tls_ != nullptr) return tls_->OnEndOfStream(from);
    if (!done_) sides_[static_cast<size_t>(from)].lines.Finish();
  }
  void OnReset() override {
    if (tls_ != nullptr) tls_->OnReset();
  }
  void OnClose() override { EndMail(); }

 private:
  struct Side : LineSink {
    Side(Pop3Analyzer& owner, Direction direction) : analyzer(owner), from(direction), lines(*this, owner.oddities_) {}
    void OnLine(std::string_view line, bool ended) override { analyzer.OnLine(from, line, ended); }
    Pop3Analyzer& analyzer;
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

  void OnLine(Direction from, std::string_view line, bool ended) {
    if (done_) return;
    if (from == Direction::kOrig) {
      if (!dialogue_.Request(line)) Violate();
      return;
    }
    switch (dialogue_.Reply(line)) {
      case Meaning::kNothing:
        return;
      case Meaning::kIsPop3:
        return context_.Confirm();
      case Meaning::kStartTls:
        context_.Confirm();
        tls_ = &context_.HandOver("ssl");
        for (Side& side : sides_) side.lines.Stop();
        return;
      case Meaning::kMail:
        if (!mail_) mail_.emplace(context_);
        return mail_->Line(line, ended);
      case Meaning::kMailEnds:
        return EndMail();
      case Meaning::kViolation:
        return Violate();
    }
  }

  void EndMail() {
    if (mail_) mail_->End();
    mail_.reset();
  }
  void Stop() {
    done_ = true;
    EndMail();
    for (Side& side : sides_) side.lines.Stop();
  }
  void Violate() {
    Stop();
    context_.Violate("line without a command or an answer");
  }

  Context& context_;
  LineOddities oddities_{context_};
  Side sides_[2] = {{*this, Direction::kOrig}, {*this, Direction::kResp}};
  Dialogue dialogue_;
  std::optional<Mail> mail_;
  Analyzer* tls_ = nullptr;
  bool done_ = false;
};

// A server that says "+OK" to a client that uses commands of POP3.
ProbeResult Probe(const ProbeInput& input) {
  constexpr std::string_view kOk = "+OK";
  const std::string_view resp = base::AsText(input.resp).substr(0, kOk.size());
  if (resp != kOk.substr(0, resp.size())) return ProbeResult::kNo;
  return resp == kOk && HasCommand(base::AsText(input.orig)) ? ProbeResult::kYes : ProbeResult::kMore;
}

constexpr auto kPorts = std::to_array<uint16_t>({110});

}  // namespace

extern const AnalyzerSpec kSpec;
const AnalyzerSpec kSpec{
    .name = "pop3",
    .help = "POP3, its mails as files and what follows STLS (RFC 1939, 2595)",
    .probe_tcp = Probe,
    .tcp_ports = kPorts,
    .make = [](Context& context) -> std::unique_ptr<Analyzer> { return std::make_unique<Pop3Analyzer>(context); },
};

}  // namespace quaywatch::analyze::pop3
