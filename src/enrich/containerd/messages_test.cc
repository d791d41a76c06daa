// SPDX-License-Identifier: Apache-2.0
#include "enrich/containerd/messages.h"

#include <containerd_proto/containers.pb.h>
#include <containerd_proto/cri.pb.h>
#include <containerd_proto/events.pb.h>
#include <containerd_proto/namespaces.pb.h>
#include <containerd_proto/tasks.pb.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "enrich/containerd/cri_messages.h"

namespace quaywatch::enrich::containerd {
namespace {

namespace events = ::containerd::services::events::v1;
namespace containers = ::containerd::services::containers::v1;
namespace tasks = ::containerd::services::tasks::v1;
namespace namespaces = ::containerd::services::namespaces::v1;
namespace cri = ::runtime::v1;

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

constexpr char kBroken[] = "\x0a\xff\xff";
constexpr char kUid[] = "0a1b2c3d-0000-4000-8000-000000000001";

std::optional<Event> ReadBack(const std::string& topic, const std::string& payload, int64_t seconds = 7) {
  events::Envelope envelope;
  envelope.set_namespace_("k8s.io");
  envelope.set_topic(topic);
  envelope.mutable_timestamp()->set_seconds(seconds);
  envelope.mutable_timestamp()->set_nanos(5);
  envelope.mutable_event()->set_value(payload);
  return ReadEvent(envelope.SerializeAsString());
}

TEST(ReadEvent, UnderstandsWhatItAsksFor) {
  events::TaskCreate create;
  create.set_container_id("c");
  create.set_pid(41);
  EXPECT_EQ(ReadBack("/tasks/create", create.SerializeAsString())->kind, Event::Kind::kPrepared);
  EXPECT_EQ(ReadBack("/tasks/create", create.SerializeAsString())->pid, 41U);

  events::TaskStart start;
  start.set_container_id("c");
  start.set_pid(42);
  const auto started = ReadBack("/tasks/start", start.SerializeAsString());
  ASSERT_TRUE(started);
  EXPECT_EQ(started->kind, Event::Kind::kStarted);
  EXPECT_EQ(started->group, "k8s.io");
  EXPECT_EQ(started->id, "c");
  EXPECT_EQ(started->pid, 42U);
  EXPECT_EQ(started->at, base::FromUnixNanos(7'000'000'005));

  events::ContainerChange change;
  change.set_id("c");
  EXPECT_EQ(ReadBack("/containers/create", change.SerializeAsString())->kind, Event::Kind::kChanged);
  EXPECT_EQ(ReadBack("/containers/update", change.SerializeAsString())->kind, Event::Kind::kChanged);
  EXPECT_EQ(ReadBack("/containers/delete", change.SerializeAsString())->kind, Event::Kind::kDeleted);
}

TEST(ReadEvent, OnlyTheFirstProcessEndsItsContainer) {
  events::TaskExit exit;
  exit.set_container_id("c");
  exit.set_id("c");
  exit.mutable_exited_at()->set_seconds(6);
  EXPECT_EQ(ReadBack("/tasks/exit", exit.SerializeAsString())->kind, Event::Kind::kExited);
  EXPECT_EQ(ReadBack("/tasks/exit", exit.SerializeAsString())->at, base::FromUnixNanos(6'000'000'000));
  exit.set_id("an-exec");
  EXPECT_EQ(ReadBack("/tasks/exit", exit.SerializeAsString())->kind, Event::Kind::kNothing);
}

TEST(ReadEvent, WhatMakesNoSenseIsNone) {
  events::ContainerChange change;
  EXPECT_FALSE(ReadBack("/containers/create", change.SerializeAsString()));
  change.set_id("c");
  EXPECT_FALSE(ReadBack("/images/create", change.SerializeAsString()));
  EXPECT_FALSE(ReadBack("/containers/create", kBroken));
  EXPECT_FALSE(ReadEvent(kBroken));
  EXPECT_FALSE(ReadEvent(""));
  EXPECT_EQ(ReadBack("/containers/create", change.SerializeAsString(), INT64_MAX)->at, base::Timestamp{});
  EXPECT_EQ(ReadBack("/containers/create", change.SerializeAsString(), -1)->at, base::Timestamp{});
}

TEST(ReadContainers, TellsSandboxesContainersAndOthersByTheirLabels) {
  containers::ListContainersResponse response;
  auto* sandbox = response.add_containers();
  sandbox->set_id("s");
  sandbox->set_image("pause");
  (*sandbox->mutable_labels())["io.cri-containerd.kind"] = "sandbox";
  (*sandbox->mutable_labels())["io.kubernetes.pod.name"] = "web";
  (*sandbox->mutable_labels())["io.kubernetes.pod.namespace"] = "shop";
  (*sandbox->mutable_labels())["io.kubernetes.pod.uid"] = kUid;
  (*sandbox->mutable_labels())["app"] = "web";
  sandbox->mutable_created_at()->set_seconds(3);
  auto* container = response.add_containers();
  container->set_id("c");
  container->set_image("nginx");
  (*container->mutable_labels())["io.cri-containerd.kind"] = "container";
  (*container->mutable_labels())["io.kubernetes.container.name"] = "server";
  container->mutable_spec()->set_value(R"({"annotations":{"io.kubernetes.cri.sandbox-id":"s"}})");
  auto* plain = response.add_containers();
  plain->set_id("plain");
  plain->mutable_spec()->set_value(R"({"linux":{"namespaces":[{"type":"network","path":"/run/netns/x"}]}})");
  auto* of_host = response.add_containers();
  of_host->set_id("of-host");
  of_host->mutable_spec()->set_value(R"({"linux":{"namespaces":[{"type":"pid"}]}})");
  response.add_containers();  // without anything

  const auto objects = ReadContainers(response.SerializeAsString(), "k8s.io");
  ASSERT_TRUE(objects);
  ASSERT_THAT(*objects, SizeIs(4));
  EXPECT_EQ((*objects)[0].kind, Object::Kind::kSandbox);
  EXPECT_EQ((*objects)[0].pod, "web");
  EXPECT_EQ((*objects)[0].space, "shop");
  EXPECT_EQ((*objects)[0].pod_uid, kUid);
  EXPECT_EQ((*objects)[0].image, "");
  EXPECT_EQ((*objects)[0].created, base::FromUnixNanos(3'000'000'000));
  EXPECT_THAT((*objects)[0].labels, ElementsAre(Pair("app", "web")));
  EXPECT_EQ((*objects)[1].kind, Object::Kind::kPodContainer);
  EXPECT_EQ((*objects)[1].name, "server");
  EXPECT_EQ((*objects)[1].sandbox, "s");
  EXPECT_EQ((*objects)[1].image, "nginx");
  EXPECT_EQ((*objects)[2].kind, Object::Kind::kContainer);
  EXPECT_EQ((*objects)[2].netns_path, "/run/netns/x");
  EXPECT_FALSE((*objects)[2].host_network);
  EXPECT_TRUE((*objects)[3].host_network);
  EXPECT_FALSE(ReadContainers(kBroken, "k8s.io"));
}

TEST(ReadContainer, IsNoneIfItHasNoId) {
  containers::GetContainerResponse response;
  EXPECT_FALSE(ReadContainer(response.SerializeAsString(), "default"));
  response.mutable_container()->set_id("c");
  EXPECT_EQ(ReadContainer(response.SerializeAsString(), "default")->group, "default");
}

TEST(ReadTasks, KnowsOldAndNewNamesOfTheId) {
  tasks::ListTasksResponse response;
  auto* task = response.add_tasks();
  task->set_id("a");
  task->set_pid(1);
  task->set_status(tasks::RUNNING);
  response.add_tasks()->set_container_id("b");
  const auto read = ReadTasks(response.SerializeAsString());
  ASSERT_TRUE(read);
  ASSERT_THAT(*read, SizeIs(2));
  EXPECT_EQ((*read)[0].id, "a");
  EXPECT_TRUE((*read)[0].alive);
  EXPECT_EQ((*read)[1].id, "b");
  EXPECT_FALSE((*read)[1].alive);
  EXPECT_FALSE(ReadTasks(kBroken));
}

TEST(ReadGroups, GivesTheNames) {
  namespaces::ListNamespacesResponse response;
  response.add_namespaces()->set_name("k8s.io");
  response.add_namespaces();
  EXPECT_THAT(*ReadGroups(response.SerializeAsString()), ElementsAre("k8s.io"));
  EXPECT_FALSE(ReadGroups(kBroken));
}

cri::PodSandboxStatusResponse SandboxStatus() {
  cri::PodSandboxStatusResponse response;
  auto* status = response.mutable_status();
  status->set_id("s");
  status->mutable_metadata()->set_name("web");
  status->mutable_metadata()->set_namespace_("shop");
  status->mutable_metadata()->set_uid(kUid);
  status->set_created_at(9);
  status->mutable_network()->set_ip("10.4.0.5");
  status->mutable_network()->add_additional_ips()->set_ip("fd00::5");
  status->mutable_network()->add_additional_ips()->set_ip("nonsense");
  (*status->mutable_labels())["app"] = "web";
  (*status->mutable_labels())["io.kubernetes.pod.name"] = "web";
  return response;
}

TEST(ReadSandbox, TakesAddressesAndTheVerbosePart) {
  cri::PodSandboxStatusResponse response = SandboxStatus();
  (*response.mutable_info())["info"] =
      R"({"pid":42,"runtimeSpec":{"linux":{"namespaces":[{"type":"pid"},{"type":"network","path":"/run/netns/x"}]}}})";
  const auto sandbox = ReadSandbox(response.SerializeAsString());
  ASSERT_TRUE(sandbox);
  EXPECT_TRUE(sandbox->by_cri);
  EXPECT_EQ(sandbox->group, kCriGroup);
  EXPECT_EQ(sandbox->state, Object::State::kRunning);
  EXPECT_EQ(sandbox->pod, "web");
  EXPECT_EQ(sandbox->space, "shop");
  EXPECT_EQ(sandbox->pod_uid, kUid);
  EXPECT_THAT(sandbox->addresses,
              ElementsAre(*model::IpAddress::Parse("10.4.0.5"), *model::IpAddress::Parse("fd00::5")));
  EXPECT_THAT(sandbox->labels, ElementsAre(Pair("app", "web")));
  EXPECT_EQ(sandbox->pid, 42U);
  EXPECT_EQ(sandbox->netns_path, "/run/netns/x");
  EXPECT_FALSE(sandbox->host_network);
}

TEST(ReadSandbox, DoesWithoutTheVerbosePart) {
  for (const char* info :
       {"", "{", "[]", R"({"pid":"x"})", R"({"pid":99999999999})", R"({"runtimeSpec":{"linux":3}})"}) {
    cri::PodSandboxStatusResponse response = SandboxStatus();
    (*response.mutable_info())["info"] = info;
    const auto sandbox = ReadSandbox(response.SerializeAsString());
    ASSERT_TRUE(sandbox) << info;
    EXPECT_EQ(sandbox->pid, 0U) << info;
    EXPECT_EQ(sandbox->netns_path, "") << info;
  }
  EXPECT_FALSE(ReadSandbox(cri::PodSandboxStatusResponse().SerializeAsString()));
  EXPECT_FALSE(ReadSandbox(kBroken));
}

TEST(ReadSandbox, KnowsTheHostsNetworkAndWhoIsNotReady) {
  cri::PodSandboxStatusResponse response = SandboxStatus();
  response.mutable_status()->set_state(cri::SANDBOX_NOTREADY);
  response.mutable_status()->mutable_linux()->mutable_namespaces()->mutable_options()->set_network(cri::NODE);
  const auto sandbox = ReadSandbox(response.SerializeAsString());
  ASSERT_TRUE(sandbox);
  EXPECT_TRUE(sandbox->host_network);
  EXPECT_EQ(sandbox->state, Object::State::kExited);
}

TEST(ReadPodContainers, TakesNameImagePortsAndSandbox) {
  cri::ListContainersResponse response;
  auto* container = response.add_containers();
  container->set_id("c");
  container->set_pod_sandbox_id("s");
  container->mutable_metadata()->set_name("server");
  container->mutable_image()->set_image("sha256:0123");
  container->mutable_image()->set_user_specified_image("nginx:1");
  container->set_state(cri::CONTAINER_RUNNING);
  (*container->mutable_labels())["io.kubernetes.pod.uid"] = kUid;
  (*container->mutable_annotations())["io.kubernetes.container.ports"] = R"([{"containerPort":80}])";
  response.add_containers();
  const auto objects = ReadPodContainers(response.SerializeAsString());
  ASSERT_TRUE(objects);
  ASSERT_THAT(*objects, SizeIs(1));
  const Object& object = objects->front();
  EXPECT_EQ(object.name, "server");
  EXPECT_EQ(object.sandbox, "s");
  EXPECT_EQ(object.image, "nginx:1");
  EXPECT_EQ(object.pod_uid, kUid);
  EXPECT_EQ(object.state, Object::State::kRunning);
  EXPECT_THAT(object.ports, ElementsAre(80));
  EXPECT_THAT(object.labels, IsEmpty());
}

TEST(ReadPodEvent, KnowsAllFourAndNoFifth) {
  cri::ContainerEventResponse response;
  response.set_container_id("c");
  response.set_created_at(7);
  response.mutable_pod_sandbox_status()->set_id("s");
  const std::array kinds{Event::Kind::kChanged, Event::Kind::kStarted, Event::Kind::kExited, Event::Kind::kDeleted};
  for (int type = 0; type < 4; ++type) {
    response.set_container_event_type(static_cast<cri::ContainerEventType>(type));
    const auto event = ReadPodEvent(response.SerializeAsString());
    ASSERT_TRUE(event);
    EXPECT_EQ(event->kind, kinds[static_cast<size_t>(type)]);
    EXPECT_EQ(event->sandbox, "s");
    EXPECT_EQ(event->at, base::FromUnixNanos(7));
  }
  response.set_container_event_type(static_cast<cri::ContainerEventType>(9));
  EXPECT_FALSE(ReadPodEvent(response.SerializeAsString()));
  EXPECT_FALSE(ReadPodEvent(kBroken));
}

}  // namespace
}  // namespace quaywatch::enrich::containerd
