// SPDX-License-Identifier: Apache-2.0
#include "emit/log_writer.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "emit/output_file.h"

namespace quaywatch::emit {
namespace {

struct Sample {
  base::Timestamp ts;
  model::Set<std::string> names;
  std::vector<base::Duration> ttls;

  static const model::Schema& Schema() {
    using model::Col;
    static const model::Schema schema(
        "sample", "For tests",
        model::Columns(Col<&Sample::ts>("ts", ""), Col<&Sample::names>("names", ""), Col<&Sample::ttls>("ttls", "")));
    return schema;
  }
};

std::string Contents(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

class LogWriterTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = std::filesystem::temp_directory_path() / "log_writer.XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path folder_;
};

constexpr base::Timestamp kFirst = base::FromUnixNanos(1'300'475'167'096'535'000);
constexpr base::Timestamp kLast = base::FromUnixNanos(1'300'475'173'000'000'000);

TEST_F(LogWriterTest, HeaderRecordsFooter) {
  const Options options{.format = Format::kZeekTsv, .log_dir = folder_ / "new" / "logs", .logs = {}};
  auto writer = LogWriter::Open(options);
  ASSERT_TRUE(writer) << writer.error().message;
  EXPECT_TRUE(std::filesystem::is_empty(options.log_dir));
  for (int i = 0; i < 2; ++i) ASSERT_TRUE((*writer)->Append({&Sample::Schema(), "line\n"}, kFirst));
  ASSERT_TRUE((*writer)->Close(kLast));
  EXPECT_EQ(Contents(options.log_dir + "/sample.log"),
            "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tsample\n"
            "#open\t2011-03-18-19-06-07\n#fields\tts\tnames\tttls\n#types\ttime\tset[string]\tvector[interval]\n"
            "line\nline\n#close\t2011-03-18-19-06-13\n");
}

TEST_F(LogWriterTest, EarlierRunIsOverwritten) {
  std::ofstream(folder_ / "sample.log") << std::string(100'000, 'x');
  auto writer = LogWriter::Open({.format = Format::kJson, .log_dir = folder_, .logs = {}});
  ASSERT_TRUE(writer);
  ASSERT_TRUE((*writer)->Append({&Sample::Schema(), "{}\n"}, kFirst));
  ASSERT_TRUE((*writer)->Close(kLast));
  EXPECT_EQ(Contents(folder_ / "sample.log"), "{}\n");
}

TEST_F(LogWriterTest, FolderThatIsAFile) {
  std::ofstream(folder_ / "file") << "x";
  for (const char* name : {"file", "file/below"}) {
    const auto writer = LogWriter::Open({.format = Format::kZeekTsv, .log_dir = folder_ / name, .logs = {}});
    ASSERT_FALSE(writer);
    EXPECT_NE(writer.error().message.find((folder_ / name).string()), std::string::npos) << writer.error().message;
    EXPECT_NE(writer.error().message.find("Not a directory"), std::string::npos) << writer.error().message;
  }
}

TEST_F(LogWriterTest, FullDevice) {
  if (::access("/dev/full", W_OK) != 0) GTEST_SKIP() << "no /dev/full";
  std::filesystem::create_symlink("/dev/full", folder_ / "sample.log");
  auto writer = LogWriter::Open({.format = Format::kZeekTsv, .log_dir = folder_, .logs = {}});
  ASSERT_TRUE(writer);
  (void)(*writer)->Append({&Sample::Schema(), "line\n"}, kFirst);
  const auto closed = (*writer)->Close(kLast);
  ASSERT_FALSE(closed);
  EXPECT_NE(closed.error().message.find((folder_ / "sample.log").string()), std::string::npos);
  EXPECT_NE(closed.error().message.find("No space left"), std::string::npos) << closed.error().message;
}

// A limit on the file's size stands for the disk that is full in the middle of a line.
TEST_F(LogWriterTest, WhatFittedStaysInWholeLines) {
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  auto file = OutputFile::Create(folder_ / "log");
  ASSERT_TRUE(file);
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit limit{105, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
  std::string lines;
  for (int i = 0; i < 20; ++i) lines += "123456789\n";
  ASSERT_TRUE((*file)->Write(lines));
  const auto flushed = (*file)->Flush();
  const auto again = (*file)->Write(std::string(100'000, 'x'));
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, old_handler);
  ASSERT_FALSE(flushed);
  ASSERT_FALSE(again);
  EXPECT_EQ(flushed.error().message, again.error().message);
  EXPECT_EQ(Contents(folder_ / "log"), lines.substr(0, 100));
}

}  // namespace
}  // namespace quaywatch::emit
