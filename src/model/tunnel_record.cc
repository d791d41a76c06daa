// SPDX-License-Identifier: Apache-2.0
#include "model/tunnel_record.h"

namespace quaywatch::model {

const model::Schema& TunnelRecord::Schema() {
  using R = TunnelRecord;
  static const model::Schema schema(
      "tunnel", "Tunnels found and gone",
      Columns(ConnColumns<R>(), Col<&R::tunnel_type>("tunnel_type", "Kind of tunnel"),
              Col<&R::action>("action", "Found, closed with its connection, or unused for an hour")));
  return schema;
}

}  // namespace quaywatch::model
