// SPDX-License-Identifier: Apache-2.0
#include "pipeline/output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace quaywatch::pipeline {
namespace {

using testing::ElementsAre;

struct Line {
  std::string text;
  static const model::Schema& Schema() {
    static const model::Schema schema("line", "For tests", model::Columns(model::Col<&Line::text>("text", "")));
    return schema;
  }
};

struct Other {
  std::string text;
  static const model::Schema& Schema() {
    static const model::Schema schema("other", "For tests", model::Columns(model::Col<&Other::text>("text", "")));
    return schema;
  }
};

base::Timestamp At(int64_t second) { return base::Timestamp(std::chrono::seconds(1'700'000'000 + second)); }

void Write(WorkerSink& sink, const std::string& text) {
  const Line line{text};
  sink.Write(Line::Schema(), &line, {});
}

class WriterTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = std::filesystem::temp_directory_path() / "writer.XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    ways_.push_back({.format = emit::Format::kZeekTsv, .log_dir = folder_});
    auto writer = Writer::Open(ways_);
    ASSERT_TRUE(writer) << writer.error().message;
    writer_ = std::move(*writer);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  // As one worker's output: written if none with this key was, within `window`.
  static OnceRecord Once(uint64_t packet, int64_t second, const std::string& text, const std::string& key,
                         base::Duration window = std::chrono::minutes(10)) {
    return {packet, At(second), &Line::Schema(), std::make_shared<const Line>(text), key, window, {}};
  }
  Output OutputOf(std::vector<OnceRecord> once) const {
    Output output{.blocks = std::vector<std::vector<emit::Block>>(ways_.size()), .once = std::move(once)};
    for (const OnceRecord& record : output.once) output.time = std::max(output.time, record.time);
    return output;
  }
  void Append(std::vector<OnceRecord> first, std::vector<OnceRecord> second = {}) {
    std::vector<Output> outputs;
    outputs.push_back(OutputOf(std::move(first)));
    outputs.push_back(OutputOf(std::move(second)));
    ASSERT_TRUE(writer_->Append(std::move(outputs)));
  }
  std::vector<std::string> Lines(const std::string& log = "line") {
    EXPECT_TRUE(writer_->Close());
    std::ifstream file(folder_ / (log + ".log"));
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) {
      if (!line.starts_with('#')) lines.push_back(line);
    }
    return lines;
  }

  std::filesystem::path folder_;
  std::vector<emit::Options> ways_;
  std::unique_ptr<Writer> writer_;
};

TEST_F(WriterTest, OnceWithinTheWindow) {
  Append({Once(1, 0, "a", "k"), Once(2, 1, "b", "k"), Once(3, 599, "c", "k"), Once(4, 600, "d", "k")});
  EXPECT_THAT(Lines(), ElementsAre("a", "d"));
}

TEST_F(WriterTest, WhatWasLeftOutDoesNotMakeTheWindowLonger) {
  Append({Once(1, 0, "a", "k"), Once(2, 599, "b", "k")});
  Append({Once(3, 601, "c", "k")});
  EXPECT_THAT(Lines(), ElementsAre("a", "c"));
}

TEST_F(WriterTest, EachKeyHasItsOwnWindow) {
  Append({Once(1, 0, "a", "day", std::chrono::hours(24)), Once(2, 0, "b", "minutes"), Once(3, 3600, "c", "day"),
          Once(4, 3600, "d", "minutes")});
  EXPECT_THAT(Lines(), ElementsAre("a", "b", "d"));
}

TEST_F(WriterTest, TheEarliestPacketOfAllWorkersCounts) {
  Append({Once(5, 2, "late", "k"), Once(6, 2, "only here", "x")}, {Once(4, 1, "early", "k"), Once(7, 3, "y", "y")});
  EXPECT_THAT(Lines(), ElementsAre("early", "only here", "y"));
}

TEST_F(WriterTest, LogsDoNotShareKeys) {
  OnceRecord other = Once(2, 0, "", "k");
  other.schema = &Other::Schema();
  other.record = std::make_shared<const Other>("b");
  Append({Once(1, 0, "a", "k"), other});
  EXPECT_THAT(Lines(), ElementsAre("a"));
  EXPECT_THAT(Lines("other"), ElementsAre("b"));
}

TEST_F(WriterTest, RecordsOfAWorkerKeepTheirOrder) {
  WorkerSink sink(ways_);
  sink.set_position(1, At(1));
  Write(sink, "a");
  Write(sink, "b");
  sink.WriteOnce(Line::Schema(), std::make_shared<const Line>("once"), "k", std::chrono::minutes(1), {});
  EXPECT_GT(sink.size(), 0u);
  std::vector<Output> outputs;
  outputs.push_back(sink.Take());
  EXPECT_EQ(sink.size(), 0u);
  EXPECT_EQ(outputs.front().time, At(1));
  ASSERT_TRUE(writer_->Append(std::move(outputs)));
  EXPECT_THAT(Lines(), ElementsAre("a", "b", "once"));
}

}  // namespace
}  // namespace quaywatch::pipeline
