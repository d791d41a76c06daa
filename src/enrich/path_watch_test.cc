// SPDX-License-Identifier: Apache-2.0
#include "enrich/path_watch.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

namespace quaywatch::enrich {
namespace {

using namespace std::chrono_literals;

class PathWatchTest : public testing::Test {
 protected:
  PathWatchTest() {
    char name[] = "/tmp/path_watch_XXXXXX";
    root_ = mkdtemp(name);
  }
  ~PathWatchTest() override { std::filesystem::remove_all(root_); }

  std::filesystem::path root_;
};

TEST_F(PathWatchTest, GivesTheFirstThatExists) {
  std::ofstream(root_ / "b").put('x');
  std::ofstream(root_ / "c").put('x');
  PathWatch watch({root_ / "a", root_ / "b", root_ / "c"});
  EXPECT_EQ(watch.Wait(0s), root_ / "b");
}

TEST_F(PathWatchTest, SaysNothingAfterTheLimit) {
  PathWatch watch({root_ / "a"});
  EXPECT_EQ(watch.Wait(10ms), std::nullopt);
}

TEST_F(PathWatchTest, SeesAFileInDirectoriesThatAreMadeLater) {
  const auto path = root_ / "run" / "containerd" / "socket";
  PathWatch watch({path});
  std::thread maker([&] {
    std::this_thread::sleep_for(20ms);
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path).put('x');
  });
  EXPECT_EQ(watch.Wait(60s), path);
  maker.join();
}

TEST_F(PathWatchTest, SeesDirectoriesThatAreRemovedAndMadeAgain) {
  const auto path = root_ / "run" / "socket";
  std::filesystem::create_directory(root_ / "run");
  PathWatch watch({path});
  std::thread maker([&] {
    std::this_thread::sleep_for(20ms);
    std::filesystem::remove(root_ / "run");
    std::this_thread::sleep_for(20ms);
    std::filesystem::create_directory(root_ / "run");
    std::ofstream(path).put('x');
  });
  EXPECT_EQ(watch.Wait(60s), path);
  maker.join();
}

TEST_F(PathWatchTest, StopEndsAWaitForGood) {
  PathWatch watch({root_ / "a"});
  std::thread stopper([&] {
    std::this_thread::sleep_for(20ms);
    watch.Stop();
  });
  EXPECT_EQ(watch.Wait(1h), std::nullopt);
  stopper.join();
  EXPECT_EQ(watch.Wait(1h), std::nullopt);
}

}  // namespace
}  // namespace quaywatch::enrich
