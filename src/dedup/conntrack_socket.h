// SPDX-License-Identifier: Apache-2.0
//
// ctnetlink: connections that begin and end, as the kernel tells it, and a list of all there are. Of the network
// namespace it was opened in.
//
// Begin and end are all that is asked for. What lies between does not matter here: the kernel fixes a connection's
// addresses before it tells of it (nf_conntrack_alter_reply refuses a confirmed connection).
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/result.h"
#include "dedup/conntrack_message.h"

struct mnl_socket;

namespace quaywatch::dedup {

class ConntrackSocket {
 public:
  // Subscribed to events from here on. Fails with a line for a person.
  static base::Result<std::unique_ptr<ConntrackSocket>> Open(uint32_t socket_bytes);

  enum class State : uint8_t {
    kMore,     // something was read, there may be more
    kNothing,  // nothing is waiting
    kOverrun,  // the kernel dropped events: read on until kNothing, then dump
  };
  // Never blocks.
  State ReadEvents(const ConnectionHandler& handler);

  // All connections there are. Takes about a microsecond for each.
  base::Result<> Dump(const ConnectionHandler& handler);

 private:
  struct Close {
    void operator()(mnl_socket* socket) const;
  };
  using Handle = std::unique_ptr<mnl_socket, Close>;

  ConntrackSocket(Handle events, Handle dump);

  Handle events_;
  Handle dump_;  // of its own, so that answers and events do not mix
  std::vector<uint8_t> buffer_;
};

}  // namespace quaywatch::dedup
