// SPDX-License-Identifier: Apache-2.0
#include "enrich/kubernetes/reflector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace quaywatch::enrich::kubernetes {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

std::string NodeJson(std::string_view name, std::string_view address, int version) {
  return R"({"metadata":{"name":")" + std::string(name) + R"(","resourceVersion":")" + std::to_string(version) +
         R"("},"status":{"addresses":[{"type":"InternalIP","address":")" + std::string(address) + R"("}]}})";
}

std::string Event(std::string_view type, std::string_view object) {
  return R"({"type":")" + std::string(type) + R"(","object":)" + std::string(object) + "}\n";
}

std::string List(std::string_view items, int version, std::string_view next = "") {
  return R"({"metadata":{"resourceVersion":")" + std::to_string(version) + R"(","continue":")" + std::string(next) +
         R"("},"items":[)" + std::string(items) + "]}";
}

class ReflectorTest : public testing::Test {
 protected:
  // The target of the request that is due; empty: none.
  std::string Asked() {
    const auto request = reflector_.Next();
    return request ? request->target : "";
  }

  // The same, once the time for it has come; how long that took goes to waited_.
  std::string AskedInTime() {
    waited_ = {};
    for (;;) {
      if (auto target = Asked(); !target.empty()) return target;
      if (waited_ > std::chrono::hours(2)) return {};
      waited_ += milliseconds(100);
      time_ += milliseconds(100);
    }
  }

  void Answer(int status, std::string_view body, seconds retry_after = {}) {
    if (!reflector_.OnBytes(status, {}) || !reflector_.OnBytes(status, body)) return End(status, retry_after);
    End(status, retry_after);
  }
  void End(int status, seconds retry_after = {}) {
    Response response;
    response.status = status;
    if (status == 0) response.error = "it broke";
    response.retry_after = retry_after;
    reflector_.OnEnd(response);
  }

  // The first list, of one node, and a watch that has begun.
  void Watch() {
    AskedInTime();
    Answer(200, List(NodeJson("n1", "192.168.0.1", 5), 7));
    EXPECT_THAT(AskedInTime(), HasSubstr("watch=true"));
    EXPECT_TRUE(reflector_.OnBytes(200, {}));
  }

  std::vector<std::string> Nodes() {
    std::vector<std::string> names;
    for (const auto& endpoint : directory_.Endpoints(false)) names.push_back(endpoint.identity.node);
    return names;
  }

  Directory directory_{DirectoryOptions{}};
  Cluster cluster_{directory_};
  Reflector::Clock::time_point time_{std::chrono::hours(1)};
  milliseconds waited_{};
  Reflector reflector_{{{Kind::kNodes, "", "v1", "nodes", ""}}, cluster_, 1, [this] { return time_; }};
};

TEST_F(ReflectorTest, ListsPageByPageThenWatchesFromThere) {
  EXPECT_EQ(Asked(), "/api/v1/nodes?limit=500");
  EXPECT_EQ(Asked(), "");
  Answer(200, List(NodeJson("n1", "192.168.0.1", 5), 7, "a=b"));
  EXPECT_TRUE(Nodes().empty());
  EXPECT_EQ(Asked(), "/api/v1/nodes?limit=500&continue=a%3Db");
  Answer(200, List(NodeJson("n2", "192.168.0.2", 6), 7));
  EXPECT_EQ(Nodes(), (std::vector<std::string>{"n1", "n2"}));
  EXPECT_TRUE(reflector_.report().synced);
  const auto target = Asked();
  EXPECT_THAT(target, HasSubstr("watch=true&allowWatchBookmarks=true&resourceVersion=7&timeoutSeconds="));
}

TEST(ReflectorStream, EventsMayBeCutAnywhere) {
  const auto stream = Event("ADDED", NodeJson("n2", "192.168.0.2", 8)) + "\n" +
                      Event("DELETED", NodeJson("n1", "192.168.0.1", 9)) +
                      Event("MODIFIED", NodeJson("n2", "192.168.0.3", 10));
  for (size_t size = 1; size <= stream.size(); ++size) {
    Directory directory{DirectoryOptions{}};
    Cluster cluster(directory);
    Reflector reflector({{Kind::kNodes, "", "v1", "nodes", ""}}, cluster, 1);
    reflector.Next();
    reflector.OnBytes(200, List(NodeJson("n1", "192.168.0.1", 5), 7));
    reflector.OnEnd({.status = 200});
    reflector.Next();
    for (size_t at = 0; at < stream.size(); at += size) {
      ASSERT_TRUE(reflector.OnBytes(200, std::string_view(stream).substr(at, size)));
    }
    const auto known = directory.Endpoints(false);
    ASSERT_EQ(known.size(), 1U) << size;
    EXPECT_EQ(known[0].identity.node, "n2");
    EXPECT_EQ(known[0].addresses, std::vector{model::IpAddress::Parse("192.168.0.3").value()});
    EXPECT_EQ(reflector.report().events, 3U);
  }
}

TEST_F(ReflectorTest, ResumesAtOnceFromTheLastVersionAfterABreak) {
  Watch();
  reflector_.OnBytes(200, Event("BOOKMARK", R"({"metadata":{"resourceVersion":"42"}})"));
  reflector_.OnBytes(200, R"({"type":"ADDED","obj)");
  time_ += seconds(20);
  End(0);
  EXPECT_THAT(Asked(), HasSubstr("resourceVersion=42&"));
  EXPECT_EQ(reflector_.report().trouble, "");
  EXPECT_EQ(reflector_.report().reconnects, 1U);
  // The half line is forgotten.
  EXPECT_TRUE(reflector_.OnBytes(200, Event("ADDED", NodeJson("n2", "192.168.0.2", 43))));
  EXPECT_EQ(Nodes().size(), 2U);
}

TEST_F(ReflectorTest, ListsAgainWhenTheVersionIsGone) {
  Watch();
  time_ += seconds(20);
  EXPECT_FALSE(reflector_.OnBytes(200, Event("ERROR", R"({"kind":"Status","code":410})")));
  End(200);
  EXPECT_EQ(Asked(), "");
  EXPECT_EQ(Nodes(), std::vector<std::string>{"n1"});
  EXPECT_EQ(AskedInTime(), "/api/v1/nodes?limit=500");
  EXPECT_GE(waited_, milliseconds(1000));
  Answer(200, List(NodeJson("n2", "192.168.0.2", 50), 50));
  EXPECT_EQ(Nodes(), std::vector<std::string>{"n2"});
}

TEST_F(ReflectorTest, NeverListsInALoop) {
  const auto begin = time_;
  int lists = 0;
  while (time_ < begin + std::chrono::hours(1)) {
    const auto target = AskedInTime();
    if (target.find("watch") == std::string::npos) {
      ++lists;
      Answer(200, List("", 7));
    } else {
      Answer(410, R"({"kind":"Status","code":410})");
    }
  }
  EXPECT_LT(lists, 100);
  EXPECT_GT(lists, 50);
  EXPECT_THAT(reflector_.report().trouble, HasSubstr("410"));
}

TEST_F(ReflectorTest, NeverWatchesInALoop) {
  Watch();
  const auto begin = time_;
  int watches = 0;
  for (; time_ < begin + std::chrono::hours(1); ++watches) {
    Answer(200, Event("BOOKMARK", R"({"metadata":{"resourceVersion":"42"}})"));
    EXPECT_THAT(AskedInTime(), HasSubstr("resourceVersion=42&"));
  }
  EXPECT_LT(watches, 100);
}

TEST_F(ReflectorTest, WaitsAsLongAsABusyServerWants) {
  Asked();
  Answer(429, "", seconds(90));
  EXPECT_EQ(AskedInTime(), "/api/v1/nodes?limit=500");
  EXPECT_GE(waited_, seconds(90));
  EXPECT_THAT(reflector_.report().trouble, HasSubstr("busy"));
}

TEST_F(ReflectorTest, PausesGrowToAMinute) {
  milliseconds before{};
  for (int i = 0; i < 6; ++i) {
    AskedInTime();
    End(0);
    AskedInTime();
    EXPECT_GE(waited_, std::max(before * 4 / 3, milliseconds(1000)) - milliseconds(100)) << i;
    before = std::min<milliseconds>(waited_, seconds(30));
    End(0);
  }
  for (int i = 0; i < 10; ++i) {
    AskedInTime();
    EXPECT_GE(waited_, seconds(40));
    EXPECT_LE(waited_, seconds(61));
    End(0);
  }
  EXPECT_THAT(reflector_.report().trouble, HasSubstr("it broke"));
}

TEST_F(ReflectorTest, TellsWhichRightIsMissing) {
  Asked();
  Answer(403, R"({"kind":"Status"})");
  EXPECT_EQ(reflector_.report().forbidden, "list");
  AskedInTime();
  Answer(200, List("", 7));
  AskedInTime();
  Answer(403, R"({"kind":"Status"})");
  EXPECT_EQ(reflector_.report().forbidden, "watch");
  EXPECT_THAT(AskedInTime(), HasSubstr("watch=true"));  // no list for that
  EXPECT_TRUE(reflector_.OnBytes(200, {}));
  time_ += seconds(2);
  Asked();
  EXPECT_EQ(reflector_.report().forbidden, "");
}

TEST_F(ReflectorTest, GarbageEndsTheWatchAndLosesNothing) {
  Watch();
  EXPECT_TRUE(reflector_.OnBytes(200, Event("ADDED", NodeJson("n2", "192.168.0.2", 8))));
  EXPECT_FALSE(reflector_.OnBytes(200, "<html>\n" + Event("ADDED", NodeJson("n3", "192.168.0.3", 9))));
  End(200);
  EXPECT_THAT(reflector_.report().trouble, HasSubstr("no events"));
  EXPECT_THAT(AskedInTime(), HasSubstr("resourceVersion=8&"));
  EXPECT_TRUE(reflector_.OnBytes(200, Event("ADDED", NodeJson("n3", "192.168.0.3", 9))));
  EXPECT_EQ(reflector_.report().trouble, "");
  EXPECT_EQ(Nodes().size(), 3U);
  EXPECT_EQ(reflector_.report().skipped, 1U);
}

TEST_F(ReflectorTest, ObjectsThatMakeNoSenseAreCounted) {
  Watch();
  EXPECT_TRUE(reflector_.OnBytes(200, Event("ADDED", "{}") + Event("MODIFIED", "[]") + Event("DELETED", "null")));
  EXPECT_EQ(reflector_.report().skipped, 3U);
  EXPECT_TRUE(reflector_.OnBytes(200, Event("ADDED", NodeJson("n2", "192.168.0.2", 8))));
  EXPECT_EQ(Nodes().size(), 2U);
}

TEST_F(ReflectorTest, LinesWithoutEndAreSkipped) {
  Watch();
  const std::string much(1 << 20, ' ');
  for (size_t i = 0; i < 2 * Reflector::kMaxLine / much.size(); ++i) ASSERT_TRUE(reflector_.OnBytes(200, much));
  EXPECT_TRUE(reflector_.OnBytes(200, "\n" + Event("ADDED", NodeJson("n2", "192.168.0.2", 8))));
  EXPECT_EQ(Nodes().size(), 2U);
  EXPECT_EQ(reflector_.report().skipped, 1U);
}

TEST_F(ReflectorTest, ListThatMakesNoSenseChangesNothing) {
  Watch();
  time_ += seconds(20);
  Answer(200, Event("ERROR", R"({"code":410})"));
  for (const auto* garbage : {"", "<html>hello</html>", "{}", R"({"items":[]})"}) {
    EXPECT_THAT(AskedInTime(), Not(HasSubstr("watch")));
    Answer(200, garbage);
    EXPECT_THAT(reflector_.report().trouble, HasSubstr("no Kubernetes API server"));
  }
  EXPECT_EQ(Nodes(), std::vector<std::string>{"n1"});
}

TEST_F(ReflectorTest, LongPagesAreAskedForInHalves) {
  Asked();
  const std::string much(1 << 20, ' ');
  bool more = true;
  for (size_t sent = 0; more; sent += much.size()) {
    more = reflector_.OnBytes(200, much);
    ASSERT_LE(sent, Reflector::kMaxPage);
  }
  End(200);
  EXPECT_EQ(Asked(), "/api/v1/nodes?limit=250");
}

TEST(ReflectorWays, AsksOldServersInTheirWay) {
  Directory directory{DirectoryOptions{}};
  Cluster cluster(directory);
  Reflector reflector({{Kind::kSlices, "discovery.k8s.io", "v1", "endpointslices", ""},
                       {Kind::kSlices, "discovery.k8s.io", "v1beta1", "endpointslices", ""},
                       {Kind::kEndpoints, "", "v1", "endpoints", ""}},
                      cluster, 1);
  EXPECT_EQ(reflector.Next()->target, "/apis/discovery.k8s.io/v1/endpointslices?limit=500");
  reflector.OnEnd({.status = 404});
  EXPECT_EQ(reflector.Next()->target, "/apis/discovery.k8s.io/v1beta1/endpointslices?limit=500");
  reflector.OnEnd({.status = 404});
  EXPECT_EQ(reflector.Next()->target, "/api/v1/endpoints?limit=500");
  reflector.OnEnd({.status = 404});
  EXPECT_FALSE(reflector.Next());
  EXPECT_THAT(reflector.report().trouble, HasSubstr("does not know endpoints"));
}

TEST(ReflectorWays, AsksForMetadataOnlyWhereThatIsEnough) {
  Directory directory{DirectoryOptions{}};
  Cluster cluster(directory);
  Reflector reflector({{Kind::kJobs, "batch", "v1", "jobs", "a=b"}}, cluster, 1);
  const auto request = reflector.Next();
  EXPECT_EQ(request->target, "/apis/batch/v1/jobs?limit=500&fieldSelector=a%3Db");
  EXPECT_THAT(request->accept, HasSubstr("as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"));
}

}  // namespace
}  // namespace quaywatch::enrich::kubernetes
