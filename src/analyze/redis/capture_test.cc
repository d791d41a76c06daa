// SPDX-License-Identifier: Apache-2.0
// Traffic of a real server (testdata/about.md) and what is to be logged of it.
#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>
#include <sstream>

#include "analyze/fake_context.h"

namespace quaywatch::analyze::redis {
extern const AnalyzerSpec kSpec;
namespace {

struct Piece {
  model::Direction from;
  std::string bytes;
};

std::filesystem::path Testdata() {
  for (auto folder = std::filesystem::current_path(); folder.has_relative_path(); folder = folder.parent_path()) {
    const auto found = folder / "src/analyze/redis/testdata";
    if (std::filesystem::exists(found)) return found;
  }
  return "testdata";
}

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// The payload of a little-endian pcap of one TCP connection over Ethernet and IPv4 to port 6379.
std::vector<Piece> ReadCapture(const std::filesystem::path& path) {
  const std::string file = ReadFile(path);
  const auto* at = reinterpret_cast<const uint8_t*>(file.data());
  const uint8_t* end = at + file.size();
  std::vector<Piece> pieces;
  std::array<uint32_t, 2> next{};
  uint16_t client_port = 0;
  for (at += 24; at + 16 <= end;) {
    const uint32_t captured = base::LoadLittle<uint32_t>(at + 8);
    base::Cursor in(base::Bytes(at + 16, captured));
    at += 16 + captured;
    in.Skip(14 + 2);
    const size_t ip_length = in.U16();
    in.Skip(16);
    const uint16_t from_port = in.U16();
    const uint16_t to_port = in.U16();
    const uint32_t sequence = in.U32();
    in.Skip(4);
    const size_t header = (in.U8() >> 4) * 4;
    const bool syn = (in.U8() & 2) != 0;
    in.Skip(header - 14);
    const bool from_client = to_port == 6379;
    if (client_port == 0) client_port = from_port;
    if ((from_client ? from_port : to_port) != client_port) continue;  // redis-cli's own connection
    if (syn) next[from_client] = sequence + 1;
    const std::string_view payload = base::AsText(in.Take(ip_length - 20 - header));
    const uint32_t seen = next[from_client] - sequence;  // sent again
    if (syn || seen >= payload.size()) continue;
    pieces.push_back(
        {from_client ? model::Direction::kOrig : model::Direction::kResp, std::string(payload.substr(seen))});
    next[from_client] = sequence + static_cast<uint32_t>(payload.size());
  }
  return pieces;
}

std::string LogOf(const std::vector<Piece>& pieces, const std::function<size_t()>& next_cut) {
  FakeContext context(kSpec);
  const auto analyzer = kSpec.make(context);
  for (const Piece& piece : pieces) {
    std::string_view left = piece.bytes;
    while (!left.empty()) {
      const std::string_view part = left.substr(0, next_cut());
      left.remove_prefix(part.size());
      analyzer->OnStream(piece.from, base::AsBytes(part));
    }
  }
  analyzer->OnClose();
  EXPECT_FALSE(context.violated);
  std::string lines;
  for (const std::string& line : context.lines) {
    const size_t columns = line.find(" id.resp_p=80") + 14;
    lines += line.substr(std::min(columns, line.size())) + "\n";
  }
  return lines;
}

class RedisCapture : public testing::TestWithParam<const char*> {};

TEST_P(RedisCapture, IsLoggedAsExpected) {
  const std::filesystem::path testdata = Testdata();
  const std::vector<Piece> pieces = ReadCapture(testdata / (std::string(GetParam()) + ".pcap"));
  ASSERT_FALSE(pieces.empty());
  const std::string expected = ReadFile(testdata / (std::string(GetParam()) + ".expected"));
  ASSERT_FALSE(expected.empty());
  EXPECT_EQ(LogOf(pieces, [] { return std::string::npos; }), expected);
  EXPECT_EQ(LogOf(pieces, [] { return size_t{1}; }), expected);
  std::mt19937 random(7);
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(LogOf(pieces, [&random] { return random() % 9 + 1; }), expected);
  }
}

INSTANTIATE_TEST_SUITE_P(Testdata, RedisCapture, testing::Values("replies", "resp3", "pubsub", "pipeline"));

}  // namespace
}  // namespace quaywatch::analyze::redis
