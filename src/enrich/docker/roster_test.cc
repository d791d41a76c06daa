// SPDX-License-Identifier: Apache-2.0
#include "enrich/docker/roster.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace quaywatch::enrich::docker {
namespace {

const std::string kWeb(64, 'a');
const std::string kDb(64, 'b');
const std::string kNet(64, 'c');
const std::string kOther(64, 'd');

base::Timestamp At(int seconds) { return base::FromUnixNanos((1'700'000'000LL + seconds) * 1'000'000'000); }

model::IpAddress Ip(std::string_view text) { return *model::IpAddress::Parse(text); }

Event Ev(Event::Kind kind, const std::string& container, int at, const std::string& name = "",
         const std::string& network = "") {
  Event event;
  event.kind = kind;
  event.container = container;
  event.network = network;
  event.facts.name = name;
  event.facts.image = name.empty() ? "" : name + ":1";
  event.at = At(at);
  return event;
}

Container Running(const std::string& id, const std::string& name, int started, const std::string& address) {
  Container container;
  container.id = id;
  container.facts = {name, name + ":1", {}};
  container.running = true;
  container.started = At(started);
  if (!address.empty()) container.attachments.push_back({kNet, {Ip(address)}});
  return container;
}

class RosterTest : public testing::Test {
 protected:
  // Who held the address at that time, by name; "nobody" if none.
  std::string Who(const std::string& address, int at) {
    const auto answer =
        directory_.HolderOf({Ip(address), 80, model::Transport::kTcp, 0}, Ip("192.0.2.1"), At(at), now_);
    return answer.identity && !answer.identity->container.empty() ? answer.identity->container : "nobody";
  }

  void Joined(const std::string& id, const std::string& address) {
    const auto question = roster_.NextNetwork();
    ASSERT_TRUE(question);
    EXPECT_EQ(question->id, kNet);
    roster_.Seen(kNet, Network{{{id, {Ip(address)}}}}, question->asked);
  }

  void Starts(const std::string& id, const std::string& name, int at, const std::string& address) {
    roster_.Apply(Ev(Event::Kind::kCreate, id, at, name));
    roster_.Apply(Ev(Event::Kind::kConnect, id, at + 1, "", kNet));
    Joined(id, address);
    roster_.Apply(Ev(Event::Kind::kStart, id, at + 2, name));
  }

  base::Timestamp now_ = At(1000);
  Directory directory_{DirectoryOptions{.node = "here", .clock = [] { return At(1000); }}};
  Roster roster_{directory_};
};

TEST_F(RosterTest, NamedFromTheMomentItJoinsItsNetwork) {
  Starts(kWeb, "web", 10, "172.17.0.2");
  EXPECT_EQ(Who("172.17.0.2", 11), "web");
  EXPECT_EQ(Who("172.17.0.2", 500), "web");
  roster_.Apply(Ev(Event::Kind::kDie, kWeb, 20, "web"));
  EXPECT_EQ(Who("172.17.0.2", 19), "web");
  EXPECT_EQ(Who("172.17.0.2", 30), "nobody");
}

TEST_F(RosterTest, AnAddressGivenToAnother) {
  Starts(kWeb, "web", 10, "172.17.0.2");
  roster_.Apply(Ev(Event::Kind::kDie, kWeb, 20, "web"));
  roster_.Apply(Ev(Event::Kind::kDestroy, kWeb, 20, "web"));
  Starts(kDb, "db", 20, "172.17.0.2");
  EXPECT_EQ(Who("172.17.0.2", 19), "web");
  EXPECT_EQ(Who("172.17.0.2", 21), "db");
  EXPECT_EQ(roster_.size(), 1u);
}

TEST_F(RosterTest, RestartedWithAnotherAddress) {
  Starts(kWeb, "web", 10, "172.17.0.2");
  roster_.Apply(Ev(Event::Kind::kDie, kWeb, 20, "web"));
  roster_.Apply(Ev(Event::Kind::kConnect, kWeb, 21, "", kNet));
  Joined(kWeb, "172.17.0.9");
  roster_.Apply(Ev(Event::Kind::kStart, kWeb, 22, "web"));
  EXPECT_EQ(Who("172.17.0.2", 15), "web");
  EXPECT_EQ(Who("172.17.0.2", 25), "nobody");
  EXPECT_EQ(Who("172.17.0.9", 15), "nobody");
  EXPECT_EQ(Who("172.17.0.9", 21), "web");
}

TEST_F(RosterTest, AnswersOlderThanAnEventDecideNothing) {
  Starts(kWeb, "web", 10, "172.17.0.2");
  const auto question = roster_.NextContainer();
  ASSERT_TRUE(question);
  roster_.Apply(Ev(Event::Kind::kDie, kWeb, 20, "web"));
  roster_.Inspected(Running(kWeb, "web", 12, "172.17.0.2"), question->asked, At(21));
  EXPECT_EQ(Who("172.17.0.2", 25), "nobody");
  EXPECT_FALSE(roster_.NextContainer()) << "its end is known";

  // Of networks, too: joined again after the question.
  roster_.Apply(Ev(Event::Kind::kConnect, kWeb, 30, "", kNet));
  const auto network = roster_.NextNetwork();
  ASSERT_TRUE(network);
  roster_.Apply(Ev(Event::Kind::kDisconnect, kWeb, 31, "", kNet));
  roster_.Apply(Ev(Event::Kind::kConnect, kWeb, 32, "", kNet));
  roster_.Seen(kNet, Network{{{kWeb, {Ip("172.17.0.7")}}}}, network->asked);
  EXPECT_EQ(Who("172.17.0.7", 33), "nobody");
  Joined(kWeb, "172.17.0.8");
  EXPECT_EQ(Who("172.17.0.8", 33), "web");
}

TEST_F(RosterTest, ListThenDetails) {
  Container listed = Running(kWeb, "web", 0, "172.17.0.2");
  listed.started = {};
  listed.created = At(5);
  roster_.Listed({listed}, roster_.asked(), {}, At(100));
  EXPECT_EQ(Who("172.17.0.2", 101), "web") << "even if the container itself never answers";
  const auto question = roster_.NextContainer();
  ASSERT_TRUE(question);
  Container inspected = Running(kWeb, "web", 50, "172.17.0.2");
  inspected.netns = 4711;
  roster_.Inspected(inspected, question->asked, At(101));
  const auto endpoints = directory_.Endpoints(false);
  ASSERT_EQ(endpoints.size(), 1u);
  EXPECT_EQ(endpoints[0].netns, 4711u);
  EXPECT_EQ(endpoints[0].container_id, kWeb);
  EXPECT_EQ(endpoints[0].identity.node, "here");
}

TEST_F(RosterTest, WhatHappenedWhileNobodyTold) {
  Starts(kWeb, "web", 10, "172.17.0.2");
  Starts(kDb, "db", 10, "172.17.0.3");
  Starts(kOther, "other", 10, "172.17.0.4");
  roster_.Forget();
  // web was restarted, db stopped, other removed.
  roster_.Listed({Running(kWeb, "web", 0, "172.17.0.9")}, roster_.asked(), At(40), At(60));
  int asked = 0;
  while (const auto question = roster_.NextContainer()) {
    ++asked;
    if (question->id == kWeb) {
      roster_.Inspected(Running(kWeb, "web", 50, "172.17.0.9"), question->asked, At(61));
    } else if (question->id == kDb) {
      Container stopped = Running(kDb, "db", 12, "");
      stopped.running = false;
      stopped.finished = At(45);
      roster_.Inspected(stopped, question->asked, At(61));
    } else {
      roster_.Gone(question->id, At(61));
    }
  }
  EXPECT_EQ(asked, 3);
  EXPECT_EQ(Who("172.17.0.2", 45), "web");
  EXPECT_EQ(Who("172.17.0.2", 55), "nobody");
  EXPECT_EQ(Who("172.17.0.9", 45), "nobody");
  EXPECT_EQ(Who("172.17.0.9", 55), "web");
  EXPECT_EQ(Who("172.17.0.3", 44), "db");
  EXPECT_EQ(Who("172.17.0.3", 50), "nobody");
  EXPECT_EQ(Who("172.17.0.4", 60), "other");
  EXPECT_EQ(Who("172.17.0.4", 63), "nobody");
  EXPECT_EQ(roster_.size(), 2u);
}

TEST_F(RosterTest, RepeatedEventsCountOnce) {
  Starts(kWeb, "web", 10, "172.17.0.2");
  roster_.Apply(Ev(Event::Kind::kDie, kWeb, 20, "web"));
  roster_.Apply(Ev(Event::Kind::kConnect, kWeb, 21, "", kNet));
  Joined(kWeb, "172.17.0.9");
  roster_.Apply(Ev(Event::Kind::kStart, kWeb, 22, "web"));
  roster_.Apply(Ev(Event::Kind::kDie, kWeb, 20, "web"));
  EXPECT_EQ(Who("172.17.0.9", 25), "web");
}

TEST_F(RosterTest, RenamedJoinedAndLeft) {
  Starts(kWeb, "web", 10, "172.17.0.2");
  roster_.Apply(Ev(Event::Kind::kRename, kWeb, 20, "shop"));
  EXPECT_EQ(Who("172.17.0.2", 25), "shop");
  roster_.Apply(Ev(Event::Kind::kDisconnect, kWeb, 30, "", kNet));
  EXPECT_EQ(Who("172.17.0.2", 35), "nobody");
}

TEST_F(RosterTest, PodmanTellsOfTheContainerOnly) {
  roster_.Apply(Ev(Event::Kind::kCreate, kWeb, 10, "web"));
  roster_.Apply(Ev(Event::Kind::kInit, kWeb, 11, "web"));
  auto question = roster_.NextContainer();
  ASSERT_TRUE(question);
  roster_.Inspected(Running(kWeb, "web", 11, "10.88.0.2"), question->asked, At(11));
  roster_.Apply(Ev(Event::Kind::kStart, kWeb, 12, "web"));
  EXPECT_EQ(Who("10.88.0.2", 12), "web") << "a start after an init is the same start";
  roster_.Apply(Ev(Event::Kind::kConnect, kWeb, 20));
  question = roster_.NextContainer();
  ASSERT_TRUE(question);
  Container both = Running(kWeb, "web", 11, "10.88.0.2");
  both.attachments.push_back({kOther, {Ip("10.89.0.2")}});
  roster_.Inspected(both, question->asked, At(20));
  EXPECT_EQ(Who("10.89.0.2", 25), "web");
}

TEST_F(RosterTest, HostNetworkByPort) {
  Event connect = Ev(Event::Kind::kConnect, kWeb, 11, "", kNet);
  connect.host_network = true;
  roster_.Apply(Ev(Event::Kind::kCreate, kWeb, 10, "web"));
  roster_.Apply(connect);
  EXPECT_FALSE(roster_.NextNetwork());
  roster_.Apply(Ev(Event::Kind::kStart, kWeb, 12, "web"));
  Container host = Running(kWeb, "web", 12, "");
  host.host_network = true;
  host.exposed_ports = {80};
  host.netns = 1;
  const auto question = roster_.NextContainer();
  ASSERT_TRUE(question);
  roster_.Inspected(host, question->asked, At(13));
  directory_.SetHostAddresses({Ip("192.0.2.10")});
  EXPECT_EQ(Who("192.0.2.10", 14), "web");
}

TEST_F(RosterTest, BoundedAndCounted) {
  for (size_t i = 0; i < Roster::kMaxContainers + 5; ++i) {
    std::string id = std::to_string(i);
    id.insert(0, 64 - id.size(), '0');
    roster_.Apply(Ev(Event::Kind::kCreate, id, 10, "web"));
  }
  EXPECT_EQ(roster_.size(), Roster::kMaxContainers);
  EXPECT_EQ(roster_.skipped(), 5u);
  for (size_t i = 0; i < Roster::kMaxNetworks + 5; ++i) {
    std::string network = "n";
    network += std::to_string(i);
    roster_.Apply(Ev(Event::Kind::kConnect, std::string(64, '0'), 11, "", network));
    if (i % Roster::kMaxNetworks != 0)
      roster_.Apply(Ev(Event::Kind::kDisconnect, std::string(64, '0'), 11, "", network));
  }
  EXPECT_GT(roster_.skipped(), 5u);
}

}  // namespace
}  // namespace quaywatch::enrich::docker
