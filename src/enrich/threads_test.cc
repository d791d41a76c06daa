// SPDX-License-Identifier: Apache-2.0
//
// Workers ask while sources tell: no answer is torn, and none is another's.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "enrich/directory.h"
#include "enrich/known_world.h"

namespace quaywatch::enrich {
namespace {

constexpr int kWorkloads = 40;

std::string Address(int i) { return "172.17.1." + std::to_string(i + 1); }

class ThreadsTest : public testing::Test, protected KnownWorld {
 protected:
  void Come(int i, double at) {
    const std::string id = std::string(60, 'f') + std::to_string(1000 + i);
    const auto netns = static_cast<uint32_t>(100 + i);
    directory_.Put(SourceKind::kHost, Local("n" + std::to_string(i), netns, {Ip(Address(i))}, at, id));
    directory_.Put(SourceKind::kDocker, Docker(id, "c" + std::to_string(i), at, {Ip(Address(i))}));
  }
  void Go(int i, double at) {
    directory_.End(SourceKind::kHost, "n" + std::to_string(i), At(at));
    directory_.End(SourceKind::kDocker, std::string(60, 'f') + std::to_string(1000 + i), At(at));
  }

  std::atomic<bool> done_ = false;
  std::atomic<int> wrong_ = 0;
};

TEST_F(ThreadsTest, AskAndTellAtTheSameTime) {
  for (int i = 0; i < kWorkloads; ++i) Come(i, 1);
  std::vector<std::thread> workers;
  for (int worker = 0; worker < 3; ++worker) {
    workers.emplace_back([this, worker] {
      for (int i = worker; !done_; i = (i + 1) % kWorkloads) {
        // All were there then.
        const auto answer = Ask(Address(i), 1.5, 1000);
        if (answer.identity == nullptr || answer.identity->container != "c" + std::to_string(i)) ++wrong_;
        directory_.Learn(Ip(Address(i)), "example.org", Ip("93.184.216.34"), At(1), {});
        Ask("93.184.216.34", 2, 1000);
        directory_.ServiceAt({Ip("10.96.0.1"), 80, model::Transport::kTcp, 0}, At(1));
        directory_.InterfaceName(0, 2);
      }
    });
  }
  workers.emplace_back([this] {
    while (!done_) {
      directory_.Endpoints(true);
      directory_.Save(At(5));
      directory_.counters();
    }
  });
  for (int round = 0; round < 20; ++round) {
    const double at = 10 + round;
    for (int i = 0; i < kWorkloads; ++i) Go(i, at);
    directory_.PutService(
        {.space = "shop", .name = "web", .addresses = {Ip("10.96.0.1")}, .endpoints = {{Ip(Address(round)), {}}}});
    directory_.SetHostAddresses({Ip("192.168.1." + std::to_string(round))});
    directory_.SetInterfaces(0, {{2, "eth" + std::to_string(round)}});
    for (int i = 0; i < kWorkloads; ++i) Come(i, at + 0.5);
    directory_.ReplaceServices({});
  }
  done_ = true;
  for (std::thread& worker : workers) worker.join();
  EXPECT_EQ(wrong_, 0);
}

}  // namespace
}  // namespace quaywatch::enrich
