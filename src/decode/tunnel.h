// SPDX-License-Identifier: Apache-2.0
//
// Tunnels: finds out what a datagram carries and strips the tunnel's own header.
//   IP in IP (RFC 2003, RFC 2473, RFC 4213), GRE (RFC 2784, RFC 2890), PPTP's GRE (RFC 2637), ERSPAN,
//   Aruba's wireless frames over GRE, GRE over UDP (RFC 8086), VXLAN (RFC 7348), Geneve (RFC 8926),
//   Teredo (RFC 4380), GTP-U (3GPP TS 29.281), AYIYA (draft-massar-v6ops-ayiya)
#pragma once

#include "decode/link.h"
#include "decode/weirds.h"
#include "model/datagram.h"

namespace quaywatch::decode {

struct Carried {
  enum class Form : uint8_t { kNothing, kEthernet, kIeee80211, kEtherType, kIp };
  Form form = Form::kNothing;
  uint16_t ether_type = 0;
  Layer layer;
};

// Looks for a tunnel in `datagram` and sets its `carries` or `violates`. `missing`: bytes of it that were
// not captured. Deeper than `max_depth` tunnels are reported, not entered.
Carried FindTunnel(model::Datagram& datagram, uint32_t missing, uint8_t max_depth, Weirds& weirds);

}  // namespace quaywatch::decode
