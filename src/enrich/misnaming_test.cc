// SPDX-License-Identifier: Apache-2.0
//
// Many containers share few addresses and namespace numbers, one at a time, and what the sources say of them
// arrives in random order. Nobody may be given another's name.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <random>
#include <set>

#include "enrich/directory.h"
#include "enrich/known_world.h"

namespace quaywatch::enrich {
namespace {

// One container's life with an address, as it really was.
struct Life {
  std::string name;
  std::string id;
  std::string pod_uid;
  model::IpAddress address;
  uint32_t netns = 0;
  base::Timestamp from{};
  base::Timestamp until{};
};

class Random {
 public:
  explicit Random(uint32_t seed) : engine_(seed) {}
  int64_t Below(int64_t limit) { return std::uniform_int_distribution<int64_t>(0, limit - 1)(engine_); }
  base::Duration Ms(int64_t most) { return std::chrono::microseconds(Below(most * 1000 + 1)); }

 private:
  std::mt19937 engine_;
};

class MisnamingTest : public testing::TestWithParam<uint32_t>, protected KnownWorld {
 protected:
  static constexpr int kAddresses = 4;
  static constexpr int kLives = 60;

  MisnamingTest() : random_(GetParam()) {
    std::vector<base::Timestamp> free(kAddresses, kStart);
    std::map<uint32_t, base::Timestamp> numbers;
    for (int i = 0; i < kLives; ++i) {
      Life life;
      const auto which = static_cast<size_t>(random_.Below(kAddresses));
      life.name = "c" + std::to_string(i);
      life.id = std::string(60, 'e') + std::to_string(1000 + i);
      life.pod_uid = "00000000-0000-4000-8000-00000000" + std::to_string(1000 + i);
      life.address = Ip("172.17.0." + std::to_string(2 + which));
      life.from = free[which] + std::chrono::microseconds(1) + random_.Ms(random_.Below(2) == 0 ? 20 : 900);
      life.until = life.from + std::chrono::milliseconds(1) + random_.Ms(random_.Below(2) == 0 ? 60 : 2000);
      free[which] = life.until;
      lives_.push_back(life);
    }
    // The kernel gives out the lowest number that is free.
    std::ranges::sort(lives_, {}, &Life::from);
    for (Life& life : lives_) {
      uint32_t number = 1;
      while (numbers.contains(number) && numbers[number] > life.from) ++number;
      numbers[number] = life.until;
      life.netns = number;
    }
  }

  void Tell(base::Timestamp when, std::function<void()> what) { news_.emplace(when, std::move(what)); }

  // The host's source tells that it is there when it is `noticed`, and at once.
  void TellHost(const Life& life, base::Duration late_begin, base::Duration late_end, bool with_pod) {
    const base::Timestamp begin = life.from + late_begin;
    const base::Timestamp end = std::max(begin, life.until + late_end);
    Claim claim = Local("net " + life.name, life.netns, {life.address}, 0, life.id, with_pod ? life.pod_uid : "");
    claim.since = begin;
    Tell(begin, [this, claim] { directory_.Put(SourceKind::kHost, claim); });
    Tell(end, [this, claim, end] { directory_.End(SourceKind::kHost, claim.id, end); });
  }

  // A start that is told with the name, an answer with the addresses at any time after, and the end.
  void TellDocker(const Life& life, base::Duration late) {
    Claim claim = Docker(life.id, life.name, 0);
    claim.since = life.from;
    const base::Timestamp told = life.from + random_.Ms(late / std::chrono::milliseconds(1));
    Tell(told, [this, claim] { directory_.Put(SourceKind::kDocker, claim); });
    const base::Timestamp ended = std::max(told, life.until) + random_.Ms(late / std::chrono::milliseconds(1));
    Tell(ended, [this, claim, life] { directory_.End(SourceKind::kDocker, claim.id, life.until); });
    if (random_.Below(3) == 0) return;
    claim.addresses = {life.address};
    if (random_.Below(2) == 0) claim.netns = life.netns;
    Tell(told + random_.Ms(3000), [this, claim] { directory_.Put(SourceKind::kDocker, claim); });
  }

  void TellKubernetes(const Life& life, base::Duration late) {
    Claim claim = Pod(life.pod_uid, life.name, 0);
    claim.since = life.from - random_.Ms(900);
    const base::Timestamp told = life.from + random_.Ms(late / std::chrono::milliseconds(1));
    Tell(told, [this, claim] { directory_.Put(SourceKind::kKubernetes, claim); });
    claim.addresses = {life.address};
    const base::Timestamp addressed = told + random_.Ms(500);
    Tell(addressed, [this, claim] { directory_.Put(SourceKind::kKubernetes, claim); });
    const base::Timestamp ended = std::max(addressed, life.until) + random_.Ms(late / std::chrono::milliseconds(1));
    Tell(ended, [this, claim, ended] { directory_.End(SourceKind::kKubernetes, claim.id, ended); });
  }

  // Lets all news arrive; after each, `ask` may ask about what was before.
  void Run(const std::function<void(base::Timestamp now)>& ask = {}) {
    for (const auto& [when, tell] : news_) {
      if (ask) ask(when - base::Duration(1));
      now_ = when;
      tell();
      if (ask) ask(when);
    }
    now_ += std::chrono::minutes(1);
  }

  const Life* HolderAt(const model::IpAddress& address, base::Timestamp at) const {
    const auto found = std::ranges::find_if(
        lives_, [&](const Life& life) { return life.address == address && life.from <= at && at < life.until; });
    return found == lives_.end() ? nullptr : &*found;
  }

  static std::string NameOf(const model::Identity& who) { return who.pod.empty() ? who.container : who.pod; }

  // Every life at its first and last moment and at some in between.
  void ExpectAllNamed() {
    for (const Life& life : lives_) {
      const auto length = (life.until - life.from).count();
      for (const int64_t part : {int64_t{0}, random_.Below(length), random_.Below(length), length - 1}) {
        const base::Timestamp at = life.from + base::Duration(part);
        const auto answer = directory_.HolderOf({life.address, 80, model::Transport::kTcp, 0}, {}, at, now_);
        ASSERT_TRUE(answer.settled);
        ASSERT_NE(answer.identity, nullptr);
        EXPECT_EQ(NameOf(*answer.identity), life.name)
            << life.address.ToString() << " at " << (at - kStart).count() / 1e9 << ", of "
            << (life.from - kStart).count() / 1e9 << " to " << (life.until - kStart).count() / 1e9;
      }
    }
  }

  // What is said to be settled is right, or at least not another's: the first digits of its own id.
  void ExpectNobodyMisnamed(base::Timestamp now) {
    for (int i = 0; i < kAddresses; ++i) {
      const model::IpAddress address = Ip("172.17.0." + std::to_string(2 + i));
      const base::Timestamp at = now - random_.Ms(4000);
      const Life* life = HolderAt(address, at);
      if (life == nullptr) continue;
      const auto answer = directory_.HolderOf({address, 80, model::Transport::kTcp, 0}, {}, at, now);
      if (!answer.settled) continue;
      ASSERT_NE(answer.identity, nullptr);
      const std::string name = NameOf(*answer.identity);
      EXPECT_TRUE(name == life->name || (now >= at + Directory::kSettle && name == life->id.substr(0, 12)))
          << name << " for " << life->name << " at " << (at - kStart).count() / 1e9 << ", asked at "
          << (now - kStart).count() / 1e9;
    }
  }

  Random random_;
  std::vector<Life> lives_;
  std::multimap<base::Timestamp, std::function<void()>> news_;
};

TEST_P(MisnamingTest, ContainersWithTheHostAtOnceAndDockerLate) {
  directory_.SetActive(SourceKind::kHost, true);
  directory_.SetActive(SourceKind::kDocker, true);
  for (const Life& life : lives_) {
    TellHost(life, {}, {}, false);
    TellDocker(life, std::chrono::milliseconds(2000));
  }
  Run([this](base::Timestamp now) { ExpectNobodyMisnamed(now); });
  ExpectAllNamed();
}

TEST_P(MisnamingTest, PodsWithTheHostAtOnceAndKubernetesLate) {
  directory_.SetActive(SourceKind::kHost, true);
  directory_.SetActive(SourceKind::kKubernetes, true);
  for (const Life& life : lives_) {
    TellHost(life, {}, {}, true);
    TellKubernetes(life, std::chrono::milliseconds(2500));
  }
  Run([this](base::Timestamp now) { ExpectNobodyMisnamed(now); });
  ExpectAllNamed();
}

TEST_P(MisnamingTest, ContainersWithTheHostLateAndDockerExact) {
  for (const Life& life : lives_) {
    TellHost(life, random_.Ms(300), random_.Ms(300), false);
    TellDocker(life, std::chrono::milliseconds(1));
  }
  Run();
  ExpectAllNamed();
}

TEST_P(MisnamingTest, ContainersThatOnlyDockerTellsOf) {
  for (const Life& life : lives_) {
    Claim claim = Docker(life.id, life.name, 0, {life.address});
    claim.since = life.from;
    Tell(life.from + random_.Ms(3000), [this, claim] { directory_.Put(SourceKind::kDocker, claim); });
    Tell(life.until + std::chrono::milliseconds(3000) + random_.Ms(1000),
         [this, claim, life] { directory_.End(SourceKind::kDocker, claim.id, life.until); });
  }
  Run();
  ExpectAllNamed();
}

TEST_P(MisnamingTest, TheSavedStateNamesAllAsBefore) {
  for (const Life& life : lives_) {
    TellHost(life, {}, {}, true);
    TellKubernetes(life, std::chrono::milliseconds(2500));
  }
  Run();
  Directory loaded({});
  ASSERT_TRUE(loaded.Load(directory_.Save(now_)));
  for (const Life& life : lives_) {
    const base::Timestamp at = life.from + (life.until - life.from) / 2;
    const auto answer = loaded.HolderOf({life.address, 80, model::Transport::kTcp, 0}, {}, at, at);
    ASSERT_TRUE(answer.settled);
    ASSERT_NE(answer.identity, nullptr);
    EXPECT_EQ(NameOf(*answer.identity), life.name);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, MisnamingTest, testing::Range(1u, 21u));

}  // namespace
}  // namespace quaywatch::enrich
