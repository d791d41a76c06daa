// SPDX-License-Identifier: Apache-2.0
#include "emit/asked.h"

#include <gtest/gtest.h>

namespace quaywatch::emit {
namespace {

struct Request {
  model::Uid uid = model::Uid::Make('C', {1, 2});
  std::string method;
  std::optional<std::string> host;
  uint64_t length = 7;

  static const model::Schema& Schema() {
    static const model::Schema schema(
        "request", "",
        model::Columns(model::Col<&Request::uid>("uid", ""), model::Asks(model::Col<&Request::method>("method", "")),
                       model::Asks(model::Col<&Request::host>("host", "")),
                       model::Col<&Request::length>("length", "")));
    return schema;
  }
};

TEST(Asked, FirstQuestionAndTheNumberOfOthers) {
  Asked asked;
  Request request{.method = "GET", .host = "web.demo"};
  asked.Note(Request::Schema(), &request);
  request.method = "POST";
  asked.Note(Request::Schema(), &request);
  asked.Note(Request::Schema(), &request);
  EXPECT_EQ(asked.Take(request.uid.view()), "GET web.demo (+2)");
  EXPECT_EQ(asked.Take(request.uid.view()), "") << "forgotten";
}

TEST(Asked, LongQuestionsAreCut) {
  Asked asked;
  const Request request{.method = std::string(1000, 'x')};
  asked.Note(Request::Schema(), &request);
  EXPECT_EQ(asked.Take(request.uid.view()), std::string(Asked::kMaxText, 'x'));
}

}  // namespace
}  // namespace quaywatch::emit
