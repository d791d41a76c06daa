// SPDX-License-Identifier: Apache-2.0
#include "analyze/smtp/mail.h"

#include <algorithm>

#include "analyze/mime/text.h"
#include "analyze/smtp/parse.h"

namespace quaywatch::analyze::smtp {
namespace {

using mime::EqualsIgnoringCase;

void TakeAddresses(Context& context, std::string_view value, std::string_view weird,
                   std::optional<std::set<std::string>>& addresses) {
  if (!addresses) addresses.emplace();
  for (const std::string_view part : SplitAddresses(value)) {
    if (addresses->size() >= kMaxAddresses) return context.Weird(weird, {}, "");
    addresses->emplace(part);
  }
}

// Each server puts its line before the others': the first in the mail is the last one passed.
void TakeReceived(Context& context, std::string_view value, SmtpRecord& record) {
  if (record.first_received) record.second_received = std::move(record.first_received);
  record.first_received.emplace(value);
  const auto addresses = IpAddresses(value, /*wrapped=*/true);
  if (addresses.empty()) return;
  const model::IpAddress& address = addresses[addresses.size() > 1 ? 1 : 0];
  if (record.path.back() == address) return;
  if (record.path.size() >= kMaxPath) return context.Weird("smtp_max_path_length_exceeded", {}, "");
  record.path.push_back(address);
}

}  // namespace

void TakeHeader(Context& context, const mime::Header& header, Transaction& transaction) {
  SmtpRecord& record = transaction.record;
  struct TextColumn {
    std::string_view name;
    std::optional<std::string> SmtpRecord::* column;
  };
  static constexpr TextColumn kColumns[] = {
      {"message-id", &SmtpRecord::msg_id},       {"in-reply-to", &SmtpRecord::in_reply_to},
      {"subject", &SmtpRecord::subject},         {"from", &SmtpRecord::from},
      {"reply-to", &SmtpRecord::reply_to},       {"date", &SmtpRecord::date},
      {"x-mailer", &SmtpRecord::user_agent},     {"user-agent", &SmtpRecord::user_agent},
      {"x-user-agent", &SmtpRecord::user_agent},
  };
  for (const TextColumn& text : kColumns) {
    if (EqualsIgnoringCase(header.name, text.name)) {
      (record.*text.column).emplace(header.value);
      return;
    }
  }
  if (EqualsIgnoringCase(header.name, "received")) {
    TakeReceived(context, header.value, record);
  } else if (EqualsIgnoringCase(header.name, "to")) {
    TakeAddresses(context, header.value, "smtp_too_many_to_addresses", transaction.to);
  } else if (EqualsIgnoringCase(header.name, "cc")) {
    TakeAddresses(context, header.value, "smtp_too_many_cc_addresses", transaction.cc);
  } else if (EqualsIgnoringCase(header.name, "x-originating-ip")) {
    const auto addresses = IpAddresses(header.value, /*wrapped=*/false);
    if (!addresses.empty()) record.x_originating_ip = addresses[0];
  }
}

Mail::Mail(Context& context, Transaction& transaction, uint32_t& depth, model::Direction from)
    : Message(context),
      transaction_(transaction),
      depth_(depth),
      from_(from),
      oddities_(context),
      chunks_(*this, oddities_),
      top_(*this) {
  chunks_.SetEnds(Lines::Ends::kCrlfOnly);
  chunks_.SetReport(false);
}

void Mail::Gap(uint64_t length) {
  if (file_ == nullptr) OpenFile();
  file_->Gap(length);
}

void Mail::End() {
  // A last line without end is one all the same, but no end is made up for it.
  ending_ = true;
  chunks_.SetEnds(Lines::Ends::kLf);
  chunks_.Finish();
  top_.End();
}

void Mail::OnBegin(mime::Entity&) {
  ++depth_;
  ++transaction_.entities;
  filename_.clear();
}

void Mail::OnHeader(mime::Entity&, const mime::Header& header) {
  // Headers of parts say nothing of the mail.
  if (transaction_.entities <= 1) TakeHeader(context(), header, transaction_);
  const bool names_file =
      (EqualsIgnoringCase(header.name, "content-disposition") && mime::HasParameter(header.value, "filename", true)) ||
      (EqualsIgnoringCase(header.name, "content-type") && mime::HasParameter(header.value, "name", false));
  if (names_file) filename_ = mime::Filename(header.value);
}

void Mail::OnData(mime::Entity&, std::string_view data) {
  if (file_ == nullptr) OpenFile();
  file_->Data(base::AsBytes(data));
}

void Mail::OnEnd(mime::Entity&) {
  filename_.clear();
  if (file_ == nullptr) return;
  file_->End();
  file_.reset();
}

void Mail::OnLine(std::string_view line, bool ended) { top_.Deliver(line, ended && !ending_); }

void Mail::OpenFile() {
  FileOrigin origin{.source = "SMTP", .from = from_, .depth = depth_};
  if (!filename_.empty()) origin.filename = filename_;
  file_ = context().OpenFile(origin);
  transaction_.record.fuids.push_back(file_->fuid());
}

}  // namespace quaywatch::analyze::smtp
