// SPDX-License-Identifier: Apache-2.0
#include "model/tunnel_record.h"

#include <chrono>
#include <memory>
#include <string>
#include <utility>

namespace quaywatch::model {

const model::Schema& TunnelRecord::Schema() {
  using R = TunnelRecord;
  static const model::Schema schema(
      "tunnel", "Tunnels found and gone",
      Columns(ConnColumns<R>(), Col<&R::tunnel_type>("tunnel_type", "Kind of tunnel"),
              Col<&R::action>("action", "Found, closed with its connection, or unused for an hour")));
  return schema;
}

void RecordProxyTunnel(RecordSink& records, base::Timestamp now, const FlowId& flow, std::string_view type) {
  constexpr base::Duration kForgotten = std::chrono::hours(1);
  auto tunnel = std::make_shared<TunnelRecord>(
      TunnelRecord{.ts = now, .uid = {}, .id = flow, .tunnel_type = {type}, .action = {"Tunnel::DISCOVER"}});
  tunnel->id.orig_p = {};
  std::string key = flow.orig_h.ToString() + ' ' + flow.resp_h.ToString() + ' ' + std::to_string(flow.resp_p.number) +
                    ' ' + std::string(type);
  records.WriteOnce(TunnelRecord::Schema(), std::move(tunnel), std::move(key), kForgotten);
}

}  // namespace quaywatch::model
