// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "analyze/analyzer.h"

namespace quaywatch::analyze::http {

// HTTP is what begins with a known method on the originator's side or with "HTTP/" and a digit on the
// responder's, as in Zeek's signatures; each side is enough.
ProbeResult Probe(const ProbeInput& input);

}  // namespace quaywatch::analyze::http
