// SPDX-License-Identifier: Apache-2.0
#include "analyze/ssh/record.h"

#include "analyze/ssh/match.h"

namespace quaywatch::analyze::ssh {
namespace {

std::string ClientHassh(const SshRecord& record) { return Hassh(record.client_lists); }
std::string ServerHassh(const SshRecord& record) { return Hassh(record.server_lists); }

}  // namespace

const model::Schema& SshRecord::Schema() {
  using R = SshRecord;
  using model::Col;
  static const model::Schema schema(
      "ssh", "SSH sessions: software, algorithms, and whether the login worked",
      model::Columns(
          model::ConnColumns<R>(), Col<&R::version>("version", "Major version spoken; 0 if the sides can't agree"),
          Col<&R::auth_success>("auth_success", "Did the login work, judged by the sizes of encrypted packets"),
          Col<&R::auth_attempts>("auth_attempts", "Attempts to log in that were seen"),
          Col<&R::direction>("direction", "INBOUND or OUTBOUND where just one side is local"),
          model::Asks(Col<&R::client>("client", "Banner of the client")),
          Col<&R::server>("server", "Banner of the server"), Col<&R::cipher_alg>("cipher_alg", "Cipher agreed on"),
          Col<&R::mac_alg>("mac_alg", "MAC agreed on"),
          Col<&R::compression_alg>("compression_alg", "Compression agreed on"),
          Col<&R::kex_alg>("kex_alg", "Key exchange agreed on"),
          Col<&R::host_key_alg>("host_key_alg", "Algorithm of the server's host key"),
          Col<&R::host_key_fingerprint>("host_key_fingerprint",
                                        "First 24 bytes of the SHA-256 of the server's host key, base 64"),
          model::DerivedCol<R, ClientHassh>("hassh", "HASSH of the client's algorithms"),
          model::DerivedCol<R, ServerHassh>("hasshServer", "HASSH of the server's algorithms")));
  return schema;
}

}  // namespace quaywatch::analyze::ssh
