// SPDX-License-Identifier: Apache-2.0
//
// Docker's helper process for a published port, read from its command line.
#pragma once

#include <optional>
#include <string_view>

#include "enrich/host/host.h"

namespace quaywatch::enrich::host {

// From the text of /proc/<pid>/cmdline (arguments end with a zero byte): "docker-proxy -proto tcp -host-ip 0.0.0.0
// -host-port 8080 -container-ip 172.17.0.2 -container-port 80". Nothing if it is another program or lacks one of
// these.
std::optional<DockerProxy> ProxyOfCommandLine(std::string_view command_line);

}  // namespace quaywatch::enrich::host
