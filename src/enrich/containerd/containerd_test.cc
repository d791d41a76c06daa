// SPDX-License-Identifier: Apache-2.0
//
// The source against a runtime that does what the test tells it. What real ones do is tests/e2e/containerd.
#include "enrich/containerd/containerd.h"

#include <containerd_proto/containers.pb.h>
#include <containerd_proto/cri.pb.h>
#include <containerd_proto/events.pb.h>
#include <containerd_proto/namespaces.pb.h>
#include <containerd_proto/tasks.pb.h>
#include <gmock/gmock.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <deque>
#include <filesystem>
#include <map>
#include <mutex>
#include <set>
#include <thread>

namespace quaywatch::enrich {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

namespace events = ::containerd::services::events::v1;
namespace containers = ::containerd::services::containers::v1;
namespace tasks = ::containerd::services::tasks::v1;
namespace namespaces = ::containerd::services::namespaces::v1;
namespace cri = ::runtime::v1;

constexpr char kSubscribe[] = "/containerd.services.events.v1.Events/Subscribe";
constexpr char kGroups[] = "/containerd.services.namespaces.v1.Namespaces/List";
constexpr char kContainers[] = "/containerd.services.containers.v1.Containers/List";
constexpr char kContainer[] = "/containerd.services.containers.v1.Containers/Get";
constexpr char kTasks[] = "/containerd.services.tasks.v1.Tasks/List";
const std::string kCri = "/runtime.v1.RuntimeService/";
const std::string kOldCri = "/runtime.v1alpha2.RuntimeService/";
constexpr char kUid[] = "0a1b2c3d-0000-4000-8000-000000000001";
const std::string kSandbox(64, 'a');

grpc::ByteBuffer BufferOf(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return {&slice, 1};
}

// A stand-in for containerd: methods answer with fixed bytes or a status; those not named are unimplemented.
class FakeRuntime {
 public:
  struct Answer {
    grpc::Status status;
    std::string bytes;
  };

  ~FakeRuntime() { Stop(); }

  void Start(const std::string& path) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("unix:" + path, grpc::InsecureServerCredentials());
    service_ = std::make_unique<Service>(*this);
    builder.RegisterCallbackGenericService(service_.get());
    server_ = builder.BuildAndStart();
    ASSERT_NE(server_, nullptr);
  }
  void Stop() {
    if (server_ == nullptr) return;
    {
      const std::lock_guard lock(mutex_);
      for (Stream* stream : streams_) stream->End();
    }
    server_->Shutdown(std::chrono::system_clock::now() + 5s);
    server_->Wait();
    server_.reset();
  }

  void Set(const std::string& method, const std::string& bytes, grpc::Status status = grpc::Status::OK) {
    const std::lock_guard lock(mutex_);
    answers_[method] = {std::move(status), bytes};
  }
  void Unset(const std::string& method) {
    const std::lock_guard lock(mutex_);
    answers_.erase(method);
  }
  int Calls(const std::string& method) {
    const std::lock_guard lock(mutex_);
    return calls_[method];
  }
  void Emit(const std::string& message) {
    const std::lock_guard lock(mutex_);
    for (Stream* stream : streams_) stream->Send(message);
  }

 private:
  // Reads the request, then answers once, or as often as Emit says.
  class Stream : public grpc::ServerGenericBidiReactor {
   public:
    Stream(FakeRuntime& runtime, std::optional<Answer> answer) : runtime_(runtime), answer_(std::move(answer)) {
      StartRead(&request_);
    }
    void OnReadDone(bool ok) override {
      if (!ok || !answer_) return;
      answer_->status.ok() ? Reply() : Finish(answer_->status);
    }
    void OnWriteDone(bool ok) override {
      if (answer_) return Finish(ok ? grpc::Status::OK : grpc::Status::CANCELLED);
      const std::lock_guard lock(own_);
      writing_ = false;
      WriteNext();
    }
    void OnCancel() override { End(); }
    void OnDone() override {
      {
        const std::lock_guard lock(runtime_.mutex_);
        runtime_.streams_.erase(this);
      }
      delete this;
    }
    void Send(const std::string& message) {
      const std::lock_guard lock(own_);
      waiting_.push_back(message);
      WriteNext();
    }
    void End() {
      const std::lock_guard lock(own_);
      if (!ended_ && !answer_) Finish(grpc::Status(grpc::StatusCode::UNAVAILABLE, "going down"));
      ended_ = true;
    }

   private:
    void Reply() {
      response_ = BufferOf(answer_->bytes);
      StartWrite(&response_);
    }
    void WriteNext() {
      if (writing_ || ended_ || waiting_.empty()) return;
      writing_ = true;
      response_ = BufferOf(waiting_.front());
      waiting_.pop_front();
      StartWrite(&response_);
    }

    FakeRuntime& runtime_;
    const std::optional<Answer> answer_;
    grpc::ByteBuffer request_;
    grpc::ByteBuffer response_;
    std::mutex own_;
    std::deque<std::string> waiting_;
    bool writing_ = false;
    bool ended_ = false;
  };

  // Good for one server only.
  struct Service : grpc::CallbackGenericService {
    explicit Service(FakeRuntime& owner) : runtime(owner) {}
    grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* context) override {
      return runtime.CreateReactor(context);
    }
    FakeRuntime& runtime;
  };

  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* context) {
    const std::lock_guard lock(mutex_);
    ++calls_[context->method()];
    const auto found = answers_.find(context->method());
    if (found == answers_.end()) {
      return new Stream(*this, Answer{grpc::Status(grpc::StatusCode::UNIMPLEMENTED, "unknown service"), {}});
    }
    const bool streams = context->method() == kSubscribe || context->method() == kCri + "GetContainerEvents";
    if (!streams || !found->second.status.ok()) return new Stream(*this, found->second);
    auto* stream = new Stream(*this, std::nullopt);
    streams_.insert(stream);
    return stream;
  }

  std::mutex mutex_;
  std::map<std::string, Answer> answers_;
  std::map<std::string, int> calls_;
  std::set<Stream*> streams_;
  std::unique_ptr<Service> service_;
  std::unique_ptr<grpc::Server> server_;
};

// ---- what it may answer ----------------------------------------------------------------------------------

std::string Groups(const std::vector<std::string>& names) {
  namespaces::ListNamespacesResponse response;
  for (const std::string& name : names) response.add_namespaces()->set_name(name);
  return response.SerializeAsString();
}

containers::Container PlainContainer(const std::string& id, const std::map<std::string, std::string>& labels) {
  containers::Container container;
  container.set_id(id);
  container.set_image("busybox:1");
  container.mutable_created_at()->set_seconds(1'700'000'000);
  for (const auto& [key, value] : labels) (*container.mutable_labels())[key] = value;
  return container;
}

const std::map<std::string, std::string> kSandboxLabels{{"io.cri-containerd.kind", "sandbox"},
                                                        {"io.kubernetes.pod.name", "web"},
                                                        {"io.kubernetes.pod.namespace", "shop"},
                                                        {"io.kubernetes.pod.uid", kUid}};

std::string SandboxStatus() {
  cri::PodSandboxStatusResponse response;
  auto* status = response.mutable_status();
  status->set_id(kSandbox);
  status->mutable_metadata()->set_name("web");
  status->mutable_metadata()->set_namespace_("shop");
  status->mutable_metadata()->set_uid(kUid);
  status->mutable_network()->set_ip("10.4.0.5");
  return response.SerializeAsString();
}

std::string Event(const std::string& topic, const std::string& payload) {
  events::Envelope envelope;
  envelope.set_namespace_("k8s.io");
  envelope.set_topic(topic);
  envelope.mutable_event()->set_value(payload);
  return envelope.SerializeAsString();
}

std::string Started(const std::string& id) {
  events::TaskStart start;
  start.set_container_id(id);
  return Event("/tasks/start", start.SerializeAsString());
}

std::string Exited(const std::string& id) {
  events::TaskExit exit;
  exit.set_container_id(id);
  exit.set_id(id);
  return Event("/tasks/exit", exit.SerializeAsString());
}

// ---- the tests -------------------------------------------------------------------------------------------

class ContainerdTest : public testing::Test {
 protected:
  ContainerdTest() {
    char name[] = "/tmp/containerd_test_XXXXXX";
    root_ = mkdtemp(name);
    socket_ = root_ / "run" / "containerd.sock";
    // What every containerd has, with nothing running.
    runtime_.Set(kSubscribe, {});
    runtime_.Set(kGroups, Groups({"k8s.io"}));
    runtime_.Set(kContainers, {});
    runtime_.Set(kTasks, {});
  }
  ~ContainerdTest() override {
    source_.reset();
    runtime_.Stop();
    std::filesystem::remove_all(root_);
  }

  void SetCri() {
    for (const char* method : {"Version", "ListPodSandbox", "ListContainers"}) runtime_.Set(kCri + method, {});
    runtime_.Set(kCri + "PodSandboxStatus", SandboxStatus());
  }
  void Serve() {
    std::filesystem::create_directories(socket_.parent_path());
    runtime_.Start(socket_);
  }
  void Watch() {
    source_ = StartContainerd({.socket = socket_}, directory_, [this](std::string_view line) {
      const std::lock_guard lock(mutex_);
      said_.emplace_back(line);
    });
  }
  std::vector<std::string> said() {
    const std::lock_guard lock(mutex_);
    return said_;
  }

  template <typename Condition>
  static bool Soon(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + 60s;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::sleep_for(5ms);
    }
    return true;
  }
  bool Becomes(SourceState state) {
    return Soon([&] { return source_->status().state == state; });
  }
  std::vector<std::string> Pods() {
    std::vector<std::string> pods;
    for (const KnownEndpoint& known : directory_.Endpoints(false)) {
      std::string text = known.identity.space + "/" + known.identity.pod;
      for (const auto& address : known.addresses) text += " " + address.ToString();
      pods.push_back(text);
    }
    return pods;
  }

  std::filesystem::path root_;
  std::filesystem::path socket_;
  FakeRuntime runtime_;
  Directory directory_{{}};
  std::mutex mutex_;
  std::vector<std::string> said_;
  std::unique_ptr<Source> source_;
};

TEST_F(ContainerdTest, IsAbsentUntilTheSocketAppears) {
  Watch();
  EXPECT_EQ(source_->status().state, SourceState::kAbsent);
  EXPECT_THAT(said(), IsEmpty());
  Serve();
  ASSERT_TRUE(Becomes(SourceState::kWorking));
  EXPECT_EQ(source_->status().where, "unix://" + socket_.string());
  EXPECT_THAT(said(), ElementsAre(HasSubstr("names its containers")));
}

TEST_F(ContainerdTest, NamesWhatIsThereAlready) {
  SetCri();
  containers::ListContainersResponse list;
  *list.add_containers() = PlainContainer(kSandbox, kSandboxLabels);
  runtime_.Set(kContainers, list.SerializeAsString());
  tasks::ListTasksResponse running;
  running.add_tasks()->set_id(kSandbox);
  running.mutable_tasks(0)->set_status(tasks::RUNNING);
  runtime_.Set(kTasks, running.SerializeAsString());
  cri::ListPodSandboxResponse sandboxes;
  sandboxes.add_items()->set_id(kSandbox);
  runtime_.Set(kCri + "ListPodSandbox", sandboxes.SerializeAsString());
  Serve();
  Watch();
  ASSERT_TRUE(Becomes(SourceState::kWorking));
  EXPECT_THAT(Pods(), ElementsAre("shop/web 10.4.0.5"));
}

TEST_F(ContainerdTest, FollowsAPodFromItsStartToItsEnd) {
  SetCri();
  runtime_.Set(kCri + "PodSandboxStatus", {}, grpc::Status(grpc::StatusCode::NOT_FOUND, "not yet"));
  containers::GetContainerResponse container;
  *container.mutable_container() = PlainContainer(kSandbox, kSandboxLabels);
  runtime_.Set(kContainer, container.SerializeAsString());
  Serve();
  Watch();
  ASSERT_TRUE(Becomes(SourceState::kWorking));
  ASSERT_TRUE(Soon([&] { return runtime_.Calls(kSubscribe) == 1; }));
  runtime_.Emit(Started(kSandbox));
  EXPECT_TRUE(Soon([&] { return Pods() == std::vector<std::string>{"shop/web"}; }));
  // CRI knows it a moment later.
  runtime_.Set(kCri + "PodSandboxStatus", SandboxStatus());
  EXPECT_TRUE(Soon([&] { return Pods() == std::vector<std::string>{"shop/web 10.4.0.5"}; }));
  runtime_.Emit(Exited(kSandbox));
  EXPECT_TRUE(Soon([&] { return Pods().empty(); }));
}

TEST_F(ContainerdTest, AContainerTellsOfASandboxWhoseStartWasMissed) {
  SetCri();
  const std::string id(64, 'b');
  containers::GetContainerResponse container;
  *container.mutable_container() =
      PlainContainer(id, {{"io.cri-containerd.kind", "container"}, {"io.kubernetes.container.name", "server"}});
  container.mutable_container()->mutable_spec()->set_value(R"({"annotations":{"io.kubernetes.cri.sandbox-id":")" +
                                                           kSandbox + R"("}})");
  runtime_.Set(kContainer, container.SerializeAsString());
  Serve();
  Watch();
  ASSERT_TRUE(Becomes(SourceState::kWorking));
  ASSERT_TRUE(Soon([&] { return runtime_.Calls(kSubscribe) == 1; }));
  events::ContainerChange created;
  created.set_id(id);
  runtime_.Emit(Event("/containers/create", created.SerializeAsString()));
  EXPECT_TRUE(Soon([&] { return Pods() == std::vector<std::string>{"shop/web 10.4.0.5"}; }));
}

TEST_F(ContainerdTest, WhoIsAboutToRunHasNotEnded) {
  containers::ListContainersResponse list;
  *list.add_containers() = PlainContainer(kSandbox, kSandboxLabels);
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  list.mutable_containers(0)->mutable_created_at()->set_seconds(std::chrono::ceil<std::chrono::seconds>(now).count());
  runtime_.Set(kContainers, list.SerializeAsString());
  Serve();
  Watch();
  ASSERT_TRUE(Becomes(SourceState::kWorking));
  EXPECT_THAT(Pods(), ElementsAre("shop/web"));
}

TEST_F(ContainerdTest, DoesWithoutCri) {
  containers::ListContainersResponse list;
  *list.add_containers() = PlainContainer(kSandbox, kSandboxLabels);
  runtime_.Set(kContainers, list.SerializeAsString());
  tasks::ListTasksResponse running;
  running.add_tasks()->set_id(kSandbox);
  running.mutable_tasks(0)->set_status(tasks::RUNNING);
  runtime_.Set(kTasks, running.SerializeAsString());
  Serve();
  Watch();
  ASSERT_TRUE(Becomes(SourceState::kWorking));
  EXPECT_EQ(source_->status().detail, "");
  EXPECT_THAT(Pods(), ElementsAre("shop/web"));
}

TEST_F(ContainerdTest, SaysWhenCriDoesNotAnswerAndAsksItAgain) {
  SetCri();
  runtime_.Set(kCri + "Version", {}, grpc::Status(grpc::StatusCode::UNKNOWN, "server is not initialized yet"));
  Serve();
  Watch();
  ASSERT_TRUE(Becomes(SourceState::kWorking));
  EXPECT_THAT(source_->status().detail, HasSubstr("not initialized"));
  runtime_.Set(kCri + "Version", {});
  EXPECT_TRUE(Soon([&] { return source_->status().detail.empty(); }));
  EXPECT_THAT(said(), SizeIs(1));
}

TEST_F(ContainerdTest, ARuntimeWithOldCriAndWithoutEventsIsListedAgainAndAgain) {
  for (const char* method : {kSubscribe, kGroups, kContainers, kTasks}) runtime_.Unset(method);
  runtime_.Set(kOldCri + "Version", {});
  runtime_.Set(kOldCri + "ListPodSandbox", {});
  runtime_.Set(kOldCri + "ListContainers", {});
  runtime_.Set(kOldCri + "PodSandboxStatus", SandboxStatus());
  Serve();
  Watch();
  ASSERT_TRUE(Becomes(SourceState::kWorking));
  cri::ListPodSandboxResponse sandboxes;
  sandboxes.add_items()->set_id(kSandbox);
  runtime_.Set(kOldCri + "ListPodSandbox", sandboxes.SerializeAsString());
  EXPECT_TRUE(Soon([&] { return Pods() == std::vector<std::string>{"shop/web 10.4.0.5"}; }));
  runtime_.Set(kOldCri + "ListPodSandbox", {});
  EXPECT_TRUE(Soon([&] { return Pods().empty(); }));
}

TEST_F(ContainerdTest, EventsOfCriDoIfThereAreNoOthers) {
  for (const char* method : {kSubscribe, kGroups, kContainers, kTasks}) runtime_.Unset(method);
  SetCri();
  runtime_.Set(kCri + "GetContainerEvents", {});
  Serve();
  Watch();
  ASSERT_TRUE(Becomes(SourceState::kWorking));
  ASSERT_TRUE(Soon([&] { return runtime_.Calls(kCri + "GetContainerEvents") == 1; }));
  cri::ContainerEventResponse event;
  event.set_container_id(kSandbox);
  event.mutable_pod_sandbox_status()->set_id(kSandbox);
  event.set_container_event_type(cri::CONTAINER_STARTED_EVENT);
  cri::ListPodSandboxResponse sandboxes;
  sandboxes.add_items()->set_id(kSandbox);
  runtime_.Set(kCri + "ListPodSandbox", sandboxes.SerializeAsString());
  runtime_.Emit(event.SerializeAsString());
  EXPECT_TRUE(Soon([&] { return Pods() == std::vector<std::string>{"shop/web 10.4.0.5"}; }));
  event.set_container_event_type(cri::CONTAINER_STOPPED_EVENT);
  runtime_.Emit(event.SerializeAsString());
  EXPECT_TRUE(Soon([&] { return Pods().empty(); }));
}

TEST_F(ContainerdTest, ComesBackAfterARestartAndKeepsTheNamesMeanwhile) {
  containers::ListContainersResponse list;
  *list.add_containers() = PlainContainer(kSandbox, kSandboxLabels);
  runtime_.Set(kContainers, list.SerializeAsString());
  tasks::ListTasksResponse running;
  running.add_tasks()->set_id(kSandbox);
  running.mutable_tasks(0)->set_status(tasks::RUNNING);
  runtime_.Set(kTasks, running.SerializeAsString());
  Serve();
  Watch();
  ASSERT_TRUE(Becomes(SourceState::kWorking));
  runtime_.Stop();
  ASSERT_TRUE(Becomes(SourceState::kFailing));
  EXPECT_NE(source_->status().detail, "");
  EXPECT_THAT(Pods(), ElementsAre("shop/web"));
  runtime_.Set(kContainers, {});
  Serve();
  ASSERT_TRUE(Becomes(SourceState::kWorking));
  EXPECT_EQ(source_->status().reconnects, 1U);
  EXPECT_THAT(Pods(), IsEmpty());
  EXPECT_THAT(said(), SizeIs(3));
}

TEST_F(ContainerdTest, GarbageIsSaidOnce) {
  runtime_.Set(kContainers, "\x0a\xff\xff");
  Serve();
  Watch();
  ASSERT_TRUE(Becomes(SourceState::kFailing));
  EXPECT_THAT(source_->status().detail, HasSubstr("not understood"));
  ASSERT_TRUE(Soon([&] { return runtime_.Calls(kContainers) >= 3; }));
  EXPECT_THAT(said(), SizeIs(1));
  runtime_.Set(kContainers, {});
  EXPECT_TRUE(Becomes(SourceState::kWorking));
}

TEST_F(ContainerdTest, EventsThatMakeNoSenseAreCounted) {
  Serve();
  Watch();
  ASSERT_TRUE(Becomes(SourceState::kWorking));
  ASSERT_TRUE(Soon([&] { return runtime_.Calls(kSubscribe) == 1; }));
  runtime_.Emit("\x0a\xff\xff");
  EXPECT_TRUE(Soon([&] { return source_->status().skipped == 1; }));
  EXPECT_EQ(source_->status().events, 1U);
  EXPECT_EQ(source_->status().state, SourceState::kWorking);
}

TEST_F(ContainerdTest, SomethingElseThatListensIsToldAsSuch) {
  for (const char* method : {kSubscribe, kGroups, kContainers, kTasks}) runtime_.Unset(method);
  Serve();
  Watch();
  ASSERT_TRUE(Becomes(SourceState::kFailing));
  EXPECT_THAT(source_->status().detail, HasSubstr("neither containerd nor"));
}

TEST_F(ContainerdTest, ASocketNobodyListensOnHasARemedy) {
  std::filesystem::create_directories(socket_.parent_path());
  sockaddr_un address{.sun_family = AF_UNIX};
  socket_.string().copy(address.sun_path, sizeof address.sun_path - 1);
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  Watch();
  ASSERT_TRUE(Becomes(SourceState::kFailing));
  EXPECT_THAT(source_->status().detail, HasSubstr("is the runtime running?"));
  close(fd);
}

TEST_F(ContainerdTest, StopsWhileARuntimeSaysNothing) {
  std::filesystem::create_directories(socket_.parent_path());
  sockaddr_un address{.sun_family = AF_UNIX};
  socket_.string().copy(address.sun_path, sizeof address.sun_path - 1);
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(listen(fd, 4), 0);
  Watch();
  ASSERT_TRUE(Becomes(SourceState::kWaiting));
  source_.reset();
  close(fd);
}

}  // namespace
}  // namespace quaywatch::enrich
