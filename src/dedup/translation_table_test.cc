// SPDX-License-Identifier: Apache-2.0
#include "dedup/translation_table.h"

#include <gtest/gtest.h>

#include <string>

namespace quaywatch::dedup {
namespace {

using Form = Translations::Form;

constexpr uint8_t kIcmp = 1, kTcp = 6;
const base::Timestamp kStart = base::FromUnixNanos(1'700'000'000'000'000'000);

model::FlowId Flow(const char* from, uint16_t from_port, const char* to, uint16_t to_port) {
  return {*model::IpAddress::Parse(from), *model::IpAddress::Parse(to), {from_port}, {to_port}};
}

model::FlowId Back(const model::FlowId& id) { return {id.resp_h, id.orig_h, id.resp_p, id.orig_p}; }

TrackedConnection Tracked(const model::FlowId& original, const model::FlowId& translated, uint32_t id,
                          uint16_t zone = 0, uint8_t ip_proto = kTcp) {
  return {.original = original, .translated = translated, .ip_proto = ip_proto, .zone = zone, .id = id};
}

const model::FlowId kToService = Flow("10.1.0.2", 40000, "10.96.0.1", 80);
const model::FlowId kToPod = Flow("10.1.0.1", 51000, "10.1.0.3", 8080);
const model::FlowId kHalfWay = Flow("10.1.0.2", 40000, "10.1.0.3", 8080);

class TranslationTableTest : public testing::Test {
 protected:
  Translations::Found Find(const model::FlowId& id, uint8_t ip_proto = kTcp) {
    return table_.Find(id, ip_proto, kStart);
  }
  TranslationCounters Counters() {
    TranslationCounters counters;
    table_.Count(counters);
    return counters;
  }

  TranslationTable table_{TranslationOptions{.max_entries = 4, .max_tracked = 4}};
};

TEST_F(TranslationTableTest, FindsEveryFormInBothDirections) {
  table_.Begin(Tracked(kToService, kToPod, 1), kStart, kStart);
  const auto original = Find(kToService);
  ASSERT_NE(original.translation, nullptr);
  EXPECT_EQ(original.form, Form::kOriginal);
  EXPECT_TRUE(original.tracked);
  EXPECT_EQ(original.translation->original, kToService);
  EXPECT_EQ(original.translation->translated, kToPod);
  EXPECT_EQ(original.translation->since, kStart);
  EXPECT_EQ(Find(Back(kToService)).form, Form::kOriginal);
  for (const auto& id : {kToPod, Back(kToPod), kHalfWay, Back(kHalfWay)}) {
    EXPECT_EQ(Find(id).form, Form::kTranslated);
    EXPECT_EQ(Find(id).translation, original.translation);
  }
  EXPECT_EQ(Find(kToService, 17).form, Form::kNone);
  // The node's own connection to the same service from the same port is another one.
  EXPECT_EQ(Find(Flow("10.1.0.1", 51000, "10.96.0.1", 80)).form, Form::kNone);
}

TEST_F(TranslationTableTest, ARealConnectionIsNoHalfWayForm) {
  table_.Begin(Tracked(kToService, kToPod, 1), kStart, kStart);
  table_.Begin(Tracked(kHalfWay, kHalfWay, 2), kStart, kStart);
  EXPECT_EQ(Find(kHalfWay).form, Form::kNone);
  EXPECT_TRUE(Find(kHalfWay).tracked);
  EXPECT_EQ(Find(kToService).form, Form::kOriginal);
}

TEST_F(TranslationTableTest, TellsWhoOpenedTheConnection) {
  using Way = Translations::Way;
  table_.Begin(Tracked(kToService, kToPod, 1), kStart, kStart);
  for (const auto& id : {kToService, kToPod, kHalfWay}) {
    EXPECT_EQ(Find(id).way, Way::kForward);
    EXPECT_EQ(Find(Back(id)).way, Way::kReverse);
  }
  const auto plain = Flow("10.1.0.2", 40001, "10.1.0.9", 80);
  auto connection = Tracked(plain, plain, 2);
  table_.Begin(connection, kStart, kStart);
  EXPECT_TRUE(Find(plain).tracked);
  EXPECT_EQ(Find(plain).way, Way::kUnknown) << "it may be an answer whose question took another way";
  connection.answered = true;
  table_.End(connection, kStart);
  EXPECT_EQ(Counters().tracked, 0u) << "though it began unanswered";
  table_.Begin(connection, kStart, kStart);
  EXPECT_EQ(Find(plain).way, Way::kForward);
  EXPECT_EQ(Find(Back(plain)).way, Way::kReverse);
  EXPECT_TRUE(Find(Back(plain)).tracked);
}

TEST_F(TranslationTableTest, StaysForAWhileAfterItsEnd) {
  auto connection = Tracked(kToService, kToPod, 1);
  table_.Begin(connection, kStart, kStart);
  table_.End(connection, kStart);
  EXPECT_EQ(Counters().live, 0u);
  table_.Expire(kStart + Translations::kLinger - std::chrono::nanoseconds(1));
  EXPECT_EQ(Find(kToPod).form, Form::kTranslated);
  table_.Expire(kStart + Translations::kLinger);
  for (const auto& id : {kToService, kToPod, kHalfWay}) EXPECT_FALSE(Find(id).tracked);
}

TEST_F(TranslationTableTest, AnotherConnectionTakesTheAddressesOver) {
  const auto elder = Tracked(kToService, kToPod, 1);
  table_.Begin(elder, kStart, kStart);
  const auto other_pod = Flow("10.1.0.1", 51001, "10.1.0.4", 8080);
  table_.Begin(Tracked(kToService, other_pod, 2), kStart, kStart);
  EXPECT_EQ(Find(kToService).translation->translated, other_pod);
  EXPECT_EQ(Find(kToPod).translation->translated, kToPod) << "late copies";
  // News of the elder one's end arrive late, and must not end the younger.
  table_.End(elder, kStart);
  table_.Expire(kStart + Translations::kLinger);
  EXPECT_EQ(Find(kToService).translation->translated, other_pod);
  EXPECT_EQ(Find(kToPod).form, Form::kNone);
  EXPECT_EQ(Counters().live, 1u);

  // Without translation, too; but not from another zone.
  table_.Begin(Tracked(kToService, kToService, 3, 7), kStart, kStart);
  EXPECT_EQ(Find(kToService).form, Form::kOriginal);
  table_.Begin(Tracked(kToService, kToService, 4), kStart, kStart);
  EXPECT_EQ(Find(kToService).form, Form::kNone);
  EXPECT_TRUE(Find(kToService).tracked);
}

TEST_F(TranslationTableTest, WhoComesLateFindsTheConnectionOfItsTime) {
  const auto later = kStart + std::chrono::seconds(1), latest = kStart + std::chrono::seconds(2);
  table_.Begin(Tracked(kToService, kToPod, 1), kStart, kStart);
  const auto first = Find(kToService).translation;
  // The same addresses twice again, both ways translated the same.
  table_.End(Tracked(kToService, kToPod, 1), later);
  table_.Begin(Tracked(kToService, kToPod, 2), later, later);
  table_.Begin(Tracked(kToService, kToPod, 3), latest, latest);
  const auto almost = std::chrono::milliseconds(999);
  for (const auto& id : {kToService, kToPod, kHalfWay}) {
    EXPECT_EQ(table_.Find(id, kTcp, kStart + almost).translation, first);
    const auto second = table_.Find(id, kTcp, later + almost).translation;
    const auto third = table_.Find(id, kTcp, latest + almost).translation;
    EXPECT_EQ(table_.Find(id, kTcp, kStart - almost).translation, first);
    EXPECT_NE(second, first);
    EXPECT_NE(third, second);
    EXPECT_TRUE(second->ended);
    EXPECT_FALSE(third->ended);
  }
  table_.Expire(latest + Translations::kLinger);
  EXPECT_FALSE(table_.Find(kToPod, kTcp, kStart).translation->ended);
  EXPECT_EQ(Counters().live, 1u);
}

TEST_F(TranslationTableTest, TheSameConnectionToldTwiceIsOne) {
  table_.Begin(Tracked(kToService, kToPod, 1), kStart, kStart);
  const auto first = Find(kToService).translation;
  table_.Begin(Tracked(kToService, kToPod, 1), kStart, kStart);
  EXPECT_EQ(Find(kToService).translation, first);
  EXPECT_EQ(Counters().translated, 1u);
}

TEST_F(TranslationTableTest, WhatAListDoesNotNameHasEnded) {
  table_.Begin(Tracked(kToService, kToPod, 1), kStart, kStart);
  const auto other = Flow("10.1.0.9", 1, "10.96.0.1", 80), other_pod = Flow("10.1.0.9", 1, "10.1.0.3", 8080);
  table_.Begin(Tracked(other, other_pod, 2), kStart, kStart);
  const auto plain = Flow("10.1.0.9", 2, "10.1.0.3", 8080);
  table_.Begin(Tracked(plain, plain, 3), kStart, kStart);
  const auto kept = Find(other).translation;
  table_.BeginList(kStart);
  table_.Begin(Tracked(other, other_pod, 2), kStart, kStart);
  table_.EndList(kStart);
  EXPECT_EQ(Counters().live, 1u);
  EXPECT_FALSE(Find(plain).tracked);
  table_.Expire(kStart + Translations::kLinger);
  EXPECT_EQ(Find(kToService).form, Form::kNone);
  EXPECT_EQ(Find(other).translation, kept);
}

TEST_F(TranslationTableTest, TheOldestGoWhenThereAreTooMany) {
  const auto at = [](uint16_t i) {
    return Tracked(Flow("10.1.0.2", i, "10.96.0.1", 80), Flow("10.1.0.2", i, "10.1.0.3", 80), i);
  };
  for (uint16_t i = 1; i <= 4; ++i) table_.Begin(at(i), kStart, kStart);
  table_.End(at(3), kStart);
  table_.Begin(at(5), kStart, kStart);
  EXPECT_FALSE(Find(at(3).original).tracked) << "those that ended go first";
  EXPECT_EQ(Counters().forgotten, 0u);
  table_.Begin(at(6), kStart, kStart);
  EXPECT_FALSE(Find(at(1).original).tracked);
  for (uint16_t i : {2, 4, 5, 6}) EXPECT_EQ(Find(at(i).translated).form, Form::kTranslated) << i;
  EXPECT_EQ(Counters().forgotten, 1u);
  EXPECT_EQ(Counters().live, 4u);
}

TEST_F(TranslationTableTest, TooManyToTellCountAsTracked) {
  const auto unknown = Flow("10.1.0.2", 99, "10.1.0.3", 80);
  for (uint16_t i = 1; i <= 5; ++i) {
    EXPECT_FALSE(Find(unknown).tracked);
    const auto id = Flow("10.1.0.2", i, "10.1.0.3", 80);
    table_.Begin(Tracked(id, id, i), kStart, kStart);
  }
  EXPECT_TRUE(Find(unknown).tracked);
  EXPECT_EQ(Find(unknown).form, Form::kNone);
}

TEST_F(TranslationTableTest, UntranslatedConnectionsStayKnownForAWhile) {
  TranslationTable table{TranslationOptions{}};
  const auto plain = Tracked(kHalfWay, kHalfWay, 1);
  table.Begin(plain, kStart, kStart);
  table.End(plain, kStart);
  table.Expire(kStart + Translations::kLinger);
  EXPECT_TRUE(table.Find(kHalfWay, kTcp, kStart).tracked);
  table.Expire(kStart + 2 * Translations::kLinger);
  EXPECT_FALSE(table.Find(kHalfWay, kTcp, kStart).tracked);
}

TEST_F(TranslationTableTest, RequestsOfIcmpAreToldApartByAddressOnly) {
  const auto ping = Flow("10.1.0.2", 8, "10.96.0.1", 0), pong = Flow("10.1.0.2", 8, "10.1.0.3", 0);
  table_.Begin(Tracked(ping, pong, 1, 0, kIcmp), kStart, kStart);
  EXPECT_EQ(Find(ping, kIcmp).form, Form::kOriginal);
  EXPECT_EQ(Find(Back(pong), kIcmp).form, Form::kTranslated);
  // The client asks the pod itself with another id.
  table_.Begin(Tracked(pong, pong, 2, 0, kIcmp), kStart, kStart);
  EXPECT_EQ(Find(pong, kIcmp).form, Form::kTranslated);
}

TEST(TrackedSetTest, HoldsManyAndLetsThemGo) {
  TrackedSet set(100'000);
  const auto hash = [](uint64_t i) { return base::Mix(i, 42); };
  for (uint32_t i = 0; i < 100'000; ++i) ASSERT_TRUE(set.Add(hash(i / 2), i));
  EXPECT_TRUE(set.Add(hash(0), 1)) << "a member";
  EXPECT_FALSE(set.Add(hash(0), 2)) << "full";
  EXPECT_EQ(set.size(), 100'000u);
  for (uint32_t i = 0; i < 100'000; i += 2) set.Remove(hash(i / 2), i);
  set.Remove(hash(3), 6);
  EXPECT_EQ(set.size(), 50'000u);
  for (uint32_t i = 0; i < 50'000; ++i) ASSERT_TRUE(set.Contains(hash(i))) << i;
  for (uint32_t i = 1; i < 100'000; i += 2) set.Remove(hash(i / 2), i);
  EXPECT_EQ(set.size(), 0u);
  for (uint32_t i = 0; i < 50'000; ++i) ASSERT_FALSE(set.Contains(hash(i))) << i;
}

}  // namespace
}  // namespace quaywatch::dedup
