// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as each of a runtime's messages, and what was read of them as claims. The first byte chooses the message.
#include "enrich/containerd/claims.h"
#include "enrich/containerd/cri_messages.h"
#include "enrich/containerd/inventory.h"
#include "enrich/containerd/messages.h"

using namespace quaywatch::enrich::containerd;

namespace {

void PutAll(Inventory& inventory, std::optional<std::vector<Object>> objects) {
  if (!objects) return;
  for (Object& object : *objects) inventory.Put(std::move(object));
}

void PutOne(Inventory& inventory, std::optional<Object> object) {
  if (object) inventory.Put(std::move(*object));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  Inventory inventory(1);
  switch (data[0]) {
    case 'e':
      ReadEvent(bytes);
      break;
    case 'g':
      ReadGroups(bytes);
      break;
    case 'c':
      PutOne(inventory, ReadContainer(bytes, "default"));
      break;
    case 'C':
      PutAll(inventory, ReadContainers(bytes, "default"));
      break;
    case 't':
      ReadTasks(bytes);
      break;
    case 'S':
      PutAll(inventory, ReadSandboxes(bytes));
      break;
    case 's':
      PutOne(inventory, ReadSandbox(bytes));
      break;
    case 'p':
      PutAll(inventory, ReadPodContainers(bytes));
      break;
    case 'w':
      ReadPodEvent(bytes);
      break;
    default:
      break;
  }
  inventory.AllClaims();
  return 0;
}
