// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a saved state. What is accepted can be asked about, and saved and loaded again.
#include <cstdlib>
#include <string_view>

#include "enrich/directory.h"

using namespace quaywatch;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  enrich::Directory directory({.labels = {"*"}, .node = "fuzz"});
  const std::string_view json(reinterpret_cast<const char*>(data), size);
  if (!directory.Load(json)) return 0;
  const base::Timestamp at = base::FromUnixNanos(1'767'261'600'000'000'000);
  for (const enrich::KnownEndpoint& known : directory.Endpoints(true)) {
    for (const model::IpAddress& address : known.addresses) {
      const model::Endpoint end{address, 80, model::Transport::kTcp, known.netns};
      if (!directory.HolderOf(end, address, at, at).settled) abort();
      directory.HolderOf(end, address, known.since, at);
      directory.ServiceAt(end, at);
    }
  }
  const std::string saved = directory.Save(at);
  enrich::Directory again({.labels = {"*"}, .node = "fuzz"});
  if (!again.Load(saved)) abort();
  return 0;
}
