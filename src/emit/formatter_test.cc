// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <limits>

#include "emit/log_writer.h"

namespace quaywatch::emit {
namespace {

struct Sample {
  base::Timestamp ts = base::FromUnixNanos(1'300'475'167'096'535'000);
  model::Uid uid = model::Uid::Make('C', {1, 2});
  std::optional<std::string> text;
  std::optional<model::Enum> word;
  std::optional<uint64_t> count;
  std::optional<int64_t> integer;
  std::optional<double> real;
  std::optional<base::Duration> duration;
  std::optional<bool> flag;
  std::optional<model::IpAddress> address;
  std::optional<model::Port> port;
  std::optional<model::Set<std::string>> set;
  std::optional<std::vector<base::Duration>> intervals;
  std::optional<std::vector<std::string>> strings;

  static const model::Schema& Schema() {
    using R = Sample;
    using model::Col;
    static const model::Schema schema(
        "sample", "For tests",
        model::Columns(Col<&R::ts>("ts", ""), Col<&R::uid>("uid", ""), Col<&R::text>("text", ""),
                       Col<&R::word>("word", ""), Col<&R::count>("count", ""), Col<&R::integer>("integer", ""),
                       Col<&R::real>("real", ""), Col<&R::duration>("duration", ""), Col<&R::flag>("flag", ""),
                       Col<&R::address>("id.address", ""), Col<&R::port>("id.port", ""), Col<&R::set>("set", ""),
                       Col<&R::intervals>("intervals", ""), Col<&R::strings>("strings", "")));
    return schema;
  }
};

std::string Line(Format format, const Sample& sample) {
  Formatter formatter({.format = format, .log_dir = {}, .logs = {}});
  formatter.Write(Sample::Schema(), &sample);
  const auto blocks = formatter.Take();
  return blocks.size() == 1 ? blocks[0].text : "no block";
}

// The column as text, by its place after ts and uid.
std::string TsvColumn(const Sample& sample, int column) {
  const std::string line = Line(Format::kZeekTsv, sample);
  size_t at = 0;
  for (int i = 0; i < column + 2; ++i) at = line.find('\t', at) + 1;
  return line.substr(at, line.find_first_of("\t\n", at) - at);
}

std::string TsvText(std::string_view text) { return TsvColumn({.text = std::string(text)}, 0); }
std::string TsvReal(double real) { return TsvColumn({.real = real}, 4); }
std::string TsvDuration(int64_t nanos) { return TsvColumn({.duration = base::Duration(nanos)}, 5); }

std::string JsonAfterUid(Format format, const Sample& sample) {
  const std::string line = Line(format, sample);
  return line.substr(line.find(sample.uid.view()) + model::Uid::kLength + 1);
}

TEST(Tsv, UnsetColumns) {
  const Sample sample;
  EXPECT_EQ(Line(Format::kZeekTsv, sample),
            "1300475167.096535\t" + std::string(sample.uid.view()) + "\t-\t-\t-\t-\t-\t-\t-\t-\t-\t-\t-\t-\n");
}

TEST(Tsv, EveryType) {
  const Sample sample{.text = "GET /",
                      .word = model::Enum{"tcp"},
                      .count = 18446744073709551615ull,
                      .integer = std::numeric_limits<int64_t>::min(),
                      .real = 0.5,
                      .duration = base::Duration(-1'500'000),
                      .flag = true,
                      .address = model::IpAddress::Parse("2001:db8::1"),
                      .port = model::Port{65535},
                      .set = model::Set<std::string>{{"a", "b"}},
                      .intervals = std::vector<base::Duration>{base::Duration(0), base::Duration(60'000'000'000)},
                      .strings = std::vector<std::string>{"x"}};
  const std::string line = Line(Format::kZeekTsv, sample);
  EXPECT_EQ(line.substr(line.find("GET")),
            "GET /\ttcp\t18446744073709551615\t-9223372036854775808\t0.5\t-0.001500\tT\t2001:db8::1\t65535\ta,b\t"
            "0.000000,60.000000\tx\n");
}

TEST(Tsv, Escaping) {
  EXPECT_EQ(TsvText(""), "(empty)");
  EXPECT_EQ(TsvText("-"), "\\x2d");
  EXPECT_EQ(TsvText("--"), "--");
  EXPECT_EQ(TsvText("(empty)"), "\\x28empty)");
  EXPECT_EQ(TsvText("a\tb\nc\rd"), "a\\x09b\\x0ac\\x0dd");
  EXPECT_EQ(TsvText(std::string_view("\0\x7f", 2)), "\\x00\\x7f");
  EXPECT_EQ(TsvText("\\\\host\\share"), "\\\\\\\\host\\\\share");
  EXPECT_EQ(TsvText("a,b"), "a,b");
  EXPECT_EQ(TsvText("a long text, all of it printable ~"), "a long text, all of it printable ~");
  EXPECT_EQ(TsvText("a long text with one bad byte at its\x01"), "a long text with one bad byte at its\\x01");
}

TEST(Tsv, Utf8) {
  EXPECT_EQ(TsvText("luca\xe2\x80\x99s"), "luca\xe2\x80\x99s");
  EXPECT_EQ(TsvText("\xf0\x9f\x98\x80"), "\xf0\x9f\x98\x80");
  EXPECT_EQ(TsvText("What\x92s"), "What\\x92s");
  // One bad byte and nothing of the run is taken for UTF-8; a tab or backslash ends the run.
  EXPECT_EQ(TsvText("\xc3\xb1\xff"), "\\xc3\\xb1\\xff");
  EXPECT_EQ(TsvText("\xc3\xb1\r\n"), "\\xc3\\xb1\\x0d\\x0a");
  EXPECT_EQ(TsvText("\xc3\xb1\t\xff"), "\xc3\xb1\\x09\\xff");
  EXPECT_EQ(TsvText("\xc3\xb1\\\xff"), "\xc3\xb1\\\\\\xff");
  // Cut off, overlong, surrogate, too high, control, private use.
  for (const char* bad :
       {"\xe2\x80", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc2\x85", "\xee\x80\x80"}) {
    EXPECT_EQ(TsvText(bad).find_first_of("\x80\xc0\xc2\xe0\xe2\xed\xee\xf4"), std::string::npos) << TsvText(bad);
  }
}

TEST(Tsv, Lists) {
  using Strings = model::Set<std::string>;
  EXPECT_EQ(TsvColumn({.set = Strings{}}, 9), "(empty)");
  EXPECT_EQ(TsvColumn({.set = Strings{{""}}}, 9), "(empty)");
  EXPECT_EQ(TsvColumn({.set = Strings{{"-", "a,b", "c\\"}}}, 9), "\\x2d,a\\x2cb,c\\\\");
}

TEST(Tsv, Doubles) {
  EXPECT_EQ(TsvReal(0), "0.0");
  EXPECT_EQ(TsvReal(3), "3.0");
  EXPECT_EQ(TsvReal(-2.25), "-2.25");
  EXPECT_EQ(TsvReal(0.000015), "0.000015");
  EXPECT_EQ(TsvReal(1e-9), "0.0");
  EXPECT_EQ(TsvReal(1e20), "100000000000000000000.0");
  EXPECT_EQ(TsvReal(std::numeric_limits<double>::max()).size(), 311u);
}

TEST(Tsv, PacketTimeIsCutAndNotRounded) {
  EXPECT_TRUE(Line(Format::kZeekTsv, {.ts = base::FromUnixNanos(1'999'999'999)}).starts_with("1.999999\t"));
  EXPECT_TRUE(Line(Format::kZeekTsv, {.ts = base::FromUnixNanos(-1)}).starts_with("-0.000001\t"));
  EXPECT_TRUE(Line(Format::kZeekJson, {.ts = base::FromUnixNanos(1'999'999'999)}).starts_with("{\"ts\":1.999999,"));
  EXPECT_NE(Line(Format::kJson, {.ts = base::FromUnixNanos(1'999'999'999)}).find("01.999999999Z"), std::string::npos);
}

TEST(Tsv, Intervals) {
  EXPECT_EQ(TsvDuration(0), "0.000000");
  EXPECT_EQ(TsvDuration(1'499), "0.000001");
  EXPECT_EQ(TsvDuration(1'500), "0.000002");
  EXPECT_EQ(TsvDuration(-1'000), "-0.000001");
  EXPECT_EQ(TsvDuration(999'999'999), "1.000000");
  EXPECT_EQ(TsvDuration(std::numeric_limits<int64_t>::min()), "-9223372036.854776");
}

TEST(ZeekJson, EveryType) {
  const Sample sample{.text = "a\"b\\c\n\x01",
                      .word = model::Enum{"tcp"},
                      .count = 7,
                      .integer = -7,
                      .real = 2,
                      .duration = base::Duration(1'500'000'000),
                      .flag = false,
                      .address = model::IpAddress::Parse("10.0.0.1"),
                      .port = model::Port{80},
                      .set = model::Set<std::string>{{"x,y"}},
                      .intervals = std::vector<base::Duration>{},
                      .strings = std::nullopt};
  EXPECT_EQ(JsonAfterUid(Format::kZeekJson, sample),
            ",\"text\":\"a\\\"b\\\\c\\n\\u0001\",\"word\":\"tcp\",\"count\":7,\"integer\":-7,\"real\":2.0,"
            "\"duration\":1.5,\"flag\":false,\"id.address\":\"10.0.0.1\",\"id.port\":80,\"set\":[\"x,y\"],"
            "\"intervals\":[]}\n");
}

TEST(ZeekJson, TimeAndUnset) {
  const Sample sample;
  EXPECT_EQ(Line(Format::kZeekJson, sample),
            "{\"ts\":1300475167.096535,\"uid\":\"" + std::string(sample.uid.view()) + "\"}\n");
  EXPECT_TRUE(Line(Format::kZeekJson, {.ts = base::FromUnixNanos(1'000'000'000)}).starts_with("{\"ts\":1.0,"));
}

TEST(ZeekJson, BytesThatAreNoUtf8) {
  EXPECT_EQ(JsonAfterUid(Format::kZeekJson, {.text = "\xc3\xb1"}), ",\"text\":\"\xc3\xb1\"}\n");
  EXPECT_EQ(JsonAfterUid(Format::kZeekJson, {.text = "\xc3\xb1\xff"}), ",\"text\":\"\\\\xc3\\\\xb1\\\\xff\"}\n");
  EXPECT_EQ(JsonAfterUid(Format::kZeekJson, {.real = std::numeric_limits<double>::infinity()}), ",\"real\":null}\n");
}

TEST(Json, LogNameFirstAndTimeWithNanoseconds) {
  const Sample sample{.ts = base::FromUnixNanos(1'700'000'000'123'456'789)};
  EXPECT_EQ(Line(Format::kJson, sample), "{\"log\":\"sample\",\"ts\":\"2023-11-14T22:13:20.123456789Z\",\"uid\":\"" +
                                             std::string(sample.uid.view()) + "\"}\n");
  EXPECT_NE(Line(Format::kJson, {.ts = base::FromUnixNanos(-1)}).find("1969-12-31T23:59:59.999999999Z"),
            std::string::npos);
}

struct Derived {
  std::string name;

  static std::string Greeting(const Derived& record) { return "hello " + record.name; }
  static const model::Schema& Schema() {
    using model::Col;
    static const model::Schema schema(
        "derived", "",
        model::Columns(model::DerivedCol<Derived, Greeting>("greeting", ""), Col<&Derived::name>("name", "")));
    return schema;
  }
};

TEST(Formatter, DerivedColumnsOnlyInOurJson) {
  const Derived record{"\"x\""};
  const auto line = [&](Format format) {
    Formatter formatter({.format = format, .log_dir = {}, .logs = {}});
    formatter.Write(Derived::Schema(), &record);
    return formatter.Take().at(0).text;
  };
  EXPECT_EQ(line(Format::kJson), "{\"log\":\"derived\",\"greeting\":\"hello \\\"x\\\"\",\"name\":\"\\\"x\\\"\"}\n");
  EXPECT_EQ(line(Format::kZeekJson), "{\"name\":\"\\\"x\\\"\"}\n");
  EXPECT_EQ(line(Format::kZeekTsv), "\"x\"\n");
}

TEST(Formatter, CalendarTimesReachFar) {
  struct Certificate {
    base::CalendarTime until{std::chrono::seconds(253'402'300'799)};
  };
  const model::Schema schema("certificate", "For tests", model::Columns(model::Col<&Certificate::until>("until", "")));
  const auto line = [&](Format format) {
    Formatter formatter({.format = format, .log_dir = {}, .logs = {}});
    const Certificate certificate;
    formatter.Write(schema, &certificate);
    return formatter.Take().at(0).text;
  };
  EXPECT_EQ(line(Format::kZeekTsv), "253402300799.000000\n");
  EXPECT_EQ(line(Format::kZeekJson), "{\"until\":253402300799.0}\n");
  EXPECT_EQ(line(Format::kJson), "{\"log\":\"certificate\",\"until\":\"9999-12-31T23:59:59Z\"}\n");
}

TEST(Formatter, WritesOnlySelectedLogs) {
  const Sample sample;
  Formatter none({.format = Format::kZeekTsv, .log_dir = {}, .logs = {"conn"}});
  none.Write(Sample::Schema(), &sample);
  EXPECT_EQ(none.size(), 0u);
  EXPECT_TRUE(none.Take().empty());
  Formatter some({.format = Format::kZeekTsv, .log_dir = {}, .logs = {"sample"}});
  some.Write(Sample::Schema(), &sample);
  some.Write(Sample::Schema(), &sample);
  const size_t size = some.size();
  const auto blocks = some.Take();
  ASSERT_EQ(blocks.size(), 1u);
  EXPECT_EQ(blocks[0].text.size(), size);
  EXPECT_EQ(some.size(), 0u);
  EXPECT_TRUE(some.Take().empty());
}

}  // namespace
}  // namespace quaywatch::emit
