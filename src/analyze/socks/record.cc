// SPDX-License-Identifier: Apache-2.0
#include "analyze/socks/record.h"

namespace quaywatch::analyze::socks {

const model::Schema& SocksRecord::Schema() {
  using R = SocksRecord;
  using model::Col;
  static const model::Schema schema(
      "socks", "Connections through SOCKS proxies",
      model::Columns(model::ConnColumns<R>(), Col<&R::version>("version", "Version of SOCKS"),
                     Col<&R::user>("user", "User who logged in"),
                     Col<&R::password>("password", "Always unset: passwords are not kept"),
                     Col<&R::status>("status", "The proxy's answer in words"),
                     Col<&R::request, &Address::host>("request.host", "Address the client asked for"),
                     model::Asks(Col<&R::request, &Address::name>("request.name", "Name the client asked for")),
                     Col<&R::request_p>("request_p", "Port the client asked for"),
                     Col<&R::bound, &Address::host>("bound.host", "Address the proxy uses"),
                     Col<&R::bound, &Address::name>("bound.name", "Name of the host the proxy uses"),
                     Col<&R::bound_p>("bound_p", "Port the proxy uses")));
  return schema;
}

}  // namespace quaywatch::analyze::socks
