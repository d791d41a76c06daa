// SPDX-License-Identifier: Apache-2.0
//
// What an analyzer may ask of its surroundings.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "analyze/file.h"
#include "base/time.h"
#include "model/flow.h"
#include "model/record.h"

namespace quaywatch::analyze {

class Analyzer;

// State one protocol shares between all flows of a worker. Only that worker touches it.
class WorkerState {
 public:
  virtual ~WorkerState() = default;
  // Packet time has reached `now`: write and forget what has expired.
  virtual void Advance(base::Timestamp now, model::RecordSink& records);
  // The first packet at or after this time calls Advance, if it was not called before: about once a second.
  virtual base::Timestamp next_advance() const { return base::Timestamp::max(); }
  // The capture has ended.
  virtual void Finish(model::RecordSink& records);
};

// One for each attached analyzer; outlives it.
class Context {
 public:
  virtual ~Context() = default;

  virtual const model::FlowInfo& flow() const = 0;
  // Time of the packet being handled; at the end of a flow that of the event that ended it.
  virtual base::Timestamp now() const = 0;
  virtual model::RecordSink& records() = 0;
  // The state made by this protocol's make_state. REQUIRES: it has one.
  virtual WorkerState& state() = 0;

  // The connection is odd or broken; goes on. `name` and `source` must live as long as the program.
  // `source` is weird.log's column: by default the protocol's name in capitals, empty for none.
  virtual void Weird(std::string_view name, std::string_view addl = {},
                     std::optional<std::string_view> source = std::nullopt) = 0;
  // Puts a letter into conn.history, once a flow: 'X' where one of Zeek's limits was exceeded.
  virtual void MarkHistory(char letter) = 0;
  // This is my protocol: conn.service names it. Further calls do nothing.
  virtual void Confirm() = 0;
  // This is not my protocol, or so broken that I can't go on: no more calls but OnClose, and conn.service
  // does not name it. Bytes still in the caller's hand are the caller's to drop. `reason` for the statistics.
  virtual void Violate(std::string_view reason) = 0;
  // There is nothing more to learn here (the rest is encrypted): no more calls but OnClose, and nothing of
  // the flow need be put in order for this analyzer. The protocol keeps its name in conn.service.
  virtual void Finish() = 0;

  // The flow's first packet was an answer: who counts as its originator is its responder. Addresses and
  // ports change places here and in all records, and so do the directions of what comes after the datagram
  // in hand; what was counted so far, with it, stays with its side, as in Zeek.
  virtual void FlipRoles() = 0;

  // A file carried by this flow; destroying the handle writes its record.
  virtual std::unique_ptr<File> OpenFile(const FileOrigin& origin) = 0;

  // From here on the flow carries something else (CONNECT, STARTTLS, an upgrade). The caller forwards all
  // further calls but OnClose to the analyzer returned, beginning with the bytes it has not consumed; or what is
  // inside them, if the protocol wraps it.
  // `protocol` names an analyzer; empty recognises it by content. Owned by the flow; never null.
  virtual Analyzer& HandOver(std::string_view protocol) = 0;

  // A flow to resp_h:resp_p that begins within 5 minutes of packet time (from orig_h, if given) carries
  // `protocol` (FTP's data connections). What its analyzer learns of the file it carries goes to `carried`.
  virtual void ExpectFlow(const std::optional<model::IpAddress>& orig_h, const model::IpAddress& resp_h,
                          uint16_t resp_p, std::string_view protocol,
                          std::shared_ptr<CarriedFile> carried = nullptr) = 0;
  // What was given to the ExpectFlow that foretold this flow; nullptr if nothing was, or it was not foretold.
  virtual CarriedFile* carried_file() = 0;

  // The flow's originator was told that `name` has this address, for `ttl` (answers of DNS).
  virtual void Learn(std::string_view name, const model::IpAddress& address, base::Duration ttl) = 0;

  // How long the flow may be silent before it is over; by default the configuration's for its transport.
  virtual void SetInactivityTimeout(base::Duration timeout) = 0;
  // UDP, instead of that: the first packet of the capture an `interval` from now looks whether this flow was
  // silent for `silence`, and ends it if so; the next look is an interval later. Zeek's way with DNS.
  virtual void SetInactivityLook(base::Duration interval, base::Duration silence) = 0;
};

}  // namespace quaywatch::analyze
