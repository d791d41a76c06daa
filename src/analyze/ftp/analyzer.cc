// SPDX-License-Identifier: Apache-2.0
// FTP's control connection (RFC 959), what follows AUTH TLS (RFC 4217), and what AUTH GSSAPI wraps (RFC 2228).
#include "analyze/analyzer.h"

#include <array>

#include "analyze/ftp/adat.h"
#include "analyze/ftp/parse.h"
#include "analyze/ftp/record.h"
#include "analyze/ftp/session_log.h"
#include "analyze/lines.h"

namespace quaywatch::analyze::ftp {
namespace {

// Zeek's max_command_length.
constexpr size_t kMaxWord = 100;

class FtpAnalyzer : public Analyzer {
 public:
  explicit FtpAnalyzer(Context& context) : context_(context) {}

  void OnStream(model::Direction from, base::Bytes bytes) override {
    if (tls_ != nullptr) return tls_->OnStream(from, bytes);
    const size_t consumed = From(from).lines.Feed(bytes);
    if (tls_ != nullptr && consumed < bytes.size()) tls_->OnStream(from, bytes.subspan(consumed));
  }

  void OnGap(model::Direction from, uint64_t length) override {
    if (tls_ != nullptr) tls_->OnGap(from, length);
  }

  void OnEndOfStream(model::Direction from) override {
    if (tls_ != nullptr) return tls_->OnEndOfStream(from);
    if (from == model::Direction::kOrig) client_closed_ = true;
  }

  void OnClose() override {
    if (client_closed_ && orig_.lines.has_partial() && !orig_.lines.stopped()) context_.Weird("partial_ftp_request");
    if (log_) log_->Finish();
  }

 private:
  struct Side : LineSink {
    Side(FtpAnalyzer& owner, model::Direction direction)
        : analyzer(owner), from(direction), lines(*this, owner.oddities_) {
      lines.SetEnds(Lines::Ends::kLf);
      lines.SetReport(false);
      lines.WatchNul();
    }
    void OnLine(std::string_view line, bool) override { analyzer.Line(from, line); }

    FtpAnalyzer& analyzer;
    const model::Direction from;
    Lines lines;
  };

  Side& From(model::Direction direction) { return direction == model::Direction::kOrig ? orig_ : resp_; }

  SessionLog& Log() {
    if (!log_) log_.emplace(context_);
    return *log_;
  }

  void Line(model::Direction from, std::string_view line) {
    std::string without_telnet;
    if (line.find('\xff') != std::string_view::npos) {
      without_telnet = WithoutTelnet(line);
      line = without_telnet;
    }
    if (line.empty()) return;
    if (from == model::Direction::kOrig) {
      ClientLine(line);
    } else {
      ServerLine(line);
    }
  }

  void ClientLine(std::string_view line) {
    const auto command = ParseCommand(line);
    if (!command) {
      if (confirmed_) context_.Weird("FTP_invalid_command");
      return;
    }
    if (command->word.size() > kMaxWord) {
      if (!confirmed_) return;
      context_.MarkHistory('X');
      return context_.Weird("FTP_max_command_length_exceeded",
                            std::to_string(command->word.size()) + " > " + std::to_string(kMaxWord));
    }
    std::string word(command->word);
    for (char& c : word) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 0x20) : c;
    confirmed_ = true;
    context_.Confirm();
    if (security_) security_->OnCommand(word, command->argument);
    if (word == "AUTH") {
      tls_requested_ = command->argument == "TLS";
      gssapi_requested_ = command->argument == "GSSAPI";
    }
    Log().OnCommand(std::move(word), command->argument);
  }

  void ServerLine(std::string_view line) {
    const auto reply = replies_.Parse(line);
    if (!reply) {
      orig_.lines.Stop();
      resp_.lines.Stop();
      return context_.Violate("no reply code");
    }
    constexpr uint32_t kGoAhead = 234;
    if (reply->code == kGoAhead && tls_requested_) {
      tls_ = &context_.HandOver("ssl");
      orig_.lines.Stop();
      resp_.lines.Stop();
    }
    constexpr uint32_t kSendToken = 334;
    if (reply->code == kSendToken && gssapi_requested_ && !security_) {
      security_.emplace(context_, context_.HandOver("ssl"));
    }
    if (security_ && !security_->done()) security_->OnReply(*reply);
    Log().OnReply(*reply);
  }

  Context& context_;
  LineOddities oddities_{context_};
  Side orig_{*this, model::Direction::kOrig};
  Side resp_{*this, model::Direction::kResp};
  ReplyParser replies_;
  std::optional<SessionLog> log_;
  Analyzer* tls_ = nullptr;                   // after AUTH TLS
  std::optional<SecurityExchange> security_;  // after AUTH GSSAPI
  bool tls_requested_ = false;
  bool gssapi_requested_ = false;
  bool confirmed_ = false;
  bool client_closed_ = false;
};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Does a line of `text` behind `from` begin with one of the codes, a character that is no digit behind it?
size_t FindCode(std::string_view text, size_t from, std::string_view first, std::string_view second) {
  for (size_t at = from; at < text.size(); ++at) {
    const bool at_line = at == from ? from == 0 : text[at - 1] == '\n' || text[at - 1] == '\r';
    if (!at_line) continue;
    size_t begin = at;
    while (begin < text.size() && (text[begin] == ' ' || text[begin] == '\r' || text[begin] == '\n')) ++begin;
    const std::string_view line = text.substr(begin);
    if ((line.starts_with(first) || line.starts_with(second)) && line.size() > 3 && !IsDigit(line[3])) return begin + 4;
    if (from == 0) break;
  }
  return std::string_view::npos;
}

// A greeting, then an answer to USER; USER at the beginning of a line of the client.
ProbeResult Probe(const ProbeInput& input) {
  const std::string_view server = base::AsText(input.resp);
  const size_t greeting = FindCode(server, 0, "120", "220");
  constexpr size_t kEnough = 32;  // more than a code behind empty lines
  if (greeting == std::string_view::npos) return server.size() > kEnough ? ProbeResult::kNo : ProbeResult::kMore;
  if (FindCode(server, greeting, "230", "331") == std::string_view::npos) return ProbeResult::kMore;
  const std::string_view client = base::AsText(input.orig);
  for (size_t at = 0; at < client.size(); ++at) {
    if (at > 0 && client[at - 1] != '\n' && client[at - 1] != '\r') continue;
    const size_t word = client.find_first_not_of(' ', at);
    if (word == std::string_view::npos) break;
    const std::string_view text = client.substr(word, 5);
    if (text.size() == 5 && text[4] == ' ' && (text[0] | 0x20) == 'u' && (text[1] | 0x20) == 's' &&
        (text[2] | 0x20) == 'e' && (text[3] | 0x20) == 'r') {
      return ProbeResult::kYes;
    }
  }
  return ProbeResult::kMore;
}

constexpr auto kPorts = std::to_array<uint16_t>({21, 2811});
constexpr auto kSchemas = std::to_array<const model::Schema& (*)()>({&FtpRecord::Schema});

}  // namespace

extern const AnalyzerSpec kSpec;
const AnalyzerSpec kSpec{
    .name = "ftp",
    .help = "File transfer's control connections (FTP, RFC 959)",
    .probe_tcp = Probe,
    .tcp_ports = kPorts,
    .make = [](Context& context) -> std::unique_ptr<Analyzer> { return std::make_unique<FtpAnalyzer>(context); },
    .schemas = kSchemas,
};

}  // namespace quaywatch::analyze::ftp
