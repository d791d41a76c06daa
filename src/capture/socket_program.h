// SPDX-License-Identifier: Apache-2.0
//
// Classic BPF programs that the kernel runs for our packet sockets.
#pragma once

#include <linux/filter.h>

#include <string>
#include <vector>

#include "base/result.h"

namespace quaywatch::capture {

using SocketProgram = std::vector<sock_filter>;

// Lets nothing pass: for sockets that are not ready.
SocketProgram RejectProgram();

// Lets pass what `expression` (pcap-filter(7); empty: all) matches, compiled for Ethernet and for raw IP,
// and chosen by the interface's type for each packet: an expression that makes no sense for raw IP lets
// nothing of it pass. Of the two sightings of each packet on a loopback interface, only the incoming.
base::Result<SocketProgram> AcceptProgram(const std::string& expression);

// For PACKET_FANOUT_CBPF: a number that depends on nothing but the two addresses of the outermost IP
// header and is the same for both directions; 0 for what is not IP.
SocketProgram HostPairProgram();

}  // namespace quaywatch::capture
