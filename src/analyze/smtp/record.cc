// SPDX-License-Identifier: Apache-2.0
#include "analyze/smtp/record.h"

namespace quaywatch::analyze::smtp {

const model::Schema& SmtpRecord::Schema() {
  using R = SmtpRecord;
  using model::Col;
  static const model::Schema schema(
      "smtp", "Mails handed from server to server or from client to server",
      model::Columns(
          model::ConnColumns<R>(), Col<&R::trans_depth>("trans_depth", "Number of the mail in its connection, from 1"),
          Col<&R::helo>("helo", "Name the client gave itself in HELO or EHLO"),
          model::Asks(Col<&R::mailfrom>("mailfrom", "Sender's address in MAIL FROM")),
          Col<&R::rcptto>("rcptto", "Recipients' addresses in RCPT TO"), Col<&R::date>("date", "Header Date"),
          Col<&R::from>("from", "Header From"), Col<&R::to>("to", "Header To, one element for each recipient"),
          Col<&R::cc>("cc", "Header Cc, one element for each recipient"),
          Col<&R::reply_to>("reply_to", "Header Reply-To"), Col<&R::msg_id>("msg_id", "Header Message-ID"),
          Col<&R::in_reply_to>("in_reply_to", "Header In-Reply-To"),
          Col<&R::subject>("subject", "Header Subject, as encoded"),
          Col<&R::x_originating_ip>("x_originating_ip", "Header X-Originating-IP"),
          Col<&R::first_received>("first_received", "Header Received of the first server the mail passed"),
          Col<&R::second_received>("second_received", "Header Received of the second server"),
          Col<&R::last_reply>("last_reply", "What the server said last"),
          Col<&R::path>("path", "Hosts the mail passed, the latest first"),
          Col<&R::user_agent>("user_agent", "Header User-Agent or X-Mailer"),
          Col<&R::tls>("tls", "The connection went on encrypted"),
          Col<&R::fuids>("fuids", "Identifiers of the files in the mail")));
  return schema;
}

}  // namespace quaywatch::analyze::smtp
