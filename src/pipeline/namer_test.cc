// SPDX-License-Identifier: Apache-2.0
#include "pipeline/namer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/record.h"
#include "pipeline/fake_names.h"

namespace quaywatch::pipeline {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

struct Said {
  base::Timestamp ts;
  model::Uid uid;
  model::FlowId id;
  std::string word;
  static const model::Schema& Schema() {
    static const model::Schema schema("said", "For tests",
                                      model::Columns(model::ConnColumns<Said>(), model::Col<&Said::word>("word", "")));
    return schema;
  }
};

struct Loose {
  std::string word;
  static const model::Schema& Schema() {
    static const model::Schema schema("loose", "For tests", model::Columns(model::Col<&Loose::word>("word", "")));
    return schema;
  }
};

class NamerTest : public testing::Test {
 protected:
  NamerTest() {
    flow_.id = Id();
    flow_.start = now_;
    flow_.host = std::make_unique<flow::HostFacts>();
    namer_.Advance(now_);
  }
  static model::FlowId Id() {
    return {*model::IpAddress::Parse("10.0.0.1"), *model::IpAddress::Parse("10.0.0.2"), {40000}, {80}};
  }
  void Say(const std::string& word) { model::Write(namer_, Said{now_, {}, Id(), word}); }
  void Later(base::Duration time) {
    now_ += time;
    namer_.Advance(now_);
  }
  std::string Written() {
    std::string text;
    for (const auto& way : sink_.Take().blocks) {
      for (const emit::Block& block : way) text += block.text;
    }
    return text;
  }

  base::Timestamp now_ = base::FromUnixNanos(1'700'000'000'000'000'000);
  std::vector<emit::Options> ways_{{.format = emit::Format::kJson, .names = true}};
  FakeNames names_;
  WorkerSink sink_{ways_};
  Namer namer_{sink_, &names_};
  flow::Flow flow_;
};

TEST_F(NamerTest, WritesAtOnceWhatIsKnown) {
  names_.Add("10.0.0.1", model::EndpointKind::kPod, "web-1");
  names_.Add("10.0.0.2", model::EndpointKind::kPod, "db-0");
  namer_.set_subject(&flow_);
  Say("hello");
  EXPECT_THAT(Written(), testing::AllOf(HasSubstr(R"("word":"hello")"), HasSubstr(R"("orig.pod":"web-1")"),
                                        HasSubstr(R"("resp.kind":"pod","resp.pod":"db-0")")));
}

TEST_F(NamerTest, AsksOnceForAFlow) {
  namer_.set_subject(&flow_);
  for (int i = 0; i < 100; ++i) Say("x");
  EXPECT_EQ(names_.questions, 2);
}

TEST_F(NamerTest, WaitsForANameThatMayStillCome) {
  names_.pending = {"10.0.0.2"};
  namer_.set_subject(&flow_);
  Say("first");
  Say("second");
  namer_.set_subject(nullptr);
  Later(milliseconds(100));
  EXPECT_THAT(Written(), IsEmpty());
  EXPECT_EQ(namer_.waiting(), 2u);
  names_.Add("10.0.0.2", model::EndpointKind::kPod, "late");
  names_.pending.clear();
  Later(milliseconds(100));
  const std::string written = Written();
  EXPECT_THAT(written, HasSubstr(R"("resp.pod":"late")"));
  EXPECT_LT(written.find("first"), written.find("second"));
  EXPECT_EQ(namer_.waiting(), 0u);
  EXPECT_EQ(namer_.counters().waited, 2u);
}

TEST_F(NamerTest, RecordsOfAConnectionStayInOrder) {
  names_.pending = {"10.0.0.2"};
  namer_.set_subject(&flow_);
  Say("first");
  names_.pending.clear();
  Say("second");
  EXPECT_EQ(namer_.waiting(), 2u);
  Later(std::chrono::seconds(1));
  Say("third");
  EXPECT_EQ(namer_.waiting(), 0u);
  const std::string written = Written();
  EXPECT_LT(written.find("first"), written.find("second"));
  EXPECT_LT(written.find("second"), written.find("third"));
}

TEST_F(NamerTest, WritesTheOldestWhenTooManyWait) {
  names_.pending = {"10.0.0.2"};
  namer_.set_subject(&flow_);
  for (size_t i = 0; i < Namer::kMaxWaiting; ++i) Say("early");
  EXPECT_THAT(Written(), IsEmpty());
  Say("last");
  EXPECT_THAT(Written(), testing::AllOf(HasSubstr("early"), Not(HasSubstr("last"))));
  EXPECT_EQ(namer_.waiting(), Namer::kMaxWaiting);
  EXPECT_EQ(namer_.counters().hurried, 1u);
}

TEST_F(NamerTest, ARecordWithoutItsFlowIsNamedByItsOwnAddresses) {
  names_.Add("10.0.0.1", model::EndpointKind::kPod, "web-1");
  Say("afterwards");
  EXPECT_THAT(Written(), HasSubstr(R"("orig.pod":"web-1")"));
}

TEST_F(NamerTest, FinishWritesWhatIsLeft) {
  names_.pending = {"10.0.0.2"};
  namer_.set_subject(&flow_);
  Say("bye");
  namer_.Finish();
  EXPECT_THAT(Written(), HasSubstr("bye"));
}

TEST_F(NamerTest, LogsWithoutEndsHaveNoNames) {
  names_.Add("10.0.0.1", model::EndpointKind::kPod, "web-1");
  namer_.set_subject(&flow_);
  model::Write(namer_, Loose{"x"});
  EXPECT_EQ(Written(), "{\"log\":\"loose\",\"word\":\"x\"}\n");
}

TEST_F(NamerTest, NamesTheEndsBehindATranslation) {
  names_.Add("10.0.0.9", model::EndpointKind::kPod, "backend");
  flow_.host->translation = std::make_shared<model::Translation>();
  flow_.host->translation->original = Id();
  flow_.host->translation->translated = Id();
  flow_.host->translation->translated.resp_h = *model::IpAddress::Parse("10.0.0.9");
  namer_.set_subject(&flow_);
  Say("hello");
  EXPECT_THAT(Written(), HasSubstr(R"("resp.pod":"backend")"));
}

TEST_F(NamerTest, WithoutALookupNothingIsNamed) {
  const std::vector<emit::Options> ways{{.format = emit::Format::kJson}};
  WorkerSink sink(ways);
  Namer namer(sink, nullptr);
  model::Write(namer, Said{now_, {}, Id(), "plain"});
  EXPECT_THAT(sink.Take().blocks[0][0].text, Not(HasSubstr("orig.")));
}

}  // namespace
}  // namespace quaywatch::pipeline
