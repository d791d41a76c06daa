// SPDX-License-Identifier: Apache-2.0
#include "flow/conn_record.h"

#include <algorithm>

#include "flow/community_id.h"

namespace quaywatch::flow {
namespace {

using model::Direction;

std::string_view StateOf(const Flow& flow) {
  if (flow.tcp != nullptr) return flow.tcp->ConnState(flow.history);
  if (flow.transport != model::Transport::kUdp) return "OTH";
  const bool orig = flow.side(Direction::kOrig).payload >= 0;
  const bool resp = flow.side(Direction::kResp).payload >= 0;
  return orig ? (resp ? "SF" : "S0") : (resp ? "SHR" : "OTH");
}

uint64_t BytesOf(const Flow& flow, Direction side) {
  if (flow.tcp != nullptr) return flow.tcp->Size(side);
  return static_cast<uint64_t>(std::max<int64_t>(flow.side(side).payload, 0));
}

std::string CommunityIdOf(const ConnRecord& record) { return CommunityId(record.at_responder, record.ip_proto); }

std::vector<model::Column> ConnectionColumns() {
  using R = ConnRecord;
  using model::Col;
  using model::Own;
  return model::Columns(
      model::ConnColumns<R>(), Col<&R::proto>("proto", "Transport protocol: tcp, udp, icmp, unknown_transport"),
      Col<&R::service>("service", "Application protocols that were recognised, separated by commas"),
      Col<&R::duration>("duration", "From the first packet to the last; absent if there was only one", "seconds"),
      Col<&R::orig_bytes>("orig_bytes", "Payload the originator sent, for TCP by sequence numbers", "bytes"),
      Col<&R::resp_bytes>("resp_bytes", "Payload the responder sent, for TCP by sequence numbers", "bytes"),
      Col<&R::conn_state>("conn_state",
                          "How it went: S0 no answer, S1 open, SF closed normally, REJ refused, S2/S3 half closed, "
                          "RSTO/RSTR reset by originator/responder, RSTOS0, RSTRH, SH, SHR, OTH no beginning seen"),
      Col<&R::local_orig>("local_orig", "Is the originator's address a local one?"),
      Col<&R::local_resp>("local_resp", "Is the responder's address a local one?"),
      Col<&R::missed_bytes>("missed_bytes", "Payload that was never captured though it was acknowledged", "bytes"),
      Col<&R::history>("history",
                       "What happened, in order, upper case by the originator: S SYN, H SYN+ACK, A ACK, D data, "
                       "F FIN, R RST, C bad checksum, T retransmission, W zero window, G gap, I and Q odd flags, "
                       "^ direction was turned"),
      Col<&R::orig_pkts>("orig_pkts", "Packets the originator sent", "packets"),
      Col<&R::orig_ip_bytes>("orig_ip_bytes", "IP bytes the originator sent, headers included", "bytes"),
      Col<&R::resp_pkts>("resp_pkts", "Packets the responder sent", "packets"),
      Col<&R::resp_ip_bytes>("resp_ip_bytes", "IP bytes the responder sent, headers included", "bytes"),
      Col<&R::tunnel_parents>("tunnel_parents", "Uids of the tunnels it came through"),
      Col<&R::ip_proto>("ip_proto", "IP protocol number"),
      Own(Col<&R::nat_orig>("nat_orig", "The originator's address and port on the other side of a translation (NAT)")),
      Own(Col<&R::nat_resp>("nat_resp", "The responder's address and port on the other side of a translation (NAT)")),
      Own(Col<&R::via_service>("via_service", "The service whose address the originator used: namespace/name")),
      Own(Col<&R::sightings>("sightings", "Interfaces that saw the connection, which is counted once all the same",
                             "interfaces")),
      Own(Col<&R::interfaces>("interfaces", "Their names; net:NUMBER/NAME in another network namespace")),
      Own(Col<&R::notes>("notes",
                         "What limits the record: midstream (it was going on when the sensor began), untracked "
                         "(conntrack does not know it, so no translation can be joined), no_conntrack (it can't be "
                         "asked), translated_only (the originator's own addresses were not seen)")),
      Own(Col<&R::linked>("linked",
                          "Uid of the other one of two connections that docker-proxy made of one: it accepts a "
                          "connection to a published port and opens another to the container")),
      Own(Col<&R::reporter>("reporter",
                            "Should this record be counted, when the sensors of several machines report the "
                            "connection? True at the originator's machine, and where it enters the cluster")),
      model::DerivedCol<R, CommunityIdOf>(
          "community_id",
          "Name that other tools give the connection, too: Community ID version 1, seed 0; of the addresses that the "
          "responder sees"));
}

}  // namespace

ConnRecord ConnRecord::Of(const Flow& flow) {
  ConnRecord record;
  record.ts = flow.start;
  record.uid = flow.uid;
  record.id = flow.id;
  record.at_responder = flow.id;
  record.proto = {model::TransportName(flow.transport)};
  for (const std::string_view service : flow.services) {
    if (!record.service) {
      record.service = std::string(service);
    } else {
      record.service->append(",").append(service);
    }
  }
  if (flow.last_time > flow.start) {
    record.duration = flow.last_time - flow.start;
    record.orig_bytes = BytesOf(flow, Direction::kOrig);
    record.resp_bytes = BytesOf(flow, Direction::kResp);
  }
  record.conn_state = StateOf(flow);
  record.local_orig = flow.local_orig;
  record.local_resp = flow.local_resp;
  record.missed_bytes = flow.missed_bytes;
  if (!flow.history.empty()) record.history = flow.history;
  record.orig_pkts = flow.side(Direction::kOrig).packets;
  record.orig_ip_bytes = flow.side(Direction::kOrig).ip_bytes;
  record.resp_pkts = flow.side(Direction::kResp).packets;
  record.resp_ip_bytes = flow.side(Direction::kResp).ip_bytes;
  if (!flow.tunnel_parents.empty()) record.tunnel_parents = model::Set<model::Uid>{flow.tunnel_parents};
  record.ip_proto = flow.ip_proto;
  return record;
}

const model::Schema& ConnRecord::Schema() {
  static const model::Schema schema("conn", "Connections: one line each, whatever they carried", ConnectionColumns());
  return schema;
}

const model::Schema& ConnRecord::InterimSchema() {
  static const model::Schema schema("conn_interim", "Connections that go on, as they stand (only if asked for)",
                                    ConnectionColumns());
  return schema;
}

}  // namespace quaywatch::flow
