// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "emit/log_writer.h"

namespace quaywatch::emit {
namespace {

constexpr base::Timestamp kTime = base::FromUnixNanos(1'769'860'800'123'456'789);

struct Conn {
  base::Timestamp ts = kTime;
  model::Uid uid = model::Uid::Make('C', {1, 2});
  model::FlowId id;
  model::Enum proto{"tcp"};
  std::optional<std::string> service;
  std::optional<base::Duration> duration;
  std::optional<uint64_t> orig_bytes;
  std::optional<uint64_t> resp_bytes;
  std::string conn_state = "SF";

  static const model::Schema& Schema() {
    using R = Conn;
    using model::Col;
    static const model::Schema schema(
        "conn", "",
        model::Columns(model::ConnColumns<R>(), Col<&R::proto>("proto", ""), Col<&R::service>("service", ""),
                       Col<&R::duration>("duration", ""), Col<&R::orig_bytes>("orig_bytes", ""),
                       Col<&R::resp_bytes>("resp_bytes", ""), Col<&R::conn_state>("conn_state", "")));
    return schema;
  }
};

struct Other {
  base::Timestamp ts = kTime;
  model::Uid uid = model::Uid::Make('C', {1, 2});
  std::string text;
  std::optional<uint64_t> size;
  bool flag = false;
  std::vector<std::string> names;
  uint64_t kind = 0;
  std::optional<std::string> kind_name;

  static const model::Schema& Schema() {
    using R = Other;
    using model::Col;
    static const model::Schema schema(
        "other", "",
        model::Columns(Col<&R::ts>("ts", ""), Col<&R::uid>("uid", ""), Col<&R::text>("text", ""),
                       Col<&R::size>("size", "", "bytes"), Col<&R::flag>("flag", ""), Col<&R::names>("names", ""),
                       Col<&R::kind>("kind", ""), Col<&R::kind_name>("kind_name", "")));
    return schema;
  }
};

model::FlowId Id(std::string_view from, uint16_t from_port, std::string_view to, uint16_t to_port) {
  return {*model::IpAddress::Parse(from), *model::IpAddress::Parse(to), {from_port}, {to_port}};
}

template <typename Record>
std::string Line(const Record& record, bool color = false) {
  Formatter formatter({.format = Format::kTable, .log_dir = {}, .logs = {}, .color = color});
  formatter.Write(Record::Schema(), &record);
  return formatter.Take().at(0).text;
}

TEST(Table, Conversation) {
  EXPECT_EQ(Line(Conn{.id = Id("10.0.0.7", 50120, "10.0.0.9", 5432),
                      .service = "postgresql",
                      .duration = base::Duration(1'234'000'000),
                      .orig_bytes = 525,
                      .resp_bytes = 1'260'000}),
            "2026-01-31 12:00:00.123  conn          10.0.0.7:50120 → 10.0.0.9:5432          tcp  postgresql  1.23 s  "
            "525 B sent, 1.3 MB received  SF (closed)\n");
}

TEST(Table, IcmpHasTypeAndCodeInsteadOfPorts) {
  const std::string line = Line(Conn{.id = Id("fe80::1", 135, "fe80::2", 0), .proto = {"icmp"}, .conn_state = "OTH"});
  EXPECT_NE(line.find(" fe80::1 → fe80::2 "), std::string::npos) << line;
  EXPECT_NE(line.find("  icmp  type 135 code 0  OTH (seen midway)\n"), std::string::npos) << line;
}

TEST(Table, LinesStayUnderEachOther) {
  Formatter formatter({.format = Format::kTable, .log_dir = {}, .logs = {}});
  const Conn wide{.id = Id("2001:db8:1111:2222:3333:4444:5555:6666", 50120, "10.0.0.9", 80)};
  const Conn narrow{.id = Id("10.0.0.7", 1, "10.0.0.9", 80)};
  formatter.Write(Conn::Schema(), &wide);
  formatter.Write(Conn::Schema(), &narrow);
  const std::string text = formatter.Take().at(0).text;
  const size_t second = text.find('\n') + 1;
  EXPECT_EQ(text.find("→"), text.find("→", second) - second);
  EXPECT_NE(text.find("[2001:db8:1111:2222:3333:4444:5555:6666]:50120 → "), std::string::npos) << text;
}

TEST(Table, OtherLogsNameWhatIsSet) {
  const std::string line =
      Line(Other{.text = "a b", .size = 1500, .flag = true, .names = {"x", "y"}, .kind = 28, .kind_name = "AAAA"});
  EXPECT_EQ(line.substr(line.find("  text")), "  text=a b  size=1.5 kB  flag  names=x,y  kind_name=AAAA\n");
  const std::string bare = Line(Other{.size = 0});
  EXPECT_EQ(bare.find('='), std::string::npos) << bare;
}

TEST(Table, LongAndHostileTexts) {
  const std::string line = Line(Other{.text = "\x1b[31m" + std::string(100, 'x') + "\n"});
  EXPECT_EQ(line.find('\x1b'), std::string::npos);
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  EXPECT_TRUE(line.ends_with("x…\n")) << line;
  EXPECT_LT(line.size(), 200u);
}

TEST(Table, ColorOnlyIfAskedFor) {
  EXPECT_EQ(Line(Conn{}).find('\x1b'), std::string::npos);
  EXPECT_NE(Line(Conn{}, true).find("\x1b[36mconn\x1b[0m"), std::string::npos);
}

TEST(Table, AllLogsInOneBlockInTheOrderOfWriting) {
  Formatter formatter({.format = Format::kJson, .log_dir = {}, .logs = {}});
  const Conn conn;
  const Other other;
  formatter.Write(Conn::Schema(), &conn);
  formatter.Write(Other::Schema(), &other);
  formatter.Write(Conn::Schema(), &conn);
  const auto blocks = formatter.Take();
  ASSERT_EQ(blocks.size(), 1u);
  EXPECT_EQ(blocks[0].schema, nullptr);
  EXPECT_LT(blocks[0].text.find("\"conn\""), blocks[0].text.find("\"other\""));
  EXPECT_LT(blocks[0].text.find("\"other\""), blocks[0].text.rfind("\"conn\""));
}

}  // namespace
}  // namespace quaywatch::emit
