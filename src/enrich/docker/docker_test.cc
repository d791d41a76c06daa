// SPDX-License-Identifier: Apache-2.0
//
// The source against a fake engine: faults that a real one can't be made to have. tests/e2e/docker has the real ones.
#include "enrich/docker/docker.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "enrich/docker/fake_engine.h"

namespace quaywatch::enrich::docker {
namespace {

using namespace std::chrono_literals;

const std::string kWeb(64, 'a');
const std::string kDb(64, 'b');
const std::string kNet(64, 'c');

std::string Inspect(const std::string& id, const std::string& name, const std::string& address) {
  return R"({"Id":")" + id + R"(","Name":"/)" + name +
         R"(","State":{"Running":true,"Pid":0,"StartedAt":"2026-01-01T00:00:00Z"},"Config":{"Image":"shop:1"},)" +
         R"("NetworkSettings":{"Networks":{"n":{"NetworkID":")" + kNet + R"(","IPAddress":")" + address + R"("}}}})";
}

std::string Listed(const std::string& id, const std::string& name, const std::string& address) {
  return R"([{"Id":")" + id + R"(","Names":["/)" + name +
         R"("],"State":"running","NetworkSettings":{"Networks":{"n":)" + R"({"NetworkID":")" + kNet +
         R"(","IPAddress":")" + address + R"("}}}}])";
}

std::string EventLine(const std::string& action, const std::string& id, const std::string& name) {
  static int64_t nanos = 1'767'225'600'000'000'000;
  const bool network = action == "connect";
  const std::string attributes = network ? R"("container":")" + id + "\"" : R"("name":")" + name + "\"";
  return R"({"Type":")" + std::string(network ? "network" : "container") + R"(","Action":")" + action +
         R"(","Actor":{"ID":")" + (network ? kNet : id) + R"(","Attributes":{)" + attributes + R"(}},"timeNano":)" +
         std::to_string(nanos += 1'000'000'000) + "}\n";
}

std::string EventLines(std::initializer_list<std::string> actions, const std::string& id, const std::string& name) {
  std::string lines;
  for (const std::string& action : actions) lines += EventLine(action, id, name);
  return lines;
}

class DockerSourceTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "quaywatch-docker-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    socket_ = folder_ / "docker.sock";
  }
  void TearDown() override {
    source_.reset();
    std::filesystem::remove_all(folder_);
  }

  void Begin() {
    source_ = StartDocker({socket_}, directory_, [this](std::string_view line) {
      const std::lock_guard lock(mutex_);
      said_.emplace_back(line);
    });
  }
  std::vector<std::string> said() {
    const std::lock_guard lock(mutex_);
    return said_;
  }
  static bool Eventually(const std::function<bool()>& holds) {
    const auto end = std::chrono::steady_clock::now() + 30s;
    while (!holds()) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::sleep_for(5ms);
    }
    return true;
  }
  bool Reaches(SourceState state) {
    return Eventually([&] { return source_->status().state == state; });
  }
  // Who has it now, according to the list of endpoints.
  std::string Who(std::string_view address) {
    for (const KnownEndpoint& known : directory_.Endpoints(false)) {
      for (const model::IpAddress& held : known.addresses) {
        if (held.ToString() == address) return known.identity.container;
      }
    }
    return "nobody";
  }
  bool Becomes(std::string_view address, std::string_view name) {
    return Eventually([&] { return Who(address) == name; });
  }

  std::filesystem::path folder_;
  std::string socket_;
  Directory directory_{DirectoryOptions{.node = "here"}};
  std::mutex mutex_;
  std::vector<std::string> said_;
  std::unique_ptr<Source> source_;
};

TEST_F(DockerSourceTest, NamesWhatRunsAndWhatStartsWithoutListingAgain) {
  FakeEngine engine(socket_);
  engine.Answer("/containers/json", Listed(kWeb, "web", "10.0.0.2"));
  engine.Answer("/containers/" + kWeb + "/json", Inspect(kWeb, "web", "10.0.0.2"));
  engine.Answer("/networks/" + kNet, R"({"Containers":{")" + kDb + R"(":{"IPv4Address":"10.0.0.3/16"}}})");
  // It starts, and never answers about itself: its network does.
  engine.Answer("/containers/" + kDb + "/json", "", -1);
  Begin();
  ASSERT_TRUE(Reaches(SourceState::kWorking));
  EXPECT_EQ(Who("10.0.0.2"), "web");
  engine.Tell(EventLines({"create", "connect", "start"}, kDb, "db"), 7);
  EXPECT_TRUE(Becomes("10.0.0.3", "db"));
  EXPECT_EQ(source_->status().events, 3u);
  EXPECT_EQ(source_->status().where, "unix://" + socket_);
  EXPECT_EQ(engine.asked("/containers/json"), 1);
  EXPECT_EQ(engine.asked("/containers/" + kWeb + "/json"), 1);
}

TEST_F(DockerSourceTest, EngineStopsAndComesBack) {
  FakeEngine engine(socket_);
  engine.Answer("/containers/json", Listed(kWeb, "web", "10.0.0.2"));
  engine.Answer("/containers/" + kWeb + "/json", Inspect(kWeb, "web", "10.0.0.2"));
  Begin();
  ASSERT_TRUE(Reaches(SourceState::kWorking));
  engine.Stop();
  ASSERT_TRUE(Reaches(SourceState::kFailing));
  EXPECT_EQ(Who("10.0.0.2"), "web") << "what was known stays";
  engine.Answer("/containers/json", Listed(kDb, "db", "10.0.0.3"));
  engine.Answer("/containers/" + kWeb + "/json", "{}", 404);
  engine.Answer("/containers/" + kDb + "/json", Inspect(kDb, "db", "10.0.0.3"));
  engine.Start();
  ASSERT_TRUE(Reaches(SourceState::kWorking));
  EXPECT_TRUE(Becomes("10.0.0.3", "db"));
  EXPECT_TRUE(Becomes("10.0.0.2", "nobody"));
  EXPECT_EQ(said().size(), 3u) << "one line for each change";
  EXPECT_GE(source_->status().reconnects, 1u);
}

TEST_F(DockerSourceTest, GarbageBetweenEventsIsCounted) {
  FakeEngine engine(socket_);
  engine.Answer("/containers/" + kWeb + "/json", Inspect(kWeb, "web", "10.0.0.2"));
  Begin();
  ASSERT_TRUE(Reaches(SourceState::kWorking));
  engine.Tell("}}}\n\xff\xfe\n[]\n{\"Type\":\"container\",\"Action\":\"start\"}\n" + std::string(3 << 20, 'x') +
              "\n{}\n");
  engine.Tell(EventLine("start", kWeb, "web"));
  EXPECT_TRUE(Becomes("10.0.0.2", "web"));
  EXPECT_TRUE(Eventually([&] { return source_->status().skipped == 5; })) << source_->status().skipped;
  EXPECT_EQ(source_->status().state, SourceState::kWorking);
  EXPECT_EQ(said().size(), 1u);
}

TEST_F(DockerSourceTest, ManyEvents) {
  FakeEngine engine(socket_);
  engine.Answer("/containers/" + kWeb + "/json", Inspect(kWeb, "web", "10.0.0.2"));
  Begin();
  ASSERT_TRUE(Reaches(SourceState::kWorking));
  for (int i = 0; i < 3000; ++i) engine.Tell(EventLine(i % 2 ? "die" : "start", kDb, "db"));
  engine.Tell(EventLine("start", kWeb, "web"));
  EXPECT_TRUE(Becomes("10.0.0.2", "web"));
  EXPECT_EQ(source_->status().events, 3001u);
  EXPECT_EQ(source_->status().state, SourceState::kWorking);
}

TEST_F(DockerSourceTest, SomethingElseListens) {
  FakeEngine engine(socket_);
  engine.Answer("/version", "<html>");
  Begin();
  ASSERT_TRUE(Reaches(SourceState::kFailing));
  EXPECT_NE(source_->status().detail.find("no Docker Engine API"), std::string::npos) << source_->status().detail;
  engine.Answer("/version", "SSH-2.0-x\r\n", 0);
  EXPECT_TRUE(Eventually([&] { return source_->status().detail.find("does not answer") != std::string::npos; }));
  engine.Answer("/version", R"({"ApiVersion":"1.18"})");
  EXPECT_TRUE(Eventually([&] { return source_->status().detail.find("1.24") != std::string::npos; }));
  EXPECT_EQ(said().size(), 1u);
  engine.Answer("/version", R"({"ApiVersion":"1.24"})");
  EXPECT_TRUE(Reaches(SourceState::kWorking));
}

TEST_F(DockerSourceTest, AnswersThatMakeNoSense) {
  FakeEngine engine(socket_);
  engine.Answer("/containers/json", Listed(kWeb, "web", "10.0.0.2"));
  engine.Answer("/containers/" + kWeb + "/json", "{}");
  Begin();
  ASSERT_TRUE(Reaches(SourceState::kWorking));
  EXPECT_EQ(source_->status().skipped, 1u);
  // An answer without end.
  engine.Answer("/containers/" + kDb + "/json", std::string(16 << 20, ' '));
  engine.Answer("/networks/" + kNet, "", 500);
  engine.Tell(EventLines({"connect", "start"}, kDb, "db"));
  EXPECT_TRUE(Eventually([&] { return source_->status().skipped >= 3; })) << source_->status().skipped;
  EXPECT_EQ(Who("10.0.0.2"), "web");
  EXPECT_EQ(source_->status().state, SourceState::kWorking);
}

TEST_F(DockerSourceTest, RightsTakenAway) {
  FakeEngine engine(socket_);
  engine.Answer("/networks/" + kNet, "", 403);
  engine.Answer("/containers/" + kDb + "/json", Inspect(kDb, "db", "10.0.0.3"));
  Begin();
  ASSERT_TRUE(Reaches(SourceState::kWorking));
  engine.Tell(EventLines({"create", "connect", "start"}, kDb, "db"));
  EXPECT_TRUE(Becomes("10.0.0.3", "db"));
  EXPECT_TRUE(Eventually([&] { return source_->status().detail.find("/networks/") != std::string::npos; }));
  EXPECT_EQ(source_->status().state, SourceState::kWorking);
  engine.Answer("/events", "", 403);
  engine.Stop();
  engine.Start();
  ASSERT_TRUE(Reaches(SourceState::kFailing));
  EXPECT_TRUE(Eventually([&] { return source_->status().detail.find("/events (status 403)") != std::string::npos; }));
}

TEST_F(DockerSourceTest, NoSocketThenOne) {
  Begin();
  ASSERT_TRUE(Reaches(SourceState::kFailing));
  EXPECT_NE(source_->status().detail.find("no socket"), std::string::npos);
  FakeEngine engine(socket_);
  EXPECT_TRUE(Reaches(SourceState::kWorking));
}

TEST_F(DockerSourceTest, MayNotBeOpened) {
  FakeEngine engine(socket_);
  ASSERT_EQ(chmod(socket_.c_str(), 0), 0);
  ASSERT_EQ(chmod(folder_.c_str(), 0755), 0);
  const bool root = geteuid() == 0;
  constexpr uid_t kNobody = 65534;
  if (root) {
    ASSERT_EQ(seteuid(kNobody), 0);
  }
  Begin();
  const bool failed = Reaches(SourceState::kFailing);
  if (root) {
    ASSERT_EQ(seteuid(0), 0);
  }
  ASSERT_TRUE(failed);
  EXPECT_NE(said().at(0).find("run as root or as a member of the group"), std::string::npos) << said().at(0);
  chmod(socket_.c_str(), 0666);
  EXPECT_TRUE(Reaches(SourceState::kWorking));
}

TEST_F(DockerSourceTest, EndsAtOnceWhileNothingAnswers) {
  FakeEngine engine(socket_);
  engine.Answer("/version", "", -1);
  Begin();
  ASSERT_TRUE(Eventually([&] { return engine.asked("/version") == 1; }));
  const auto begun = std::chrono::steady_clock::now();
  source_.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 5s);
}

}  // namespace
}  // namespace quaywatch::enrich::docker
