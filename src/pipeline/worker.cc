// SPDX-License-Identifier: Apache-2.0
#include "pipeline/worker.h"

#include <algorithm>

#include "base/memory.h"
#include "flow/conn_record.h"
#include "flow/likely_server.h"
#include "pipeline/conversation.h"

namespace quaywatch::pipeline {

Worker::Worker(const Options& options)
    : options_(options),
      sink_(options.emit),
      namer_(sink_, options.host.names),
      decoder_(options.decode, *this),
      table_(options.flow, [this](flow::Flow& flow, base::Timestamp now) { EndFlow(flow, now); }),
      host_view_(options.host, [this](const model::FlowId& id, const flow::Flow& like) { return FindLike(id, like); }),
      engine_(options.analyze, namer_, options.host.names),
      tunnels_(namer_, options.uid_seed) {
  budget_.limit = options.max_stream_bytes / std::max(1u, options.workers);
}

Worker::~Worker() = default;

void Worker::Advance(base::Timestamp clock) {
  clock_ = clock;
  sink_.set_position(packet_number_, clock);
  namer_.Advance(clock);
  engine_.Advance(clock);
  tunnels_.Advance(clock);
  table_.Expire(clock);
}

void Worker::KeepWithinMemory() {
  if (base::ResidentBytes() <= options_.max_memory) return;
  table_.Evict(table_.counters().live / 8 + 1);
  base::ReturnFreedMemory();
}

void Worker::Finish() {
  table_.Clear(clock_);
  engine_.Finish();
  if (options_.host.names == nullptr) return;
  namer_.Advance(clock_);
}

flow::Flow& Worker::NewFlow(const model::Datagram& datagram, const flow::Conversation& ends, uint64_t hash) {
  flow::Flow& flow = table_.Insert(ends.key, hash);
  flow.id = {datagram.src, datagram.dst, {ends.src_port}, {ends.dst_port}};
  flow.transport = datagram.transport;
  flow.ip_proto = datagram.ip_proto;
  flow.start = datagram.ts;
  flow.last_time = datagram.ts;
  flow.local_orig = IsLocal(datagram.src);
  flow.local_resp = IsLocal(datagram.dst);
  struct Origin {
    flow::FlowKey key;
    uint32_t depth;
    int64_t start;
    uint64_t packet;
  } const origin{ends.key, datagram.depth, base::ToUnixNanos(datagram.ts), packet_number_};
  static_assert(std::has_unique_object_representations_v<Origin>, "its bytes are hashed");
  flow.uid = model::Uid::Make(
      'C', base::Hash128Of({reinterpret_cast<const char*>(&origin), sizeof origin}, options_.uid_seed));
  const bool broadcast = datagram.dst.is_v4() &&
                         datagram.dst == model::IpAddress::V4(reinterpret_cast<const uint8_t*>("\xff\xff\xff\xff"));
  if (!broadcast && flow::BeganWithAnswer(datagram)) flow.FlipRoles();
  if (datagram.transport == model::Transport::kTcp) flow.tcp = std::make_unique<flow::TcpState>();
  if (options_.interim.count() > 0) flow.next_interim = clock_ + options_.interim;
  if (host_view_.enabled()) host_view_.Begin(flow, datagram);
  return flow;
}

flow::Flow* Worker::FindLike(const model::FlowId& id, const flow::Flow& like) {
  flow::FlowKey key = like.key;
  const bool swapped = id.resp_h < id.orig_h || (id.resp_h == id.orig_h && id.resp_p < id.orig_p);
  key.address_a = (swapped ? id.resp_h : id.orig_h).mapped();
  key.address_b = (swapped ? id.orig_h : id.resp_h).mapped();
  key.port_a = (swapped ? id.resp_p : id.orig_p).number;
  key.port_b = (swapped ? id.orig_p : id.resp_p).number;
  return table_.Find(key, table_.Hash(key), clock_);
}

flow::ConnRecord Worker::RecordOf(flow::Flow& flow) {
  flow::ConnRecord record = flow::ConnRecord::Of(flow);
  if (flow.host != nullptr) {
    host_view_.Describe(flow, clock_, record);
    const model::IdentityRef& orig = namer_.PartiesOf(flow).orig;
    record.reporter = orig == nullptr || !options_.host.names->IsElsewhere(*orig);
  }
  return record;
}

Conversation& Worker::ConversationOf(flow::Flow& flow) {
  if (flow.attachment == nullptr) flow.attachment = std::make_unique<Conversation>(*this, flow);
  return static_cast<Conversation&>(*flow.attachment);
}

bool Worker::IsLocal(const model::IpAddress& address) const {
  if (options_.local_nets.empty()) return address.is_private();
  return std::ranges::any_of(options_.local_nets, [&](const model::Prefix& net) { return net.Contains(address); });
}

void Worker::Weird(WeirdRecord record) {
  ++counters_.weirds;
  const WeirdRule rule = RuleOf(record.name);
  if (rule.ignore) return;
  record.ts = clock_;
  record.notice = rule.notice;
  std::string key = KeyOf(record, rule);
  namer_.WriteOnce(WeirdRecord::Schema(), std::make_shared<const WeirdRecord>(std::move(record)), std::move(key),
                   WindowOf(rule));
}

namespace {

WeirdRecord Make(std::string_view name, std::string_view addl, std::string_view source) {
  WeirdRecord record;
  record.name = name;
  if (!addl.empty()) record.addl = std::string(addl);
  if (!source.empty()) record.source = std::string(source);
  return record;
}

}  // namespace

void Worker::PacketWeird(std::string_view name, std::string_view addl, std::string_view source) {
  Weird(Make(name, addl, source));
}

void Worker::HostPairWeird(const model::IpAddress& from, const model::IpAddress& to, std::string_view name,
                           std::string_view addl, std::string_view source) {
  WeirdRecord record = Make(name, addl, source);
  record.id = model::FlowId{from, to, {}, {}};
  Weird(std::move(record));
}

void Worker::FlowWeird(const model::FlowInfo& flow, std::string_view name, std::string_view addl,
                       std::string_view source) {
  WeirdRecord record = Make(name, addl, source);
  record.uid = flow.uid;
  record.id = flow.id;
  Weird(std::move(record));
}

}  // namespace quaywatch::pipeline
