// SPDX-License-Identifier: Apache-2.0
// SMTP (RFC 5321): commands and replies, mails, and what follows STARTTLS.
#include "analyze/analyzer.h"

#include <array>
#include <optional>

#include "analyze/lines.h"
#include "analyze/mime/text.h"
#include "analyze/smtp/mail.h"
#include "analyze/smtp/match.h"
#include "analyze/smtp/parse.h"
#include "analyze/smtp/record.h"

namespace quaywatch::analyze::smtp {
namespace {

// Zeek's max_invalid_mail_transactions: with more of them it is no SMTP worth following.
constexpr uint32_t kMaxInvalidTransactions = 25;

class SmtpAnalyzer : public Analyzer, private Dialogue::Listener {
 public:
  explicit SmtpAnalyzer(Context& context) : context_(context) {}

  void OnStream(model::Direction from, base::Bytes bytes) override {
    if (tls_ != nullptr) return tls_->OnStream(from, bytes);
    if (done_ || context_.flow().partial) return;
    Side& side = From(from);
    const size_t consumed = side.lines.Feed(bytes);
    if (tls_ != nullptr && consumed < bytes.size()) tls_->OnStream(from, bytes.subspan(consumed));
  }

  void OnGap(model::Direction from, uint64_t length) override {
    if (tls_ != nullptr) return tls_->OnGap(from, length);
    if (done_) return;
    if (mail_ && dialogue_.in_mail()) mail_->Gap(length);
    dialogue_.Lose();
  }

  void OnEndOfStream(model::Direction from) override {
    if (tls_ != nullptr) return tls_->OnEndOfStream(from);
    if (!done_) From(from).lines.Finish();
  }

  void OnClose() override {
    if (mail_) OnEndData();
    WriteTransaction();
  }

 private:
  // One side's lines.
  struct Side : LineSink {
    Side(SmtpAnalyzer& owner, model::Direction direction)
        : analyzer(owner), from(direction), lines(*this, owner.oddities_) {
      lines.WatchNul();
    }
    void OnLine(std::string_view line, bool ended) override { analyzer.Line(from, line, ended); }
    void OnPlain(base::Bytes bytes) override { analyzer.Chunk(bytes); }

    SmtpAnalyzer& analyzer;
    const model::Direction from;
    Lines lines;
  };

  Side& From(model::Direction direction) { return direction == model::Direction::kOrig ? orig_ : resp_; }

  void Line(model::Direction from, std::string_view line, bool ended) {
    while (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (from == client_) {
      dialogue_.ClientLine(line, ended);
    } else if (!dialogue_.ServerLine(line)) {
      Stop();
      context_.Violate("reply code out of range");
    }
  }

  void Chunk(base::Bytes bytes) {
    chunk_left_ -= std::min<uint64_t>(chunk_left_, bytes.size());
    if (mail_) mail_->Chunk(bytes);
    if (chunk_left_ == 0) dialogue_.EndChunk();
  }

  void Stop() {
    done_ = true;
    orig_.lines.Stop();
    resp_.lines.Stop();
  }

  // The record for what comes next.
  Transaction& Current() {
    if (!transaction_) {
      transaction_.emplace();
      RestartTransaction();
    }
    return *transaction_;
  }

  void RestartTransaction() {
    const model::FlowInfo& flow = context_.flow();
    *transaction_ = {};
    SmtpRecord& record = transaction_->record;
    record.ts = context_.now();
    record.uid = flow.uid;
    record.id = flow.id;
    record.trans_depth = mails_ + 1;
    record.helo = helo_;
    record.path = {flow.id.resp_h, flow.id.orig_h};
  }

  void WriteTransaction() {
    if (!transaction_ || !transaction_->active) return;
    SmtpRecord& record = transaction_->record;
    const auto to_column = [](const std::optional<std::set<std::string>>& from,
                              std::optional<model::Set<std::string>>& column) {
      if (from) column = model::Set<std::string>{{from->begin(), from->end()}};
    };
    to_column(transaction_->rcptto, record.rcptto);
    to_column(transaction_->to, record.to);
    to_column(transaction_->cc, record.cc);
    model::Write(context_.records(), record);
    RestartTransaction();
  }

  void OnRequest(std::string_view command, std::string_view argument) override {
    context_.Confirm();
    Transaction& transaction = Current();
    if (command == "HELO" || command == "EHLO") {
      helo_.emplace(argument);
      transaction.record.helo = helo_;
    } else if (command == "RCPT" && HasPrefix(argument, "to:")) {
      OnRecipient(argument);
    } else if (command == "MAIL" && HasPrefix(argument, "from:")) {
      OnSender(argument);
    } else if (command == "DATA" || command == "BDAT") {
      if (!recipient_seen_) OnInvalidTransaction("data missing rcpt to");
      if (command == "BDAT" && argument.ends_with(" LAST")) {
        sender_seen_ = recipient_seen_ = false;
        last_chunk_seen_ = true;
      }
    } else if (command == ".") {
      sender_seen_ = recipient_seen_ = false;
    }
  }

  static bool HasPrefix(std::string_view argument, std::string_view lower) {
    return mime::EqualsIgnoringCase(argument.substr(0, lower.size()), lower);
  }

  void OnSender(std::string_view argument) {
    // Not acknowledged, as far as was seen.
    WriteTransaction();
    auto addresses = MailAddresses(argument);
    if (!addresses.empty()) transaction_->record.mailfrom = std::move(addresses[0]);
    transaction_->active = true;
    sender_seen_ = true;
    recipient_seen_ = false;
  }

  void OnRecipient(std::string_view argument) {
    auto& recipients = transaction_->rcptto;
    if (!recipients) recipients.emplace();
    for (std::string& address : MailAddresses(argument)) {
      if (recipients->size() >= kMaxAddresses) {
        context_.Weird("smtp_too_many_rcptto_addresses", {}, "");
        break;
      }
      constexpr std::string_view kOriginal = "ORCPT=rfc822";
      for (size_t at; (at = address.find(kOriginal)) != std::string::npos;) {
        const bool semicolon = at + kOriginal.size() < address.size() && address[at + kOriginal.size()] == ';';
        address.erase(at, kOriginal.size() + (semicolon ? 1 : 0));
      }
      recipients->insert(std::move(address));
    }
    transaction_->active = true;
    recipient_seen_ = true;
    if (!sender_seen_) OnInvalidTransaction("rcpt to missing mail from");
  }

  void OnInvalidTransaction(std::string_view what) {
    context_.Weird("smtp_mail_transaction_invalid", what);
    if (++invalid_transactions_ <= kMaxInvalidTransactions) return;
    context_.Weird("smtp_excessive_invalid_mail_transactions");
    Stop();
    context_.Finish();
  }

  void OnReply(Command command, const Reply& reply) override {
    SmtpRecord& record = Current().record;
    record.last_reply = std::to_string(reply.code) + ' ';
    record.last_reply->append(reply.text);
    const bool last_chunk = command == Command::kBdat && last_chunk_seen_ && !reply.continues;
    if (command != Command::kEndOfData && !last_chunk) return;
    ++mails_;
    last_chunk_seen_ = false;
    WriteTransaction();
    RestartTransaction();
  }

  void OnBeginData() override {
    if (mail_) {
      context_.Weird("smtp_nested_mail_transaction");
      mail_->End();
    }
    mail_.emplace(context_, Current(), entities_, client_);
    mail_->Begin();
  }

  void OnDataLine(std::string_view line, bool ended) override {
    if (!mail_) OnBeginData();
    mail_->Line(line, ended);
  }

  void OnEndData() override {
    if (!mail_) return context_.Weird("smtp_unmatched_end_of_data");
    mail_->End();
    mail_.reset();
  }

  void OnBdat(const BdatArgument& chunk) override {
    chunk_left_ = chunk.size;
    From(client_).lines.SetPlain(chunk.size);
  }

  void OnBdatRefused(std::string_view weird, std::string_view detail) override { context_.Weird(weird, detail); }

  void OnStartTls() override {
    Transaction& transaction = Current();
    transaction.record.tls = true;
    transaction.active = true;
    tls_ = &context_.HandOver("ssl");
    orig_.lines.Stop();
    resp_.lines.Stop();
  }

  void OnTurn() override { client_ = model::Reverse(client_); }

  Context& context_;
  LineOddities oddities_{context_};
  Side orig_{*this, model::Direction::kOrig};
  Side resp_{*this, model::Direction::kResp};
  Dialogue dialogue_{*this};
  model::Direction client_ = model::Direction::kOrig;
  Analyzer* tls_ = nullptr;  // after STARTTLS
  bool done_ = false;
  std::optional<std::string> helo_;
  std::optional<Transaction> transaction_;
  std::optional<Mail> mail_;
  uint64_t mails_ = 0;  // taken by the server
  uint32_t entities_ = 0;
  uint64_t chunk_left_ = 0;
  bool sender_seen_ = false;
  bool recipient_seen_ = false;
  bool last_chunk_seen_ = false;
  uint32_t invalid_transactions_ = 0;
};

bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// HELO or EHLO at the beginning of a line, and a greeting with code 220.
ProbeResult Probe(const ProbeInput& input) {
  std::string_view server = base::AsText(input.resp);
  while (!server.empty() && IsSpace(server[0])) server.remove_prefix(1);
  constexpr std::string_view kGreeting = "220";
  if (!server.empty() && !server.starts_with(kGreeting.substr(0, server.size()))) return ProbeResult::kNo;
  if (server.size() > 3 && !IsSpace(server[3]) && server[3] != '-') return ProbeResult::kNo;
  if (server.size() <= 3) return ProbeResult::kMore;
  const std::string_view client = base::AsText(input.orig);
  for (size_t at = 0; at < client.size(); ++at) {
    if (at > 0 && client[at - 1] != '\n' && client[at - 1] != '\r') continue;
    const std::string_view word = client.substr(at, 4);
    if (mime::EqualsIgnoringCase(word, "helo") || mime::EqualsIgnoringCase(word, "ehlo")) return ProbeResult::kYes;
  }
  return ProbeResult::kMore;
}

constexpr auto kPorts = std::to_array<uint16_t>({25, 587});
constexpr auto kSchemas = std::to_array<const model::Schema& (*)()>({&SmtpRecord::Schema});

}  // namespace

extern const AnalyzerSpec kSpec;
const AnalyzerSpec kSpec{
    .name = "smtp",
    .help = "Mail transfer (SMTP, RFC 5321) with the mails' headers and attachments",
    .probe_tcp = Probe,
    .tcp_ports = kPorts,
    .make = [](Context& context) -> std::unique_ptr<Analyzer> { return std::make_unique<SmtpAnalyzer>(context); },
    .schemas = kSchemas,
};

}  // namespace quaywatch::analyze::smtp
