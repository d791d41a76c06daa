// SPDX-License-Identifier: Apache-2.0
//
// Who held an address, in whatever order the sources tell.
#include "enrich/directory.h"

#include <gtest/gtest.h>

#include "enrich/known_world.h"

namespace quaywatch::enrich {
namespace {

using model::EndpointKind;

class DirectoryTest : public testing::Test, protected KnownWorld {};

TEST_F(DirectoryTest, NamesAContainerWhetherItsNameComesBeforeOrAfterItsAddress) {
  directory_.Put(SourceKind::kDocker, Docker(Cid('a'), "early", 1));
  directory_.Put(SourceKind::kHost, Local("n1", 11, {Ip("172.17.0.2")}, 1, Cid('a')));
  directory_.Put(SourceKind::kHost, Local("n2", 12, {Ip("172.17.0.3")}, 1, Cid('b')));
  directory_.Put(SourceKind::kDocker, Docker(Cid('b'), "late", 2));
  EXPECT_EQ(Who("172.17.0.2", 1.5).container, "early");
  const model::Identity late = Who("172.17.0.3", 1.5);
  EXPECT_EQ(late.container, "late");
  EXPECT_EQ(late.kind, EndpointKind::kContainer);
  EXPECT_EQ(late.image, "late:1");
  EXPECT_EQ(late.node, "node-1");
}

TEST_F(DirectoryTest, WaitsForANameThatAnActiveSourceStillOwes) {
  directory_.SetActive(SourceKind::kHost, true);
  directory_.SetActive(SourceKind::kDocker, true);
  EXPECT_FALSE(Ask("172.17.0.2", 1, 1.1).settled);
  EXPECT_EQ(Ask("172.17.0.2", 1, 1.1).identity, nullptr);
  EXPECT_TRUE(Ask("172.17.0.2", 1, 4).settled);
  directory_.Put(SourceKind::kHost, Local("n1", 11, {Ip("172.17.0.2")}, 1, Cid('a')));
  EXPECT_FALSE(Ask("172.17.0.2", 1.5, 1.6).settled);
  EXPECT_TRUE(Ask("172.17.0.2", 1.5, 4.5).settled);
  EXPECT_EQ(Who("172.17.0.2", 1.5).container, "aaaaaaaaaaaa");
  directory_.Put(SourceKind::kDocker, Docker(Cid('a'), "web", 1));
  EXPECT_TRUE(Ask("172.17.0.2", 1.5, 1.6).settled);
  EXPECT_EQ(Who("172.17.0.2", 1.5).container, "web");
}

TEST_F(DirectoryTest, DoesNotWaitForSourcesThatCanNotTell) {
  directory_.Put(SourceKind::kHost, Local("n1", 11, {Ip("172.17.0.2")}, 1, Cid('a')));
  EXPECT_TRUE(Ask("172.17.0.2", 1.5, 1.6).settled);
  EXPECT_TRUE(Ask("172.17.0.9", 1.5, 1.6).settled);
  directory_.SetActive(SourceKind::kState, true);
  EXPECT_TRUE(Ask("172.17.0.9", 1.5, 1.6).settled);
  directory_.SetActive(SourceKind::kDocker, true);
  EXPECT_FALSE(Ask("172.17.0.2", 1.5, 1.6).settled);
  directory_.SetActive(SourceKind::kDocker, false);
  EXPECT_TRUE(Ask("172.17.0.2", 1.5, 1.6).settled);
}

TEST_F(DirectoryTest, WaitsUntilItIsKnownWhoseANewNamespaceIs) {
  directory_.SetActive(SourceKind::kHost, true);
  directory_.Put(SourceKind::kHost, Local("n1", 11, {Ip("172.17.0.2")}, 1));
  EXPECT_FALSE(Ask("172.17.0.2", 1.2, 1.3).settled);
  EXPECT_TRUE(Ask("172.17.0.2", 1.2, 4.3).settled);
  EXPECT_TRUE(Ask("172.17.0.2", 10, 10).settled);
  EXPECT_EQ(Who("172.17.0.2", 1.2).kind, EndpointKind::kNetns);
}

TEST_F(DirectoryTest, GoesByTheTimeOfTheFlowWhenAnAddressIsGivenToAnother) {
  directory_.Put(SourceKind::kDocker, Docker(Cid('a'), "first", 1));
  directory_.Put(SourceKind::kHost, Local("n1", 11, {Ip("172.17.0.2")}, 1, Cid('a')));
  directory_.Put(SourceKind::kDocker, Docker(Cid('b'), "second", 2));
  directory_.Put(SourceKind::kHost, Local("n2", 12, {Ip("172.17.0.2")}, 2, Cid('b')));
  // The old one's end is told late.
  EXPECT_EQ(Who("172.17.0.2", 2.1).container, "second");
  EXPECT_EQ(Who("172.17.0.2", 1.5).container, "first");
  directory_.End(SourceKind::kHost, "n1", At(1.9));
  directory_.End(SourceKind::kDocker, Cid('a'), At(1.9));
  EXPECT_EQ(Who("172.17.0.2", 1.5).container, "first");
  EXPECT_EQ(Who("172.17.0.2", 2.1).container, "second");
}

TEST_F(DirectoryTest, TellsContainersApartThatGotTheSameNamespaceNumber) {
  directory_.Put(SourceKind::kHost, Local("n1", 11, {Ip("172.17.0.2")}, 1, Cid('a')));
  directory_.End(SourceKind::kHost, "n1", At(2));
  // Docker's word about the first one's end is late; it had looked the namespace up.
  Claim first = Docker(Cid('a'), "first", 1, {Ip("172.17.0.2")});
  first.netns = 11;
  directory_.Put(SourceKind::kDocker, first);
  directory_.Put(SourceKind::kHost, Local("n2", 11, {Ip("172.17.0.2")}, 2.1, Cid('b')));
  Claim second = Docker(Cid('b'), "second", 2.05);
  second.netns = 11;
  directory_.Put(SourceKind::kDocker, second);
  EXPECT_EQ(Who("172.17.0.2", 1.5).container, "first");
  EXPECT_EQ(Who("172.17.0.2", 2.5).container, "second");
  directory_.End(SourceKind::kDocker, Cid('a'), At(2));
  EXPECT_EQ(Who("172.17.0.2", 1.5).container, "first");
  EXPECT_EQ(Who("172.17.0.2", 2.5).container, "second");
}

TEST_F(DirectoryTest, BelievesTheRuntimeAboutAnEndThatTheHostSawLate) {
  directory_.Put(SourceKind::kHost, Local("n1", 11, {Ip("172.17.0.2")}, 1, Cid('a')));
  directory_.Put(SourceKind::kDocker, Docker(Cid('a'), "first", 1));
  directory_.End(SourceKind::kDocker, Cid('a'), At(2));
  directory_.Put(SourceKind::kDocker, Docker(Cid('b'), "second", 2.05));
  // Both the old namespace's end and the new one are noticed when the second has sent its packets already.
  directory_.End(SourceKind::kHost, "n1", At(2.3));
  directory_.Put(SourceKind::kHost, Local("n2", 12, {Ip("172.17.0.2")}, 2.35, Cid('b')));
  EXPECT_EQ(Who("172.17.0.2", 1.9).container, "first");
  EXPECT_EQ(Who("172.17.0.2", 2.1).container, "second");
}

TEST_F(DirectoryTest, DoesNotTakeKubernetesLateNewsForTheTruthAboutAnAddress) {
  directory_.Put(SourceKind::kKubernetes, Pod(Uid('1'), "web-1", 1, {Ip("10.244.0.5")}));
  directory_.Put(SourceKind::kHost, Local("n1", 11, {Ip("10.244.0.5")}, 1, Cid('a'), Uid('1')));
  directory_.End(SourceKind::kHost, "n1", At(5));
  directory_.Put(SourceKind::kHost, Local("n2", 12, {Ip("10.244.0.5")}, 5.2, Cid('b'), Uid('2')));
  directory_.Put(SourceKind::kKubernetes, Pod(Uid('2'), "web-2", 4.9));
  EXPECT_EQ(Who("10.244.0.5", 4).pod, "web-1");
  EXPECT_EQ(Who("10.244.0.5", 5.3).pod, "web-2");
  EXPECT_EQ(Who("10.244.0.5", 5.3).workload, "web");
  directory_.End(SourceKind::kHost, "n2", At(6));
  EXPECT_EQ(Who("10.244.0.5", 8).kind, EndpointKind::kUnknown);
}

TEST_F(DirectoryTest, IsInDoubtWhenOthersTellOfANewHolderFirst) {
  directory_.SetActive(SourceKind::kHost, true);
  directory_.Put(SourceKind::kDocker, Docker(Cid('a'), "first", 1));
  directory_.Put(SourceKind::kHost, Local("n1", 11, {Ip("172.17.0.2")}, 1, Cid('a')));
  EXPECT_TRUE(Ask("172.17.0.2", 2.1, 2.1).settled);
  directory_.Put(SourceKind::kDocker, Docker(Cid('b'), "second", 2, {Ip("172.17.0.2")}));
  EXPECT_FALSE(Ask("172.17.0.2", 2.1, 2.2).settled);
  EXPECT_TRUE(Ask("172.17.0.2", 1.9, 2.2).settled);
  directory_.Put(SourceKind::kHost, Local("n2", 12, {Ip("172.17.0.2")}, 2, Cid('b')));
  EXPECT_TRUE(Ask("172.17.0.2", 2.1, 2.2).settled);
  EXPECT_EQ(Who("172.17.0.2", 2.1).container, "second");
}

TEST_F(DirectoryTest, NamesAContainerThatWasDeadBeforeItsNameCame) {
  directory_.Put(SourceKind::kHost, Local("n1", 11, {Ip("172.17.0.2")}, 1, Cid('a')));
  directory_.End(SourceKind::kHost, "n1", At(1.05));
  Claim claim = Docker(Cid('a'), "short", 1);
  claim.until = At(1.05);
  directory_.Put(SourceKind::kDocker, claim);
  EXPECT_EQ(Who("172.17.0.2", 1.02).container, "short");
  EXPECT_EQ(Who("172.17.0.2", 3).kind, EndpointKind::kUnknown);
}

TEST_F(DirectoryTest, NamesAContainerThatWasNoticedAfterItsFirstPacket) {
  directory_.Put(SourceKind::kHost, Local("n1", 11, {Ip("172.17.0.2")}, 1.2, Cid('a')));
  EXPECT_EQ(Who("172.17.0.2", 1).container, "aaaaaaaaaaaa");
  EXPECT_EQ(Who("172.17.0.2", 0.1).kind, EndpointKind::kUnknown);
}

TEST_F(DirectoryTest, KeepsAnEndWhenAnOlderAnswerArrivesAfterIt) {
  directory_.Put(SourceKind::kDocker, Docker(Cid('a'), "a-provisional", 1, {Ip("172.17.0.2")}));
  directory_.End(SourceKind::kDocker, Cid('a'), At(2));
  directory_.Put(SourceKind::kDocker, Docker(Cid('a'), "final", 1, {Ip("172.17.0.2")}));
  EXPECT_EQ(Who("172.17.0.2", 1.5).container, "final");
  EXPECT_EQ(Who("172.17.0.2", 5).kind, EndpointKind::kUnknown);
  // Much later it is news: it was no end.
  now_ += std::chrono::minutes(1);
  directory_.Put(SourceKind::kDocker, Docker(Cid('a'), "final", 1, {Ip("172.17.0.2")}));
  EXPECT_EQ(Who("172.17.0.2", 5).container, "final");
}

TEST_F(DirectoryTest, KeepsOldAddressesForTheirTimeWhenAClaimChanges) {
  directory_.Put(SourceKind::kDocker, Docker(Cid('a'), "web", 1, {Ip("172.17.0.2")}));
  directory_.Put(SourceKind::kDocker, Docker(Cid('b'), "db", 1, {Ip("172.18.0.2")}));
  directory_.Put(SourceKind::kDocker, Docker(Cid('a'), "web", 5, {Ip("172.18.0.3")}));
  directory_.Put(SourceKind::kDocker, Docker(Cid('b'), "db", 6, {Ip("172.17.0.2")}));
  EXPECT_EQ(Who("172.17.0.2", 4.9).container, "web");
  EXPECT_EQ(Who("172.17.0.2", 6.1).container, "db");
  EXPECT_EQ(Who("172.18.0.3", 5.1).container, "web");
  EXPECT_EQ(Who("172.18.0.2", 5.9).container, "db");
  EXPECT_EQ(Who("172.18.0.2", 7.5).kind, EndpointKind::kUnknown);
}

// Docker tells of the further network when it is connected.
TEST_F(DirectoryTest, NamesAContainerByAnAddressThatItGotLater) {
  Claim docker = Docker(Cid('a'), "web", 1);
  docker.addresses = {Ip("172.17.0.2")};
  directory_.Put(SourceKind::kDocker, docker);
  directory_.Put(SourceKind::kHost, Local("n1", 11, {Ip("172.17.0.2")}, 1, Cid('a')));
  docker.addresses.push_back(Ip("172.18.0.3"));
  docker.since = At(5.013);
  directory_.Put(SourceKind::kHost, Local("n1", 11, {Ip("172.17.0.2"), Ip("172.18.0.3")}, 5, Cid('a')));
  directory_.Put(SourceKind::kDocker, docker);
  EXPECT_EQ(Who("172.18.0.3", 6).container, "web");
  EXPECT_EQ(Who("172.17.0.2", 6).container, "web");
  EXPECT_EQ(Who("172.17.0.2", 2).container, "web");
}

TEST_F(DirectoryTest, KeepsBothTimesOfAContainerThatWasStartedAgain) {
  directory_.Put(SourceKind::kDocker, Docker(Cid('a'), "web", 1, {Ip("172.17.0.2")}));
  directory_.Put(SourceKind::kHost, Local("n1", 11, {Ip("172.17.0.2")}, 1, Cid('a')));
  directory_.End(SourceKind::kHost, "n1", At(2));
  directory_.End(SourceKind::kDocker, Cid('a'), At(2));
  directory_.Put(SourceKind::kDocker, Docker(Cid('b'), "db", 3, {Ip("172.17.0.2")}));
  directory_.Put(SourceKind::kHost, Local("n2", 11, {Ip("172.17.0.2")}, 3, Cid('b')));
  directory_.Put(SourceKind::kDocker, Docker(Cid('a'), "web", 4, {Ip("172.17.0.3")}));
  directory_.Put(SourceKind::kHost, Local("n3", 12, {Ip("172.17.0.3")}, 4, Cid('a')));
  EXPECT_EQ(Who("172.17.0.2", 1.5).container, "web");
  EXPECT_EQ(Who("172.17.0.2", 4.5).container, "db");
  EXPECT_EQ(Who("172.17.0.3", 4.5).container, "web");
}

TEST_F(DirectoryTest, EndsWhatIsNotOnTheList) {
  directory_.Put(SourceKind::kDocker, Docker(Cid('a'), "old", 1, {Ip("172.17.0.2")}));
  directory_.Put(SourceKind::kDocker, Docker(Cid('b'), "still", 1, {Ip("172.17.0.3")}));
  directory_.Put(SourceKind::kKubernetes, Pod(Uid('1'), "web-1", 1, {Ip("10.244.0.5")}));
  directory_.Replace(SourceKind::kDocker,
                     {Docker(Cid('b'), "still", 1, {Ip("172.17.0.3")}), Docker(Cid('c'), "new", 4, {Ip("172.17.0.4")})},
                     At(5));
  EXPECT_EQ(Who("172.17.0.2", 4).container, "old");
  EXPECT_EQ(Who("172.17.0.2", 6).kind, EndpointKind::kUnknown);
  EXPECT_EQ(Who("172.17.0.3", 6).container, "still");
  EXPECT_EQ(Who("172.17.0.4", 6).container, "new");
  EXPECT_EQ(Who("10.244.0.5", 6).pod, "web-1");
}

TEST_F(DirectoryTest, TakesANameByAddressWhereNoIdsAreKnown) {
  directory_.Put(SourceKind::kHost, Local("n1", 11, {Ip("10.244.0.5")}, 2));
  directory_.Put(SourceKind::kKubernetes, Pod(Uid('1'), "web-1", 1, {Ip("10.244.0.5")}));
  EXPECT_EQ(Who("10.244.0.5", 2.5).pod, "web-1");
  // The next holder is not that pod, whose end Kubernetes has not told of.
  directory_.End(SourceKind::kHost, "n1", At(3));
  directory_.Put(SourceKind::kHost, Local("n2", 12, {Ip("10.244.0.5")}, 3.2));
  EXPECT_EQ(Who("10.244.0.5", 3.5).kind, EndpointKind::kNetns);
  directory_.Put(SourceKind::kKubernetes, Pod(Uid('2'), "web-2", 3.1, {Ip("10.244.0.5")}));
  EXPECT_EQ(Who("10.244.0.5", 3.5).pod, "web-2");
  EXPECT_EQ(Who("10.244.0.5", 2.5).pod, "web-1");
}

TEST_F(DirectoryTest, GivesOutTheSameIdentityWhileItIsTheSame) {
  directory_.Put(SourceKind::kDocker, Docker(Cid('a'), "web", 1));
  directory_.Put(SourceKind::kHost, Local("n1", 11, {Ip("172.17.0.2")}, 1, Cid('a')));
  const auto before = Ask("172.17.0.2", 2, 9).identity;
  EXPECT_EQ(Ask("172.17.0.2", 3, 9).identity, before);
  directory_.Put(SourceKind::kDocker, Docker(Cid('a'), "web", 1));
  EXPECT_EQ(Ask("172.17.0.2", 3, 9).identity, before);
  directory_.Put(SourceKind::kDocker, Docker(Cid('a'), "renamed", 1));
  EXPECT_EQ(Ask("172.17.0.2", 3, 9).identity->container, "renamed");
}

}  // namespace
}  // namespace quaywatch::enrich
