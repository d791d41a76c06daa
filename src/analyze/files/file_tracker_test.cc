// SPDX-License-Identifier: Apache-2.0
#include "analyze/files/file_tracker.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "analyze/files/record.h"

namespace quaywatch::analyze::files {
namespace {

class FileTrackerTest : public testing::Test, public model::RecordSink {
 protected:
  FileTrackerTest() {
    flow_.uid = model::Uid::Make('C', {1, 1});
    flow_.local_resp = true;
  }

  void Write(const model::Schema& schema, const void* record, model::Clone) override {
    if (&schema != &FileRecord::Schema()) return others_.emplace_back(schema.name()), void();
    records_.push_back(*static_cast<const FileRecord*>(record));
  }
  void WriteOnce(const model::Schema&, std::shared_ptr<const void>, std::string, base::Duration) override {}

  std::unique_ptr<File> Open(const FileOrigin& origin = {.source = "HTTP", .from = model::Direction::kResp}) {
    return MakeFile(origin, flow_, ++ordinal_, surroundings_);
  }

  std::vector<FileRecord> records_;
  std::vector<std::string> others_;  // logs of records that are not of files
  model::FlowInfo flow_;
  base::Timestamp now_ = base::FromUnixNanos(1'700'000'000'000'000'000);
  Surroundings surroundings_{now_, *this, {}};
  uint32_t ordinal_ = 0;
};

TEST_F(FileTrackerTest, CountsAndTypes) {
  auto file = Open();
  EXPECT_EQ(file->fuid().view()[0], 'F');
  file->Data(base::AsBytes("<html>"));
  now_ += std::chrono::seconds(1);
  file->Data(base::AsBytes("</html>"));
  EXPECT_EQ(file->mime_type(), "");
  file->End();
  EXPECT_EQ(file->mime_type(), "text/html");
  file.reset();
  ASSERT_EQ(records_.size(), 1u);
  EXPECT_EQ(records_[0].seen_bytes, 13u);
  EXPECT_EQ(records_[0].duration, std::chrono::seconds(1));
  EXPECT_FALSE(records_[0].timedout);
  EXPECT_TRUE(records_[0].local_orig);
}

TEST_F(FileTrackerTest, ARecordForEachFlow) {
  auto file = Open();
  file->Data(base::AsBytes("abc"));
  model::FlowInfo other = flow_;
  other.uid = model::Uid::Make('C', {2, 2});
  file->AddFlow(flow_);
  file->AddFlow(other);
  file->AddFlow(other);
  file.reset();
  ASSERT_EQ(records_.size(), 2u);
  EXPECT_EQ(records_[0].uid, flow_.uid);
  EXPECT_EQ(records_[1].uid, other.uid);
  EXPECT_EQ(records_[1].fuid, records_[0].fuid);
  EXPECT_EQ(records_[1].seen_bytes, 3u);
}

TEST_F(FileTrackerTest, NothingSeenNothingWritten) {
  Open()->End();
  EXPECT_TRUE(records_.empty());
}

TEST_F(FileTrackerTest, AnnouncedLengthEndsIt) {
  auto file = Open({.source = "HTTP", .total_bytes = 10});
  file->Data(base::AsBytes("{\"a\": 1234"));
  EXPECT_EQ(file->mime_type(), "text/json");
  file->Data(base::AsBytes("beyond"));
  file.reset();
  EXPECT_EQ(records_[0].seen_bytes, 10u);
  EXPECT_FALSE(records_[0].timedout);
}

TEST_F(FileTrackerTest, RangesInAnyOrder) {
  auto file = Open();
  file->DataAt(5, base::AsBytes("56789"));
  file->DataAt(12, base::AsBytes("c"));
  file->DataAt(0, base::AsBytes("0123456"));
  file->End();
  file.reset();
  EXPECT_EQ(records_[0].seen_bytes, 11u);
  EXPECT_EQ(records_[0].missing_bytes, 2u);
  EXPECT_EQ(records_[0].mime_type, "text/plain");
}

TEST_F(FileTrackerTest, OverflowGivesUpGaps) {
  auto file = Open();
  const std::string block(kReorderLimit / 2 + 1, 'x');
  file->DataAt(10, base::AsBytes(block));
  file->DataAt(10 + block.size(), base::AsBytes(block));
  file->DataAt(20 + 2 * block.size(), base::AsBytes("x"));
  file->End();
  file.reset();
  EXPECT_EQ(records_[0].overflow_bytes, 10u);
  EXPECT_EQ(records_[0].missing_bytes, 20u);
  EXPECT_EQ(records_[0].seen_bytes, 2 * block.size() + 1);
  EXPECT_FALSE(records_[0].mime_type.has_value());
}

TEST_F(FileTrackerTest, GapLeavesTypeOfWhatCameBefore) {
  auto file = Open();
  file->Data(base::AsBytes("<html><body>"));
  file->Gap(100);
  file->Data(base::AsBytes("more"));
  file->End();
  file.reset();
  EXPECT_EQ(records_[0].mime_type, "text/html");
  EXPECT_EQ(records_[0].missing_bytes, 100u);
  EXPECT_EQ(records_[0].seen_bytes, 16u);
}

TEST_F(FileTrackerTest, SilenceTimesOut) {
  auto file = Open();
  file->Data(base::AsBytes("first part"));
  now_ += std::chrono::seconds(1);
  file->Data(base::AsBytes("!"));
  now_ += std::chrono::seconds(241);
  file->Data(base::AsBytes("second part"));
  file->End();
  file.reset();
  ASSERT_EQ(records_.size(), 2u);
  EXPECT_TRUE(records_[0].timedout);
  EXPECT_EQ(records_[0].seen_bytes, 11u);
  EXPECT_FALSE(records_[1].timedout);
  EXPECT_EQ(records_[1].seen_bytes, 11u);
  EXPECT_EQ(records_[0].fuid, records_[1].fuid);
}

TEST_F(FileTrackerTest, NeverEndedIsTimedOut) {
  Open()->Data(base::AsBytes("some text here"));
  ASSERT_EQ(records_.size(), 1u);
  EXPECT_TRUE(records_[0].timedout);
  EXPECT_EQ(records_[0].mime_type, "text/plain");
}

TEST_F(FileTrackerTest, Hashes) {
  auto file = Open({.source = "SSL", .mime_type = "application/ocsp-response", .want_sha1 = true, .want_sha256 = true});
  file->Data(base::AsBytes("a"));
  file->Data(base::AsBytes("bc"));
  file->End();
  file.reset();
  EXPECT_EQ(records_[0].sha1, "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(records_[0].sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_FALSE(records_[0].md5.has_value());
  EXPECT_EQ(records_[0].analyzers.items, std::vector<std::string_view>{"OCSP_REPLY"});
}

// The same bytes cut anywhere are the same file.
TEST_F(FileTrackerTest, CutAnywhere) {
  std::string text = "<!DOCTYPE html>" + std::string(kSniffLimit, 'x');
  for (const size_t step : {size_t{1}, size_t{7}, kSniffLimit - 1, kSniffLimit, text.size()}) {
    auto file = Open();
    for (size_t at = 0; at < text.size(); at += step)
      file->Data(base::AsBytes(std::string_view(text).substr(at, step)));
    EXPECT_EQ(file->mime_type(), "text/html") << step;
    file->End();
    file.reset();
    EXPECT_EQ(records_.back().seen_bytes, text.size());
  }
}

}  // namespace
}  // namespace quaywatch::analyze::files
