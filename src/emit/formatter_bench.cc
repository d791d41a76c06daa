// SPDX-License-Identifier: Apache-2.0
//
// What a line costs: a record like conn.log's (22 columns) and one like http.log's (30, long texts).
#include <benchmark/benchmark.h>

#include "emit/log_writer.h"

namespace quaywatch::emit {
namespace {

struct ConnLike {
  base::Timestamp ts = base::FromUnixNanos(1'700'000'000'123'456'000);
  model::Uid uid = model::Uid::Make('C', {1, 2});
  model::FlowId id{*model::IpAddress::Parse("10.244.1.17"), *model::IpAddress::Parse("10.96.0.10"), {41234}, {53}};
  model::Enum proto{"udp"};
  std::optional<std::string> service = "dns";
  std::optional<base::Duration> duration = base::Duration(1'234'000);
  std::optional<uint64_t> orig_bytes = 60;
  std::optional<uint64_t> resp_bytes = 1234567;
  std::string conn_state = "SF";
  bool local_orig = true;
  bool local_resp = true;
  uint64_t missed_bytes = 0;
  std::string history = "ShADadFf";
  uint64_t orig_pkts = 12;
  uint64_t orig_ip_bytes = 1234;
  uint64_t resp_pkts = 101;
  uint64_t resp_ip_bytes = 1240000;
  std::optional<model::Set<std::string>> tunnel_parents;
  uint64_t ip_proto = 17;

  static const model::Schema& Schema() {
    using R = ConnLike;
    using model::Col;
    static const model::Schema schema(
        "conn", "",
        model::Columns(model::ConnColumns<R>(), Col<&R::proto>("proto", ""), Col<&R::service>("service", ""),
                       Col<&R::duration>("duration", ""), Col<&R::orig_bytes>("orig_bytes", ""),
                       Col<&R::resp_bytes>("resp_bytes", ""), Col<&R::conn_state>("conn_state", ""),
                       Col<&R::local_orig>("local_orig", ""), Col<&R::local_resp>("local_resp", ""),
                       Col<&R::missed_bytes>("missed_bytes", ""), Col<&R::history>("history", ""),
                       Col<&R::orig_pkts>("orig_pkts", ""), Col<&R::orig_ip_bytes>("orig_ip_bytes", ""),
                       Col<&R::resp_pkts>("resp_pkts", ""), Col<&R::resp_ip_bytes>("resp_ip_bytes", ""),
                       Col<&R::tunnel_parents>("tunnel_parents", ""), Col<&R::ip_proto>("ip_proto", "")));
    return schema;
  }
};

struct HttpLike {
  base::Timestamp ts = base::FromUnixNanos(1'700'000'000'123'456'000);
  model::Uid uid = model::Uid::Make('C', {1, 2});
  model::FlowId id{*model::IpAddress::Parse("10.244.1.17"), *model::IpAddress::Parse("10.96.14.10"), {41234}, {80}};
  uint64_t trans_depth = 1;
  std::optional<std::string> method = "GET";
  std::optional<std::string> host = "catalogue.shop.svc.cluster.local";
  std::optional<std::string> uri = "/catalogue/size?tags=blue,geek&page=4";
  std::optional<std::string> referrer;
  std::optional<std::string> version = "1.1";
  std::optional<std::string> user_agent =
      "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/119.0.0.0 Safari/537.36";
  std::optional<uint64_t> status = 200;
  std::optional<std::string> status_text = "OK";
  model::Set<model::Enum> tags;
  std::optional<std::vector<std::string>> orig_fuids;
  std::optional<std::vector<std::string>> resp_fuids = std::vector<std::string>{"FmF3Ae1mKLwlJ2Yzw2"};
  std::optional<std::vector<std::string>> resp_types = std::vector<std::string>{"application/json"};

  static const model::Schema& Schema() {
    using R = HttpLike;
    using model::Col;
    static const model::Schema schema(
        "http", "",
        model::Columns(model::ConnColumns<R>(), Col<&R::trans_depth>("trans_depth", ""), Col<&R::method>("method", ""),
                       Col<&R::host>("host", ""), Col<&R::uri>("uri", ""), Col<&R::referrer>("referrer", ""),
                       Col<&R::version>("version", ""), Col<&R::user_agent>("user_agent", ""),
                       Col<&R::status>("status_code", ""), Col<&R::status_text>("status_msg", ""),
                       Col<&R::tags>("tags", ""), Col<&R::orig_fuids>("orig_fuids", ""),
                       Col<&R::resp_fuids>("resp_fuids", ""), Col<&R::resp_types>("resp_mime_types", "")));
    return schema;
  }
};

// Taken as often as a worker would.
constexpr size_t kTakeAt = 64 * 1024;

template <typename Record, Format kFormat>
void BM_Write(benchmark::State& state) {
  const Record record;
  Formatter formatter({.format = kFormat, .log_dir = {}, .logs = {}});
  int64_t bytes = 0;
  for (auto _ : state) {
    formatter.Write(Record::Schema(), &record);
    if (formatter.size() < kTakeAt) continue;
    bytes += static_cast<int64_t>(formatter.size());
    benchmark::DoNotOptimize(formatter.Take());
  }
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(bytes);
}

BENCHMARK(BM_Write<ConnLike, Format::kZeekTsv>);
BENCHMARK(BM_Write<ConnLike, Format::kZeekJson>);
BENCHMARK(BM_Write<ConnLike, Format::kJson>);
BENCHMARK(BM_Write<ConnLike, Format::kTable>);
BENCHMARK(BM_Write<HttpLike, Format::kZeekTsv>);
BENCHMARK(BM_Write<HttpLike, Format::kJson>);

}  // namespace
}  // namespace quaywatch::emit
