// SPDX-License-Identifier: Apache-2.0
#include "analyze/mime/entity.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "analyze/fake_context.h"
#include "analyze/mime/text.h"

namespace quaywatch::analyze::mime {
namespace {

const AnalyzerSpec kNoSpec{};

// Writes down what it hears: "(" and ")" for entities, "name=value " for headers, bodies as they are.
class Story : public Message {
 public:
  explicit Story(Context& context) : Message(context) {}
  void OnBegin(Entity&) override { text += "("; }
  void OnHeader(Entity&, const Header& header) override {
    text += std::string(header.name) + "=" + std::string(header.value) + (header.folded ? "~ " : " ");
  }
  void OnData(Entity&, std::string_view data) override { text += data; }
  void OnEnd(Entity&) override { text += ")"; }

  std::string text;
};

std::string Tell(const std::vector<std::string>& lines, FakeContext& context) {
  Story story(context);
  Entity top(story);
  top.Begin();
  for (const std::string& line : lines) top.Deliver(line, true);
  top.End();
  return story.text;
}

std::string Tell(const std::vector<std::string>& lines) {
  FakeContext context(kNoSpec);
  return Tell(lines, context);
}

TEST(MimeEntity, HeadersAndBody) {
  EXPECT_EQ(Tell({"Subject: a", "  b", "To:c", "no colon", "", "x", "", "y"}), "(Subject=a  b~ To=c x\r\n\r\ny\r\n)");
}

TEST(MimeEntity, MultipartKeepsTheLastLineEndForTheBoundary) {
  EXPECT_EQ(Tell({"Content-Type: multipart/mixed; charset=x; boundary=\"b 1\"", "", "preamble", "--b 1", "A: 1", "",
                  "one", "two", "--b 1", "", "three", "--b 1--", "epilogue"}),
            "(Content-Type=multipart/mixed; charset=x; boundary=\"b 1\" (A=1 one\r\ntwo)(three))");
}

TEST(MimeEntity, Nested) {
  EXPECT_EQ(Tell({"Content-Type: multipart/mixed; boundary=a", "", "--a", "Content-Type: message/rfc822", "",
                  "Subject: s", "", "text", "--a--"}),
            "(Content-Type=multipart/mixed; boundary=a (Content-Type=message/rfc822 (Subject=s text\r\n)))");
}

TEST(MimeEntity, TransferEncodings) {
  EXPECT_EQ(Tell({"Content-Transfer-Encoding: quoted-printable", "", "a=3Db=", "c  ", "=zz="}),
            "(Content-Transfer-Encoding=quoted-printable a=bc\r\n=zz)");
  EXPECT_EQ(Tell({"Content-Transfer-Encoding: BASE64", "", "aGVs", "bG8="}),
            "(Content-Transfer-Encoding=BASE64 hello)");
}

TEST(MimeEntity, BrokenBase64IsReportedOnce) {
  FakeContext context(kNoSpec);
  EXPECT_EQ(Tell({"Content-Transfer-Encoding: base64", "", "aGVs bG8 =!"}, context),
            "(Content-Transfer-Encoding=base64 hello)");
  EXPECT_EQ(context.weirds, std::vector<std::string>{"base64_illegal_encoding"});
}

TEST(MimeEntity, DepthHasALimit) {
  FakeContext context(kNoSpec);
  std::vector<std::string> lines;
  for (int i = 0; i < 200; ++i) lines.insert(lines.end(), {"Content-Type: message/rfc822", ""});
  const std::string story = Tell(lines, context);
  EXPECT_EQ(context.weirds, std::vector<std::string>{"exceeded_mime_max_depth"});
  EXPECT_EQ(std::count(story.begin(), story.end(), '('), 101);
}

TEST(MimeText, Tokens) {
  std::string_view text = " (comment (nested)) text / plain";
  EXPECT_EQ(TakeToken(text), "text");
  EXPECT_EQ(SkipBlanks(text), "/ plain");
  std::string_view none = "  ";
  EXPECT_EQ(TakeToken(none), "");
}

TEST(MimeText, Filenames) {
  EXPECT_EQ(Filename("attachment; filename=\"a b.txt\"; size=1"), "a b.txt");
  EXPECT_EQ(Filename("form-data; name=\"field\"; filename = x.png"), "x.png");
  EXPECT_EQ(Filename("attachment; filename*=UTF-8'en'na%20me.txt"), "na me.txt");
  EXPECT_EQ(Filename("attachment; filename=\"never closed"), "never closed");
  EXPECT_TRUE(HasParameter("a; FileName *=x", "filename", true));
  EXPECT_FALSE(HasParameter("a; filename", "filename", true));
}

TEST(MimeBase64, WholeText) {
  FakeContext context(kNoSpec);
  EXPECT_EQ(DecodeBase64(context, "dXNlcjpwYXNz"), "user:pass");
  EXPECT_EQ(DecodeBase64(context, "dXNlcg"), "user");
  EXPECT_EQ(DecodeBase64(context, "dXN*"), std::nullopt);
}

}  // namespace
}  // namespace quaywatch::analyze::mime
