// SPDX-License-Identifier: Apache-2.0
//
// The pipeline cut off after a stage: what pipeline::Worker does with a packet as far as decode, flow or
// stream, by the same classes, and nothing after it. No records come out, weirds are passed over.
#pragma once

#include "decode/decoder.h"
#include "flow/table.h"
#include "pipeline/worker.h"
#include "stream/reassembler.h"

namespace quaywatch::bench {

enum class LastStage : uint8_t { kDecode, kFlow, kStream };

class FirstStages : public model::WeirdSink {
 public:
  FirstStages(const pipeline::Options& options, LastStage last);

  void Packet(const model::RawPacket& packet, const pipeline::Clock& clock);
  void Finish() { table_.Clear(now_); }

  void PacketWeird(std::string_view, std::string_view, std::string_view) override {}
  void HostPairWeird(const model::IpAddress&, const model::IpAddress&, std::string_view, std::string_view,
                     std::string_view) override {}
  void FlowWeird(const model::FlowInfo&, std::string_view, std::string_view, std::string_view) override {}

 private:
  flow::Flow& FlowOf(const model::Datagram& datagram, const flow::Conversation& ends);
  void Tcp(flow::Flow& flow, model::Direction from, const model::Datagram& datagram);

  LastStage last_;
  decode::Decoder decoder_;
  flow::Table table_;
  stream::Budget budget_;
  base::Timestamp now_{};
};

}  // namespace quaywatch::bench
