// SPDX-License-Identifier: Apache-2.0
#include "enrich/host/host.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/capability.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "enrich/host/anchors.h"
#include "enrich/host/cgroup_watch.h"
#include "enrich/host/clock_lag.h"
#include "enrich/host/host_network.h"
#include "enrich/host/living.h"
#include "enrich/host/network.h"
#include "enrich/host/processes.h"
#include "enrich/host/rtnetlink.h"
#include "enrich/host/survey_clock.h"
#include "enrich/host/workloads.h"

namespace quaywatch::enrich::host {
namespace {

using std::chrono::milliseconds;

// Dumps can lead to further namespaces; beyond this many rounds they wait for the next event.
constexpr int kMaxRounds = 8;
// Namespaces held open at once while their numbers are found.
constexpr size_t kMostHeld = 256;

bool HasCapability(int capability) {
  const std::string status = ReadProcFile("/proc/thread-self/status");
  constexpr std::string_view kKey = "CapEff:\t";
  const size_t at = status.find(kKey);
  uint64_t mask = 0;
  if (at == status.npos) return false;
  std::from_chars(status.data() + at + kKey.size(), status.data() + status.size(), mask, 16);
  return (mask >> capability & 1) != 0;
}

base::Duration ThreadTime() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

class Host final : public HostSource {
 public:
  Host(HostOptions options, Directory& directory, Say say)
      : options_(std::move(options)),
        directory_(directory),
        say_(std::move(say)),
        host_network_(directory, options_.cgroup_roots),
        stop_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
        poll_(epoll_create1(EPOLL_CLOEXEC)),
        anchors_(poll_) {
    status_.where = "this machine";
    status_.state = SourceState::kWaiting;
    status_.since = Now().wall;
    directory_.SetActive(SourceKind::kHost, true);
    thread_ = std::thread([this] { Run(); });
  }

  ~Host() override {
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = write(stop_, &one, sizeof one);
    thread_.join();
    anchors_.Follow({});
    close(poll_);
    close(stop_);
  }

  SourceStatus status() const override {
    const std::lock_guard lock(mutex_);
    return status_;
  }

  std::optional<model::SocketOwner> OwnerOf(const SocketTuple& socket) override {
    const auto owner = host_network_.OwnerOf(socket);
    if (!owner) return std::nullopt;
    return model::SocketOwner{owner->container_id, owner->pod_uid};
  }

  std::vector<DockerProxy> DockerProxies() const override {
    const std::lock_guard lock(mutex_);
    return docker_proxies_;
  }

  std::vector<model::LocalTunnel> LocalTunnels() const override {
    const std::lock_guard lock(mutex_);
    return tunnels_;
  }

 private:
  void Run();
  bool Begin();
  void Watch(int fd, uint32_t events) {
    epoll_event event{.events = events, .data = {.fd = fd}};
    epoll_ctl(poll_, EPOLL_CTL_ADD, fd, &event);
  }
  // False: to stop.
  bool Wait();
  void ReadUnread();
  void Survey();
  void PlaceAll();
  void Publish();
  void PublishOwn();
  void Report();

  const HostOptions options_;
  Directory& directory_;
  const Say say_;
  HostNetwork host_network_;
  const int stop_;
  const int poll_;

  // Of the thread.
  std::unique_ptr<Rtnetlink> rtnetlink_;
  std::unique_ptr<Network> network_;
  std::unique_ptr<Processes> processes_;
  std::unique_ptr<MountTables> mounts_;
  std::unique_ptr<CgroupWatch> cgroups_;
  std::unique_ptr<Workloads> workloads_;
  Anchors anchors_;
  uint32_t own_inode_ = 0;
  bool hears_others_ = false;
  bool sees_processes_ = false;
  Moment now_;
  ProcessSurvey survey_;
  Living living_;
  std::set<Nsid> to_publish_;
  SurveyClock clock_;
  base::Duration new_cgroup_ = base::Duration::min();  // when the last container's cgroup was made
  size_t unplaced_ = 0;                                // namespaces that can't be given a number
  uint64_t overruns_ = 0;

  mutable std::mutex mutex_;  // of what follows
  SourceStatus status_;
  std::vector<DockerProxy> docker_proxies_;
  std::vector<model::LocalTunnel> tunnels_;

  std::thread thread_;
};

void Host::Run() {
  if (!Begin()) return;
  do {
    // Processes first: they may be gone soon, and a dump waits while the kernel takes other namespaces down.
    if (network_->HasNew()) clock_.Within({}, now_.uptime);
    if (clock_.IsDue(now_.uptime)) Survey();
    Publish();
    ReadUnread();
    Publish();
    Report();
  } while (Wait());
  workloads_->Stop();
}

bool Host::Begin() {
  const auto fail = [this](const std::string& why) {
    const std::lock_guard lock(mutex_);
    status_.state = SourceState::kFailing;
    status_.detail = why;
    say_(fmt::format("host: {}", why));
    directory_.SetActive(SourceKind::kHost, false);
    return false;
  };
  auto opened = Rtnetlink::Open();
  if (!opened) return fail(opened.error().message);
  rtnetlink_ = std::move(*opened);
  const int own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
  struct stat info{};
  if (own < 0 || fstat(own, &info) != 0) return fail("can't find the own network namespace: is /proc mounted?");
  own_inode_ = static_cast<uint32_t>(info.st_ino);
  auto self = rtnetlink_->NsidOf(own);
  if (!self) self = rtnetlink_->AssignNsid(own);
  close(own);
  network_ = std::make_unique<Network>(self.value_or(kNoNsid), KernelClockLag());
  hears_others_ = HasCapability(CAP_NET_BROADCAST);
  sees_processes_ = HasCapability(CAP_SYS_PTRACE);
  processes_ = std::make_unique<Processes>(options_.proc_root, own_inode_);
  mounts_ = std::make_unique<MountTables>(options_.proc_root);
  cgroups_ = std::make_unique<CgroupWatch>(options_.cgroup_roots);
  workloads_ = std::make_unique<Workloads>(directory_, options_.listener,
                                           [this](uint32_t interface) { return rtnetlink_->Gateways(interface); });
  Watch(stop_, EPOLLIN);
  Watch(rtnetlink_->fd(), EPOLLIN);
  for (const int fd : mounts_->fds()) Watch(fd, EPOLLPRI);
  if (cgroups_->fd() >= 0) Watch(cgroups_->fd(), EPOLLIN);
  network_->At(now_ = Now());
  network_->BeginDump(kNoNsid);
  network_->EndDump(rtnetlink_->Dump(kNoNsid, *network_));
  if (!self) return fail("can't see into network namespaces: needs CAP_NET_ADMIN");
  return true;
}

bool Host::Wait() {
  const base::Duration left = std::max(clock_.next() - Now().uptime, base::Duration::zero());
  std::array<epoll_event, 64> events{};
  const int count =
      epoll_wait(poll_, events.data(), events.size(), static_cast<int>(std::chrono::ceil<milliseconds>(left).count()));
  network_->At(now_ = Now());
  for (int i = 0; i < count; ++i) {
    const int fd = events[static_cast<size_t>(i)].data.fd;
    if (fd == stop_) return false;
    // A mount or a process came or went.
    if (fd != rtnetlink_->fd() && fd != cgroups_->fd()) clock_.Within({}, now_.uptime);
  }
  if (cgroups_->Read()) {
    new_cgroup_ = now_.uptime;
    clock_.Within({}, now_.uptime);
  }
  const auto read = rtnetlink_->ReadEvents(*network_);
  if (read == Rtnetlink::Events::kLost) {
    ++overruns_;
    network_->BeginDump(kNoNsid);
    network_->EndDump(rtnetlink_->Dump(kNoNsid, *network_));
    for (const auto& [nsid, space] : network_->namespaces()) network_->Watch(nsid);
  }
  if (read != Rtnetlink::Events::kNone) {
    const std::lock_guard lock(mutex_);
    ++status_.events;
  }
  return true;
}

void Host::ReadUnread() {
  for (int round = 0; round < kMaxRounds; ++round) {
    const std::set<Nsid> unread = network_->TakeUnread();
    if (unread.empty()) break;
    for (const Nsid nsid : unread) {
      network_->BeginDump(nsid);
      network_->EndDump(rtnetlink_->Dump(nsid, *network_));
      const Namespace* space = network_->Find(nsid);
      if (space && network_->IsAttached(*space) && !workloads_->IsPlaced(nsid, *space)) {
        clock_.Within({}, now_.uptime);
      }
    }
  }
}

void Host::Survey() {
  const base::Duration began = ThreadTime();
  const bool thorough = clock_.Begin(now_.uptime);
  survey_ = processes_->Look(now_, thorough);
  living_ = LivingNamespaces(survey_, mounts_->Read(), options_.proc_root, own_inode_);
  PlaceAll();
  if (!hears_others_ && thorough) {
    for (const auto& [nsid, space] : network_->namespaces()) network_->Watch(nsid);
  }
  for (const auto& [nsid, space] : network_->namespaces()) to_publish_.insert(nsid);
  host_network_.Publish(survey_.host_network, now_.wall);
  clock_.End(ThreadTime() - began);
}

// Finds the numbers of the namespaces that something lives in. While they are held open they can't end, so that
// after the events until then a number means the same to the kernel and to us.
void Host::PlaceAll() {
  struct Held {
    uint32_t inode;
    int fd;
    std::optional<Nsid> nsid;
  };
  std::vector<Held> held;
  unplaced_ = 0;
  for (const auto& [inode, one] : living_) {
    if (workloads_->IsPlaced(inode, *network_)) continue;
    const int fd = OpenNamespace(one.paths, inode);
    if (fd < 0) continue;
    auto nsid = rtnetlink_->NsidOf(fd);
    if (!nsid) nsid = rtnetlink_->AssignNsid(fd);
    if (!nsid) ++unplaced_;
    held.push_back({inode, fd, nsid});
    if (held.size() < kMostHeld) continue;
    clock_.Within({}, now_.uptime);
    break;
  }
  if (held.empty()) return;
  rtnetlink_->ReadEvents(*network_);
  for (const auto& [inode, fd, nsid] : held) {
    if (nsid) {
      if (!network_->Find(*nsid)) network_->Watch(*nsid);
      if (const Namespace* space = network_->Find(*nsid)) workloads_->Place(*nsid, *space, inode, now_.wall);
    }
    close(fd);
  }
}

void Host::Publish() {
  to_publish_.merge(network_->TakeChanged());
  if (to_publish_.erase(kNoNsid) > 0) PublishOwn();
  workloads_->Publish(*network_, living_, to_publish_, now_.wall);
  to_publish_.clear();
  anchors_.Follow(workloads_->anchors());
  if (const Workloads::Open open = workloads_->open(*network_); open.count > 0) {
    clock_.ForAge(now_.wall - open.youngest, now_.uptime);
  }
  // Its processes and the ports they listen on are still to come.
  if (new_cgroup_ != base::Duration::min()) clock_.ForAge(now_.uptime - new_cgroup_, now_.uptime);
}

void Host::PublishOwn() {
  std::vector<Directory::Interface> interfaces;
  for (const auto& [index, link] : network_->own().links) interfaces.push_back({index, link.name});
  directory_.SetInterfaces(0, interfaces);
  std::vector<model::IpAddress> addresses;
  for (const HeldAddress& held : network_->own().addresses) addresses.push_back(held.address.address);
  directory_.SetHostAddresses(std::move(addresses));
}

void Host::Report() {
  std::string detail;
  const auto add = [&detail](const std::string& text) { detail += (detail.empty() ? "" : "; ") + text; };
  if (!hears_others_) add("addresses of containers are learned up to 5 s late: needs CAP_NET_BROADCAST");
  if (!sees_processes_ && survey_.refused > 0) {
    add(fmt::format("can't tell the network namespaces of {} processes: needs CAP_SYS_PTRACE", survey_.refused));
  }
  if (unplaced_ > 0) add(fmt::format("can't see into {} network namespaces: needs CAP_NET_ADMIN", unplaced_));
  const std::lock_guard lock(mutex_);
  docker_proxies_ = survey_.docker_proxies;
  tunnels_ = network_->Tunnels();
  status_.skipped = network_->ignored();
  status_.reconnects = overruns_;
  if (status_.state == SourceState::kWorking && status_.detail.empty() == detail.empty()) {
    status_.detail = detail;
    return;
  }
  if (!detail.empty()) say_(fmt::format("host: {}", detail));
  if (status_.state != SourceState::kWorking) status_.since = now_.wall;
  status_.state = SourceState::kWorking;
  status_.detail = detail;
}

}  // namespace

std::unique_ptr<HostSource> StartHost(HostOptions options, Directory& directory, Say say) {
  return std::make_unique<Host>(std::move(options), directory, std::move(say));
}

}  // namespace quaywatch::enrich::host
