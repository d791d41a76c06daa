// SPDX-License-Identifier: Apache-2.0
#include "analyze/dhcp/record.h"

namespace quaywatch::analyze::dhcp {

const model::Schema& DhcpRecord::Schema() {
  using R = DhcpRecord;
  using model::Col;
  static const model::Schema schema(
      "dhcp", "Addresses that hosts asked for and got",
      model::Columns(
          Col<&R::ts>("ts", "When the conversation's first message was sent, packet time"),
          Col<&R::uids>("uids", "Identifiers of the connections it went over"),
          Col<&R::client_addr>("client_addr", "The client's address: the one it sent from, else the one it was given"),
          Col<&R::server_addr>("server_addr", "Address of the server that gave one"),
          Col<&R::mac>("mac", "The client's hardware address"),
          Col<&R::host_name>("host_name", "Name the client gives itself"),
          Col<&R::client_fqdn>("client_fqdn", "Full name the client gives itself"),
          Col<&R::domain>("domain", "Domain the server puts the client in"),
          Col<&R::requested_addr>("requested_addr", "Address the client asked for"),
          Col<&R::assigned_addr>("assigned_addr", "Address the server gave"),
          Col<&R::lease_time>("lease_time", "For how long", "seconds"),
          Col<&R::client_message>("client_message", "What the client says of its message, mostly why it declines"),
          Col<&R::server_message>("server_message", "What the server says of its message, mostly why it refuses"),
          Col<&R::msg_types>("msg_types", "Kinds of the messages, in their order"),
          Col<&R::duration>("duration", "From the first to the last message", "seconds")));
  return schema;
}

}  // namespace quaywatch::analyze::dhcp
