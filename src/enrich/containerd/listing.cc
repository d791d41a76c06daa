// SPDX-License-Identifier: Apache-2.0
//
// All there is, for a session: at its beginning, and whenever events might have been missed.
#include <array>
#include <unordered_map>
#include <utility>

#include "enrich/containerd/cri_messages.h"
#include "enrich/containerd/session.h"
#include "enrich/netns.h"

namespace quaywatch::enrich::containerd {
namespace {

using Status = Reply::Status;

constexpr char kGroups[] = "/containerd.services.namespaces.v1.Namespaces/List";
constexpr char kContainers[] = "/containerd.services.containers.v1.Containers/List";
constexpr char kTasks[] = "/containerd.services.tasks.v1.Tasks/List";
constexpr std::array kCriServices{"runtime.v1.RuntimeService", "runtime.v1alpha2.RuntimeService"};

constexpr char kNotUnderstood[] = "what it answers is not understood";

base::Timestamp Now() { return std::chrono::time_point_cast<base::Duration>(std::chrono::system_clock::now()); }

// Whether there is nothing left to ask about it.
bool IsComplete(const Object& sandbox) {
  return sandbox.by_cri && sandbox.netns != 0 && (sandbox.host_network || !sandbox.addresses.empty());
}

// How long a container may be there before its first process is.
constexpr auto kStarting = std::chrono::seconds(10);

// Who runs. Whoever is about to must not be taken for one that ended: his address would be nobody's.
void Mark(std::vector<Object>& objects, const std::vector<Task>& tasks, const Inventory& known, base::Timestamp now) {
  std::unordered_map<std::string_view, const Task*> by_id;
  for (const Task& task : tasks) by_id.emplace(task.id, &task);
  for (Object& object : objects) {
    const auto found = by_id.find(object.id);
    const Object* before = known.Find(KeyOf(object.group, object.id));
    const bool ended = before != nullptr && before->state == Object::State::kExited;
    if (found == by_id.end()) {
      const bool starting = !ended && object.created + kStarting > now;
      object.state = starting ? Object::State::kCreated : Object::State::kExited;
    } else if (found->second->alive) {
      object.state = Object::State::kRunning;
      object.pid = found->second->pid;
    } else {
      object.state = Object::State::kExited;
    }
  }
}

}  // namespace

Reply Session::AskCri(const char* method, const std::string& request) {
  return rpc_.Call("/" + cri_ + "/" + method, {}, request);
}

base::Result<> Session::FindCri() {
  for (const char* service : kCriServices) {
    cri_ = service;
    const Reply reply = AskCri("Version", {});
    if (reply.lost()) return base::Fail(reply.error);
    if (reply.status == Status::kUnimplemented) continue;
    cri_trouble_ = reply.status == Status::kOk ? "" : reply.error;
    return {};
  }
  cri_.clear();
  cri_trouble_.clear();
  return {};
}

base::Result<> Session::List() {
  Inventory fresh(OwnNetns());
  const base::Timestamp began = Now();
  if (auto found = FindCri(); !found) return found;
  if (auto listed = ListContainers(fresh); !listed) return listed;
  if (!has_containers_ && cri_.empty()) return base::Fail("it is neither containerd nor another runtime with CRI");
  if (auto listed = ListPods(fresh); !listed) return listed;
  Skip(fresh.left_out());
  inventory_ = std::move(fresh);
  directory_.Replace(SourceKind::kContainerd, inventory_.AllClaims(), began);
  return {};
}

base::Result<> Session::ListContainers(Inventory& fresh) {
  const Reply groups = rpc_.Call(kGroups, {}, {});
  has_containers_ = groups.status != Status::kUnimplemented;
  if (!has_containers_) return {};
  if (groups.status != Status::kOk) return base::Fail(groups.error);
  const auto names = ReadGroups(groups.bytes);
  if (!names) return base::Fail(kNotUnderstood);
  for (const std::string& group : *names) {
    if (IsDockers(group)) continue;
    const Reply containers = rpc_.Call(kContainers, group, {});
    const Reply running = rpc_.Call(kTasks, group, {});
    if (containers.lost()) return base::Fail(containers.error);
    if (running.lost()) return base::Fail(running.error);
    auto objects = ReadContainers(containers.bytes, group);
    const auto tasks = ReadTasks(running.bytes);
    if (!objects || !tasks) return base::Fail(kNotUnderstood);
    // Something of this group can't be listed: what can be is named all the same.
    if (containers.status != Status::kOk || running.status != Status::kOk) Skip();
    if (running.status == Status::kOk) Mark(*objects, *tasks, inventory_, Now());
    for (Object& object : *objects) Put(fresh, std::move(object));
  }
  return {};
}

base::Result<> Session::ListPods(Inventory& fresh) {
  if (cri_.empty() || !cri_trouble_.empty()) return {};
  const Reply listed = AskCri("ListPodSandbox", {});
  const Reply running = AskCri("ListContainers", {});
  for (const Reply* reply : {&listed, &running}) {
    if (reply->status == Status::kOk) continue;
    // With containerd's own API there are names nevertheless.
    if (!has_containers_ || reply->lost()) {
      return base::Fail(reply->error);
    }
    cri_trouble_ = reply->error;
    return {};
  }
  auto sandboxes = ReadSandboxes(listed.bytes);
  auto containers = ReadPodContainers(running.bytes);
  if (!sandboxes || !containers) return base::Fail(kNotUnderstood);
  for (Object& sandbox : *sandboxes) {
    const std::string id = sandbox.id;
    const bool exited = sandbox.state == Object::State::kExited;
    const Object* known = inventory_.Find(KeyOf(sandbox.group, id));
    if (!exited && known != nullptr && IsComplete(*known)) {
      fresh.Put(*known);
      continue;
    }
    fresh.Put(std::move(sandbox));
    if (exited) continue;
    const Reply reply = AskCri("PodSandboxStatus", SandboxRequest(id));
    if (reply.lost()) return base::Fail(reply.error);
    auto told = reply.status == Status::kOk ? ReadSandbox(reply.bytes) : std::nullopt;
    if (told && told->id == id) {
      Put(fresh, std::move(*told));
    } else if (reply.status != Status::kNotFound) {
      Skip();
    }
  }
  for (Object& container : *containers) fresh.Put(std::move(container));
  return {};
}

void Session::Put(Inventory& inventory, Object object) {
  if (object.state != Object::State::kExited && object.netns == 0) {
    object.netns = NetnsOfContainer(object.pid, object.id);
    if (object.netns == 0 && !object.netns_path.empty()) object.netns = NetnsAt(object.netns_path);
  }
  inventory.Put(std::move(object));
}

std::string Session::Missing() const {
  if (!cri_trouble_.empty()) return "pods have no addresses from here, CRI does not answer: " + cri_trouble_;
  return {};
}

}  // namespace quaywatch::enrich::containerd
