// SPDX-License-Identifier: Apache-2.0
#include "model/record.h"

#include <gtest/gtest.h>

namespace quaywatch::model {
namespace {

struct Inner {
  std::string text = "inner";
};

struct Sample {
  base::Timestamp ts = base::FromUnixNanos(-1'500'000'000);
  Uid uid = Uid::Make('C', {1, 2});
  FlowId id{*IpAddress::Parse("10.0.0.1"), *IpAddress::Parse("::1"), {1234}, {80}};
  bool flag = true;
  uint64_t count = UINT64_MAX;
  int32_t number = -5;
  double real = 0.5;
  base::Duration length = std::chrono::milliseconds(1500);
  Enum word{"GET"};
  std::optional<std::string> unset;
  std::optional<uint32_t> set = 7;
  std::vector<std::string> names{"a", "b"};
  Set<IpAddress> hosts{{*IpAddress::Parse("10.0.0.2")}};
  std::optional<std::vector<uint32_t>> maybe;
  Inner inner;

  static std::string Derive(const Sample& sample) { return sample.inner.text + "!"; }
  static const quaywatch::model::Schema& Schema() {
    using R = Sample;
    static const quaywatch::model::Schema schema(
        "sample", "A sample",
        Columns(ConnColumns<R>(), Col<&R::flag>("flag", ""), Col<&R::count>("count", "", "bytes"),
                Col<&R::number>("number", ""), Col<&R::real>("real", ""), Col<&R::length>("length", ""),
                Col<&R::word>("word", ""), Col<&R::unset>("unset", ""), Col<&R::set>("set", ""),
                Col<&R::names>("names", ""), Col<&R::hosts>("hosts", ""), Col<&R::maybe>("maybe", ""),
                Col<&R::inner, &Inner::text>("inner.text", ""), DerivedCol<R, Derive>("derived", "")));
    return schema;
  }
};

const Column& Named(std::string_view name) {
  for (const Column& column : Sample::Schema().columns()) {
    if (column.name == name) return column;
  }
  ADD_FAILURE() << name;
  return Sample::Schema().columns()[0];
}

TEST(Schema, TypesOfColumns) {
  const std::pair<const char*, const char*> expected[] = {{"ts", "time"},
                                                          {"uid", "string"},
                                                          {"id.orig_h", "addr"},
                                                          {"id.orig_p", "port"},
                                                          {"flag", "bool"},
                                                          {"count", "count"},
                                                          {"number", "int"},
                                                          {"real", "double"},
                                                          {"length", "interval"},
                                                          {"word", "enum"},
                                                          {"unset", "string"},
                                                          {"set", "count"},
                                                          {"names", "vector[string]"},
                                                          {"hosts", "set[addr]"},
                                                          {"maybe", "vector[count]"},
                                                          {"inner.text", "string"},
                                                          {"derived", "string"}};
  for (const auto& [name, type] : expected) EXPECT_EQ(TypeText(Named(name)), type) << name;
  EXPECT_EQ(Named("count").unit, "bytes");
  EXPECT_EQ(Sample::Schema().columns().size(), 19u);
}

TEST(Schema, ValuesOfColumns) {
  const Sample sample;
  const auto value = [&sample](std::string_view name) { return Named(name).get(&sample); };
  EXPECT_EQ(value("ts").integer(), -1'500'000'000);
  EXPECT_EQ(value("uid").text(), sample.uid.view());
  EXPECT_EQ(value("id.resp_h").address().ToString(), "::1");
  EXPECT_EQ(value("id.resp_p").count(), 80u);
  EXPECT_TRUE(value("flag").boolean());
  EXPECT_EQ(value("count").count(), UINT64_MAX);
  EXPECT_EQ(value("number").integer(), -5);
  EXPECT_EQ(value("real").real(), 0.5);
  EXPECT_EQ(value("length").integer(), 1'500'000'000);
  EXPECT_EQ(value("word").text(), "GET");
  EXPECT_EQ(value("unset").kind(), Value::Kind::kUnset);
  EXPECT_EQ(value("set").count(), 7u);
  EXPECT_EQ(value("inner.text").text(), "inner");
  EXPECT_EQ(value("maybe").kind(), Value::Kind::kUnset);
  const List names = value("names").list();
  ASSERT_EQ(names.size, 2u);
  EXPECT_EQ(names.at(names.items, 1).text(), "b");
  const List hosts = value("hosts").list();
  ASSERT_EQ(hosts.size, 1u);
  EXPECT_EQ(hosts.at(hosts.items, 0).address().ToString(), "10.0.0.2");
}

TEST(Schema, DerivedColumns) {
  const Sample sample;
  EXPECT_EQ(Named("derived").get, nullptr);
  EXPECT_EQ(Named("derived").derive(&sample), "inner!");
}

}  // namespace
}  // namespace quaywatch::model
