// SPDX-License-Identifier: Apache-2.0
#include "analyze/redis/parse.h"

#include <gtest/gtest.h>

#include "analyze/fake_context.h"

namespace quaywatch::analyze::redis {
extern const AnalyzerSpec kSpec;
namespace {

using model::Direction;

std::string ReplyText(std::string_view bytes) {
  ReplyParser parser;
  base::Bytes in = base::AsBytes(bytes);
  Reply reply;
  switch (parser.Next(in, reply)) {
    case Parsed::kDone:
      return in.empty() ? reply.text : "bytes left";
    case Parsed::kMore:
      return "more";
    case Parsed::kBroken:
      break;
  }
  return "broken";
}

TEST(RedisReply, Values) {
  EXPECT_EQ(ReplyText("+OK\r\n"), "OK");
  EXPECT_EQ(ReplyText("$0\r\n\r\n"), "");
  EXPECT_EQ(ReplyText("$-1\r\n"), "null");
  EXPECT_EQ(ReplyText("*-1\r\n"), "null");
  EXPECT_EQ(ReplyText("*0\r\n"), "[]");
  EXPECT_EQ(ReplyText("*2\r\n*1\r\n:1\r\n*0\r\n"), "[[1], []]");
  EXPECT_EQ(ReplyText("%2\r\n+a\r\n:1\r\n+b\r\n_\r\n"), "{a: 1, b: null}");
  EXPECT_EQ(ReplyText("*3\r\n:1\r\n:2\r\n|1\r\n+ttl\r\n:3600\r\n:3\r\n"), "[1, 2, 3]");
  EXPECT_EQ(ReplyText("$3\r\na\r\n\r\n"), "a\r\n");
}

TEST(RedisReply, Broken) {
  EXPECT_EQ(ReplyText("HTTP/1.1 200 OK\r\n"), "broken");
  EXPECT_EQ(ReplyText(":x\r\n"), "broken");
  EXPECT_EQ(ReplyText("$3\r\nabcd\r\n"), "broken");
  EXPECT_EQ(ReplyText("$-2\r\n"), "broken");
  EXPECT_EQ(ReplyText("*99999999\r\n"), "broken");
  EXPECT_EQ(ReplyText("#x\r\n"), "broken");
  std::string deep;
  for (size_t i = 0; i <= kMaxDepth; ++i) deep += "*1\r\n";
  EXPECT_EQ(ReplyText(deep), "broken");
}

TEST(RedisReply, OnlyTheBeginningOfLongTextsIsKept) {
  const std::string text(3'000'000, 'x');
  EXPECT_EQ(ReplyText("$3000000\r\n" + text + "\r\n").size(), kMaxShown);
  EXPECT_EQ(ReplyText("+" + text.substr(0, 100'000) + "\r\n").size(), kMaxShown);
  EXPECT_EQ(ReplyText("*2\r\n$5000\r\n" + text.substr(0, 5000) + "\r\n:1\r\n").size(), kMaxShown);
}

TEST(RedisCommand, InlineWords) {
  std::array<std::string_view, kMaxArguments> words;
  EXPECT_EQ(SplitInline(" set  k \"a b\" 'c\\' d' e", words), 5u);
  EXPECT_EQ(words[0], "set");
  EXPECT_EQ(words[2], "\"a b\"");
  EXPECT_EQ(words[3], "'c\\' d'");
  EXPECT_EQ(SplitInline("  ", words), 0u);
  EXPECT_EQ(SplitInline("\"open", words), 1u);
}

TEST(RedisCommand, KeysAndValues) {
  const auto command = MakeCommand({"BitOp", "AND", "dest", "key"}, 4);
  EXPECT_EQ(command.name, "BitOp");
  EXPECT_EQ(command.key, "dest");
  EXPECT_FALSE(command.value);
  EXPECT_FALSE(MakeCommand({"set"}, 1).key);
  EXPECT_FALSE(MakeCommand({"sets", "a", "b"}, 3).key);
}

struct Flow {
  void Client(std::string_view bytes) { analyzer->OnStream(Direction::kOrig, base::AsBytes(bytes)); }
  void Server(std::string_view bytes) { analyzer->OnStream(Direction::kResp, base::AsBytes(bytes)); }
  FakeContext context{kSpec};
  std::unique_ptr<Analyzer> analyzer = kSpec.make(context);
};

TEST(Redis, HugeValuesArePassedOver) {
  Flow flow;
  flow.Client("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$50000000\r\n");
  const std::string part(1'000'000, 'v');
  for (int i = 0; i < 50; ++i) flow.Client(part);
  flow.Client("\r\n*1\r\n$4\r\nPING\r\n");
  flow.Server("+OK\r\n+PONG\r\n");
  ASSERT_EQ(flow.context.lines.size(), 2u);
  EXPECT_TRUE(flow.context.lines[0].ends_with("success=T reply.value=OK"));
  EXPECT_LT(flow.context.lines[0].size(), kMaxShown + 300);
}

TEST(Redis, TooManyCommandsWithoutReply) {
  Flow flow;
  for (size_t i = 0; i <= kMaxPending + 1; ++i) flow.Client("PING\r\n");
  EXPECT_EQ(flow.context.weirds, std::vector<std::string>{"Redis_excessive_pipelining"});
  flow.analyzer->OnClose();
  EXPECT_TRUE(flow.context.lines.empty());
}

TEST(Redis, RepliesBeforeTheirCommands) {
  Flow flow;
  flow.Server("+1\r\n");
  flow.Client("PING\r\n");
  flow.Server("+2\r\n+3\r\n");
  flow.Client("PING\r\nPING\r\n");
  flow.analyzer->OnClose();
  ASSERT_EQ(flow.context.lines.size(), 4u);
  EXPECT_TRUE(flow.context.lines[0].ends_with("cmd.name=PING success=T reply.value=1"));
}

TEST(Redis, SomethingElse) {
  Flow flow;
  flow.Client("GET / HTTP/1.1\r\n");
  flow.Server("HTTP/1.1 400 Bad Request\r\n");
  EXPECT_TRUE(flow.context.violated);
  EXPECT_FALSE(flow.context.confirmed);
  flow.analyzer->OnClose();
  EXPECT_TRUE(flow.context.lines.empty());
}

TEST(Redis, Probe) {
  const auto probe = [](std::string_view client, std::string_view server) {
    return kSpec.probe_tcp({base::AsBytes(client), base::AsBytes(server)});
  };
  EXPECT_EQ(probe("*1\r\n$4\r\nPING\r\n", "+PONG\r\n"), ProbeResult::kYes);
  EXPECT_EQ(probe("*1\r\n$4\r\nPI", ""), ProbeResult::kMore);
  EXPECT_EQ(probe("", "+OK POP3 ready\r\n"), ProbeResult::kMore);
  EXPECT_EQ(probe("USER me\r\n", "+OK POP3 ready\r\n"), ProbeResult::kNo);
  EXPECT_EQ(probe("*1\r\n$4\r\nPING\r\n", "HTTP"), ProbeResult::kNo);
}

}  // namespace
}  // namespace quaywatch::analyze::redis
