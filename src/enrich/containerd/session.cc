// SPDX-License-Identifier: Apache-2.0
#include "enrich/containerd/session.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "enrich/containerd/cri_messages.h"
#include "enrich/netns.h"

namespace quaywatch::enrich::containerd {
namespace {

using namespace std::chrono_literals;

constexpr char kSubscribe[] = "/containerd.services.events.v1.Events/Subscribe";
constexpr char kGetContainer[] = "/containerd.services.containers.v1.Containers/Get";
constexpr char kPodEvents[] = "/runtime.v1.RuntimeService/GetContainerEvents";

// A subscription is not acknowledged: what began before it took effect, but after the list, is found by a second one.
constexpr auto kSecondList = 1s;
// Should an event have been lost after all, it heals by itself.
constexpr auto kNextList = 5min;
// Without events, or while CRI is not ready.
constexpr auto kPoll = 1s;

// CRI knows a sandbox only some time after its process has started.
constexpr auto kFirstRetry = 20ms;
constexpr int kMaxAttempts = 9;  // 10 seconds in all

base::Timestamp Now() { return std::chrono::time_point_cast<base::Duration>(std::chrono::system_clock::now()); }

}  // namespace

Session::Session(Rpc& rpc, Directory& directory, Counters& counters)
    : rpc_(rpc), directory_(directory), counters_(counters), inventory_(OwnNetns()) {}

base::Result<> Session::Run(const std::function<void(const std::string&)>& on_ready) {
  std::thread follower([this] { Follow(); });
  base::Result<> result = List();
  // A runtime that was just started may have CRI a moment later: only then it is said to be missing.
  bool told = result && cri_trouble_.empty();
  if (told) on_ready({});
  std::string missing;
  auto next_list = Clock::now() + kSecondList;
  bool done = !result;
  while (!done) {
    std::deque<Occurrence> taken;
    bool list = false;
    bool polling = false;
    {
      std::unique_lock lock(mutex_);
      const auto due = retries_.empty() ? next_list : std::min(next_list, retries_.begin()->first);
      changed_.wait_until(lock, due, [&] { return ended_ || overflow_ || !occurrences_.empty(); });
      taken.swap(occurrences_);
      list = std::exchange(overflow_, false) || Clock::now() >= next_list;
      polling = polling_;
      done = ended_;
    }
    for (const Occurrence& occurrence : taken) Handle(occurrence);
    AskAgain();
    if (!list || done) continue;
    result = List();
    done = !result;
    next_list = Clock::now() + (polling || !cri_trouble_.empty() ? Clock::duration(kPoll) : Clock::duration(kNextList));
    if (result && (!told || missing != Missing())) on_ready(missing = Missing());
    told = true;
  }
  if (!result) rpc_.Cancel();
  follower.join();
  if (result && end_.status != Reply::Status::kCancelled) return base::Fail("the events ended: " + end_.error);
  return result;
}

// ---- events ----------------------------------------------------------------------------------------------

void Session::Follow() {
  Reply end = rpc_.Listen(kSubscribe, SubscribeRequest(), [this](std::string_view bytes) { Take(ReadEvent(bytes)); });
  if (end.status == Reply::Status::kUnimplemented) {
    end = rpc_.Listen(kPodEvents, {}, [this](std::string_view bytes) { Take(ReadPodEvent(bytes)); });
  }
  const std::lock_guard lock(mutex_);
  if (end.status == Reply::Status::kUnimplemented) {
    polling_ = true;
    return;
  }
  ended_ = true;
  end_ = std::move(end);
  changed_.notify_one();
}

void Session::Take(std::optional<Event> event) {
  counters_.events.fetch_add(1, std::memory_order_relaxed);
  if (!event) {
    Skip();
    return;
  }
  if (event->at == base::Timestamp{}) event->at = Now();
  if (event->kind == Event::Kind::kNothing || IsDockers(event->group)) return;
  Occurrence occurrence{std::move(*event)};
  // At once: a short-lived container is gone before it is its turn.
  if (occurrence.event.pid != 0) occurrence.netns = NetnsOfContainer(occurrence.event.pid, occurrence.event.id);
  const std::lock_guard lock(mutex_);
  if (occurrences_.size() >= kMaxEvents) {
    overflow_ = true;
    Skip();
    return;
  }
  occurrences_.push_back(std::move(occurrence));
  changed_.notify_one();
}

void Session::Handle(const Occurrence& occurrence) {
  const Event& event = occurrence.event;
  const std::string key = KeyOf(event.group, event.id);
  switch (event.kind) {
    case Event::Kind::kChanged:
      AskContainer(event.group, event.id);
      AskSandboxOf(key);
      Publish(key);
      break;
    case Event::Kind::kPrepared:
    case Event::Kind::kStarted:
      if (inventory_.Find(key) == nullptr) AskContainer(event.group, event.id);
      inventory_.Start(key, event.pid, NetnsOf(key, occurrence.netns), event.at);
      AskSandboxOf(key);
      Publish(key);
      if (event.kind == Event::Kind::kStarted) AskPod(event);
      break;
    case Event::Kind::kExited:
    case Event::Kind::kDeleted:
      directory_.End(SourceKind::kContainerd, key, event.at);
      inventory_.Exit(key);
      if (event.kind == Event::Kind::kDeleted) inventory_.Remove(key);
      break;
    case Event::Kind::kNothing:
      break;
  }
}

// As seen when the process started, else where its description says that it is mounted.
uint32_t Session::NetnsOf(const std::string& key, uint32_t seen) const {
  const Object* known = inventory_.Find(key);
  if (seen != 0 || known == nullptr || known->netns_path.empty()) return seen;
  return NetnsAt(known->netns_path);
}

void Session::Publish(const std::string& key) {
  for (Claim& claim : inventory_.ClaimsAround(key)) directory_.Put(SourceKind::kContainerd, std::move(claim));
}

// ---- questions -------------------------------------------------------------------------------------------

void Session::AskContainer(const std::string& group, const std::string& id) {
  if (!has_containers_) return;
  const Reply reply = rpc_.Call(kGetContainer, group, ContainerRequest(id));
  if (reply.status != Reply::Status::kOk) return;  // it is gone already, or the connection is
  if (auto container = ReadContainer(reply.bytes, group); container && container->id == id) {
    Put(inventory_, std::move(*container));
  } else {
    Skip();
  }
}

// A pod's labels are its sandbox's: without them its container would be named by half.
void Session::AskSandboxOf(const std::string& key) {
  const Object* object = inventory_.Find(key);
  if (object == nullptr || object->kind != Object::Kind::kPodContainer || object->sandbox.empty()) return;
  if (inventory_.SandboxOf(*object) != nullptr) return;
  const std::string group = object->group;
  const std::string sandbox = object->sandbox;
  AskContainer(group, sandbox);
  if (!cri_.empty()) Ask({sandbox, true});
}

void Session::AskPod(const Event& event) {
  if (cri_.empty() || event.group != kCriGroup) return;
  const Object* known = inventory_.Find(KeyOf(event.group, event.id));
  if (known != nullptr && known->kind == Object::Kind::kContainer) return;  // started past the kubelet
  const bool sandbox = known != nullptr ? known->kind == Object::Kind::kSandbox : event.id == event.sandbox;
  Ask({event.id, sandbox});
}

void Session::Ask(Question question) {
  const bool answered = question.sandbox ? AskSandbox(question.id) : AskPodContainer(question.id);
  if (answered || ++question.attempt >= kMaxAttempts) return;
  if (retries_.size() >= kMaxRetries) {
    Skip();
    return;
  }
  retries_.emplace(Clock::now() + kFirstRetry * (1 << question.attempt), std::move(question));
}

void Session::AskAgain() {
  const auto now = Clock::now();
  while (!retries_.empty() && retries_.begin()->first <= now) {
    Question question = std::move(retries_.extract(retries_.begin()).mapped());
    const Object* known = inventory_.Find(KeyOf(std::string(kCriGroup), question.id));
    if (known == nullptr || known->state != Object::State::kExited) Ask(std::move(question));
  }
}

bool Session::AskSandbox(const std::string& id) {
  const Reply reply = AskCri("PodSandboxStatus", SandboxRequest(id));
  if (reply.status != Reply::Status::kOk) return false;
  auto sandbox = ReadSandbox(reply.bytes);
  if (!sandbox || sandbox->id != id) {
    Skip();
    return true;
  }
  const bool complete = !sandbox->addresses.empty() || sandbox->host_network;
  Put(inventory_, std::move(*sandbox));
  Publish(KeyOf(std::string(kCriGroup), id));
  return complete;
}

bool Session::AskPodContainer(const std::string& id) {
  const Reply reply = AskCri("ListContainers", PodContainersRequest(id));
  if (reply.status != Reply::Status::kOk) return false;
  auto containers = ReadPodContainers(reply.bytes);
  if (!containers) {
    Skip();
    return true;
  }
  if (containers->empty()) return false;
  Object& container = containers->front();
  if (container.id != id) return true;
  const std::string sandbox = container.sandbox;
  inventory_.Put(std::move(container));
  const Object* known = inventory_.Find(KeyOf(std::string(kCriGroup), sandbox));
  if (!sandbox.empty() && (known == nullptr || !known->by_cri)) Ask({sandbox, true});
  Publish(KeyOf(std::string(kCriGroup), id));
  return true;
}

}  // namespace quaywatch::enrich::containerd
