// SPDX-License-Identifier: Apache-2.0
//
// One worker: all stages from decode to analyze for its share of the traffic. A flow belongs to one worker
// for life; nothing here is shared or locked.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "analyze/session.h"
#include "decode/decoder.h"
#include "emit/log_writer.h"
#include "flow/table.h"
#include "model/prefix.h"
#include "pipeline/host_view.h"
#include "pipeline/namer.h"
#include "pipeline/output.h"
#include "pipeline/tunnels.h"
#include "pipeline/weird_record.h"
#include "stream/reassembler.h"

namespace quaywatch::pipeline {

struct Options {
  decode::Options decode;
  flow::TableOptions flow;
  analyze::Options analyze;
  std::vector<emit::Options> emit;  // the ways out: files, the screen
  // Of the whole process. Over it an eighth of the flows ends early, whatever it is that they hold.
  uint64_t max_memory = 900u << 20;
  uint64_t max_stream_bytes = 256u << 20;  // held by reassembly over all workers
  unsigned workers = 1;
  base::Duration interim{};               // between interim records of one connection; zero: none
  std::vector<model::Prefix> local_nets;  // empty: the private ranges
  HostOptions host;                       // counting each connection once, and names
  uint64_t uid_seed = 0;                  // the same capture and seed give the same uids
};

struct WorkerCounters {
  uint64_t packets = 0;
  uint64_t bytes = 0;    // as captured
  uint64_t weirds = 0;   // before any were left out
  uint64_t records = 0;  // connections
};

// The latest packet time of the whole capture, this packet counted, and not. A packet without a time was
// sent at second 1, as in Zeek.
struct Clock {
  base::Timestamp now{};  // never before 1970
  base::Timestamp before{};
  void Advance(base::Timestamp packet) {
    before = now;
    now = std::max(now, packet == base::Timestamp{} ? base::Timestamp(std::chrono::seconds(1)) : packet);
  }
};

class Conversation;

class Worker : public model::WeirdSink {
 public:
  explicit Worker(const Options& options);
  ~Worker() override;

  // Takes one packet through all stages (stages.cc).
  void Packet(const model::RawPacket& packet, const Clock& clock);
  // Another worker's packet.
  void Pass(uint64_t number, base::Timestamp clock) {
    packet_number_ = number;
    if (clock != clock_) Advance(clock);
  }
  // Packet time has reached `clock` without a packet for this worker.
  void Advance(base::Timestamp clock);
  // The capture has ended: ends all flows.
  void Finish();
  // After Finish, live: some records still wait for names.
  bool waits_for_names() const { return namer_.waiting() > 0; }
  // Writes them as they are.
  void WaitNoLonger() { namer_.Finish(); }

  // Bytes of output waiting, and that output.
  size_t output_size() const { return sink_.size(); }
  Output TakeOutput() { return sink_.Take(); }

  const WorkerCounters& counters() const { return counters_; }
  const HostCounters& host_counters() const { return host_view_.counters(); }
  const NamerCounters& namer_counters() const { return namer_.counters(); }
  const decode::Counters& decode_counters() const { return decoder_.counters(); }
  const flow::TableCounters& flow_counters() const { return table_.counters(); }
  const stream::Budget& stream_budget() const { return budget_; }

  void PacketWeird(std::string_view name, std::string_view addl, std::string_view source) override;
  void HostPairWeird(const model::IpAddress& from, const model::IpAddress& to, std::string_view name,
                     std::string_view addl, std::string_view source) override;
  void FlowWeird(const model::FlowInfo& flow, std::string_view name, std::string_view addl,
                 std::string_view source) override;

 private:
  friend class Conversation;

  flow::Flow* FlowOf(const model::Datagram& datagram, const flow::Conversation& ends);
  flow::Flow& NewFlow(const model::Datagram& datagram, const flow::Conversation& ends, uint64_t hash);
  void Tcp(flow::Flow& flow, model::Direction from, const model::Datagram& datagram);
  void Udp(flow::Flow& flow, model::Direction from, const model::Datagram& datagram);
  void Icmp(flow::Flow& flow, model::Direction from, const model::Datagram& datagram);
  void Other(flow::Flow& flow, model::Direction from, const model::Datagram& datagram);
  void Count(flow::Flow& flow, model::Direction from, const model::Datagram& datagram);
  void EndFlow(flow::Flow& flow, base::Timestamp now);
  flow::ConnRecord RecordOf(flow::Flow& flow);
  flow::Flow* FindLike(const model::FlowId& id, const flow::Flow& like);
  void KeepWithinMemory();
  void Weird(WeirdRecord record);
  Conversation& ConversationOf(flow::Flow& flow);
  bool IsLocal(const model::IpAddress& address) const;

  const Options& options_;
  WorkerSink sink_;
  Namer namer_;
  decode::Decoder decoder_;
  flow::Table table_;
  HostView host_view_;
  analyze::Engine engine_;
  Tunnels tunnels_;
  stream::Budget budget_;
  base::Timestamp clock_{};
  base::Timestamp before_{};  // the capture's clock before the packet at hand
  uint64_t packet_number_ = 0;
  WorkerCounters counters_;
};

}  // namespace quaywatch::pipeline
