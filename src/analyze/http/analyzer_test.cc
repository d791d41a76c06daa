// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "analyze/fake_context.h"

namespace quaywatch::analyze::http {
extern const AnalyzerSpec kSpec;
namespace {

using model::Direction;

// Writes every file down when it ends: direction, name, announced size and content.
class Surroundings : public FakeContext {
 public:
  Surroundings() : FakeContext(kSpec) {}

  std::unique_ptr<File> OpenFile(const FileOrigin& origin) override {
    return std::make_unique<Recorder>(files, origin);
  }

  std::vector<std::string> files;

 private:
  class Recorder : public FakeFile {
   public:
    Recorder(std::vector<std::string>& files, const FileOrigin& origin)
        : files_(files), text_(origin.from == Direction::kOrig ? "orig " : "resp ") {
      if (origin.filename) text_ += *origin.filename + " ";
    }
    ~Recorder() override { files_.push_back(text_ + (total_ > 0 ? std::to_string(total_) : "-") + ": " + content_); }
    void Data(base::Bytes bytes) override { content_ += base::AsText(bytes); }
    void DataAt(uint64_t offset, base::Bytes bytes) override {
      if (offset != next_) content_ += "@" + std::to_string(offset) + ":";
      content_ += base::AsText(bytes);
      next_ = offset + bytes.size();
    }
    void Gap(uint64_t length) override { content_ += "<" + std::to_string(length) + ">"; }
    void SetTotalBytes(uint64_t total) override { total_ = total; }

   private:
    std::vector<std::string>& files_;
    std::string text_;
    std::string content_;
    uint64_t total_ = 0;
    uint64_t next_ = 0;
  };
};

struct Piece {
  Direction from;
  std::string bytes;
};

constexpr auto kOrig = Direction::kOrig;
constexpr auto kResp = Direction::kResp;

// Plays a conversation, each piece cut by `cut`, and tells what came of it.
struct Outcome {
  std::vector<std::string> records;
  std::vector<std::string> files;
  std::vector<std::string> weirds;
  std::string tunnel;
  bool confirmed = false;
  bool violated = false;
  bool operator==(const Outcome&) const = default;
};

template <typename Cut>
Outcome PlayCut(const std::vector<Piece>& pieces, Cut cut, bool end = true) {
  Surroundings context;
  const auto analyzer = kSpec.make(context);
  for (const Piece& piece : pieces) {
    for (size_t at = 0; at < piece.bytes.size() && !context.violated;) {
      const size_t count = std::min<size_t>(cut(piece.bytes.size()), piece.bytes.size() - at);
      analyzer->OnStream(piece.from, base::AsBytes(std::string_view(piece.bytes).substr(at, count)));
      at += count;
    }
  }
  if (end && !context.violated) {
    analyzer->OnEndOfStream(kOrig);
    analyzer->OnEndOfStream(kResp);
  }
  analyzer->OnClose();
  context.state().Finish(context);
  std::vector<std::string> records;
  for (const std::string& line : context.lines) {
    const size_t begin = line.find("trans_depth=");
    records.push_back(begin == std::string::npos ? line : line.substr(begin));
  }
  return {records, context.files, context.weirds, context.bytes_handed_over, context.confirmed, context.violated};
}

Outcome Play(const std::vector<Piece>& pieces, bool end = true) {
  const Outcome whole = PlayCut(pieces, [](size_t size) { return size; }, end);
  const Outcome bytes = PlayCut(pieces, [](size_t) { return size_t{1}; }, end);
  EXPECT_EQ(whole.records, bytes.records);
  EXPECT_EQ(whole.files, bytes.files);
  EXPECT_EQ(whole.tunnel, bytes.tunnel);
  std::mt19937 random(7);
  for (int i = 0; i < 20; ++i) {
    const Outcome some = PlayCut(pieces, [&](size_t) { return 1 + random() % 40; }, end);
    EXPECT_EQ(whole.records, some.records);
    EXPECT_EQ(whole.files, some.files);
    EXPECT_EQ(whole.tunnel, some.tunnel);
  }
  return whole;
}

using Strings = std::vector<std::string>;

// ---- whole transactions --------------------------------------------------------------------------

TEST(Http, OneRequestAndItsResponse) {
  const Outcome out = Play({{kOrig,
                             "GET /a%20b HTTP/1.1\r\nHost: example.org:81\r\nUser-Agent: test\r\nReferer: r\r\n"
                             "Origin: o\r\nVia: 1.1 proxy\r\n\r\n"},
                            {kResp, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"}});
  ASSERT_EQ(out.records.size(), 1u);
  EXPECT_EQ(out.records[0],
            "trans_depth=1 method=GET host=example.org:81 uri=/a b referrer=r version=1.1 user_agent=test origin=o "
            "request_body_len=0 response_body_len=5 status_code=200 status_msg=OK tags=[] proxied=[VIA -> 1.1 proxy] "
            "resp_fuids=[" +
                std::string(model::Uid::Make('F', {1, 1}).view()) + "]");
  EXPECT_EQ(out.files, Strings{"resp 5: hello"});
  EXPECT_TRUE(out.confirmed);
  EXPECT_TRUE(out.weirds.empty());
}

// Only what the test is about of each record.
Strings Pick(const Strings& records, const Strings& columns) {
  Strings picked;
  for (const std::string& record : records) {
    std::string out;
    for (const std::string& column : columns) {
      const size_t at = record.find(column + "=");
      if (at == std::string::npos) continue;
      out += (out.empty() ? "" : " ") + record.substr(at, record.find(' ', at) - at);
    }
    picked.push_back(out);
  }
  return picked;
}

TEST(Http, PipelinedRequestsMeetTheirResponses) {
  const Outcome out = Play({{kOrig, "GET /1 HTTP/1.1\r\n\r\nHEAD /2 HTTP/1.1\r\n\r\nGET /3 HTTP/1.1\r\n\r\n"},
                            {kResp,
                             "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"
                             "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"
                             "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n"}});
  EXPECT_EQ(Pick(out.records, {"uri", "response_body_len", "status_code"}),
            (Strings{"uri=/1 response_body_len=1 status_code=200", "uri=/2 response_body_len=0 status_code=200",
                     "uri=/3 response_body_len=0 status_code=304"}));
}

TEST(Http, ChunkedWithTrailer) {
  const Outcome out = Play({{kOrig, "GET / HTTP/1.1\r\n\r\n"},
                            {kResp,
                             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                             "4\r\nab\r\n\r\n3;x=y\r\ncde\r\n0\r\nTrailer: t\r\n\r\n"
                             "HTTP/1.1 404 \r\nContent-Length: 0\r\n\r\n"}});
  EXPECT_EQ(out.files, Strings{"resp -: ab\r\ncde"});
  EXPECT_EQ(Pick(out.records, {"uri", "response_body_len", "status_code"}),
            (Strings{"uri=/ response_body_len=7 status_code=200", "response_body_len=0 status_code=404"}));
}

TEST(Http, BodyUntilTheEnd) {
  const Outcome closed =
      Play({{kOrig, "GET / HTTP/1.0\r\n\r\n"}, {kResp, "HTTP/1.0 200 OK\r\nConnection: close\r\n\r\na\nb\rc"}});
  EXPECT_EQ(closed.files, Strings{"resp -: a\nb\rc"});
  // Without an announcement the body is counted in lines.
  const Outcome lines = Play({{kOrig, "GET / HTTP/1.0\r\n\r\n"}, {kResp, "HTTP/1.0 200 OK\r\n\r\na\nb\r\nc"}});
  EXPECT_EQ(lines.files, Strings{"resp -: a\r\nb\r\nc\r\n"});
  EXPECT_EQ(Pick(lines.records, {"response_body_len"}), Strings{"response_body_len=9"});
}

TEST(Http, InformationalResponsesAreKept) {
  const Outcome out = Play({{kOrig, "POST / HTTP/1.1\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"},
                            {kResp, "HTTP/1.1 100 Continue\r\n\r\n"},
                            {kOrig, "abc"},
                            {kResp, "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"}});
  EXPECT_EQ(Pick(out.records, {"request_body_len", "status_code", "info_code", "info_msg"}),
            Strings{"request_body_len=3 status_code=201 info_code=100 info_msg=Continue"});
  EXPECT_EQ(out.files, Strings{"orig 3: abc"});
}

TEST(Http, NoHeadIsHttp09) {
  const Outcome out = Play({{kOrig, "GET /old\r\n"}, {kResp, "HTTP/1.0 is just text\r\n"}});
  EXPECT_EQ(Pick(out.records, {"uri", "version", "response_body_len", "status_code", "status_msg"}),
            Strings{"uri=/old version=0.9 response_body_len=23 status_code=0 status_msg=<empty>"});
}

TEST(Http, ResponseWithoutRequest) {
  const Outcome out =
      Play({{kResp, "HTTP/1.1 408 Timeout\r\nContent-Length: 0\r\n\r\n"}, {kOrig, "GET /late HTTP/1.1\r\n\r\n"}});
  EXPECT_EQ(Pick(out.records, {"trans_depth", "uri", "status_code"}),
            (Strings{"trans_depth=1 status_code=408", "trans_depth=2 uri=/late"}));
  EXPECT_EQ(out.weirds, Strings{"HTTP_response_before_request"});
}

TEST(Http, RequestWithoutResponse) {
  const Outcome out = Play({{kOrig, "PUT / HTTP/1.1\r\nContent-Length: 10\r\n\r\nhalf"}}, false);
  EXPECT_EQ(Pick(out.records, {"method", "request_body_len", "status_code"}), Strings{"method=PUT request_body_len=4"});
  EXPECT_EQ(out.files, Strings{"orig 10: half"});
}

// ---- bodies --------------------------------------------------------------------------------------

std::string Compress(std::string_view text, int window_bits) {
  z_stream z{};
  deflateInit2(&z, 9, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY);
  std::string out(text.size() + 100, '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  z.avail_in = static_cast<uInt>(text.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  deflate(&z, Z_FINISH);
  out.resize(out.size() - z.avail_out);
  deflateEnd(&z);
  return out;
}

TEST(Http, CompressedBodiesAreCountedUncompressed) {
  const std::string text = "some text, some text, some text, some text";
  for (const int window_bits : {15, 31, -15}) {
    const std::string body = Compress(text, window_bits);
    const Outcome out =
        Play({{kOrig, "GET / HTTP/1.1\r\n\r\n"},
              {kResp, "HTTP/1.1 200 OK\r\nContent-Encoding: " + std::string(window_bits == 31 ? "gzip" : "deflate") +
                          "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body}});
    EXPECT_EQ(out.files, Strings{"resp -: " + text}) << window_bits;
    EXPECT_EQ(Pick(out.records, {"response_body_len"}), Strings{"response_body_len=" + std::to_string(text.size())});
  }
}

TEST(Http, WhatIsNotCompressedIsReported) {
  const Outcome out =
      Play({{kOrig, "GET / HTTP/1.1\r\n\r\n"},
            {kResp, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 9\r\n\r\nnot gzip!"}});
  EXPECT_EQ(out.weirds, Strings{"inflate_failed"});
  EXPECT_EQ(Pick(out.records, {"response_body_len"}), Strings{"response_body_len=0"});
}

TEST(Http, EachPartOfAFormIsAFile) {
  const std::string body =
      "--xyz\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\nvalue\r\n"
      "--xyz\r\nContent-Disposition: form-data; name=\"upload\"; filename=\"a.bin\"\r\n"
      "Content-Type: application/octet-stream\r\n\r\nline\nline\r\rend\r\n--xyz--";
  for (const std::string end : {"\r\n", ""}) {
    const Outcome out =
        Play({{kOrig, "POST / HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=xyz\r\nContent-Length: " +
                          std::to_string(body.size() + end.size()) + "\r\n\r\n" + body + end +
                          "GET /next HTTP/1.1\r\n\r\n"}});
    EXPECT_EQ(out.files, (Strings{"orig -: value", "orig a.bin -: line\nline\r\rend"}));
    EXPECT_EQ(
        Pick(out.records, {"method", "request_body_len"}),
        (Strings{"method=POST request_body_len=" + std::to_string(body.size() + 2), "method=GET request_body_len=0"}));
  }
}

TEST(Http, RangesAreOneFile) {
  const std::string response = "HTTP/1.1 206 Partial Content\r\nContent-Length: 3\r\nContent-Range: bytes ";
  const std::string request = "GET /big HTTP/1.1\r\nHost: h\r\nRange: bytes=0-2\r\n\r\n";
  const Outcome out = Play({{kOrig, request},
                            {kResp, response + "0-2/9\r\n\r\nabc"},
                            {kOrig, request},
                            {kResp, response + "6-8/9\r\n\r\nghi"}});
  EXPECT_EQ(out.files, Strings{"resp 9: abc@6:ghi"});
  const std::string fuid(model::Uid::Make('F', {1, 1}).view());
  EXPECT_EQ(Pick(out.records, {"trans_depth", "resp_fuids"}),
            (Strings{"trans_depth=1 resp_fuids=[" + fuid + "]", "trans_depth=2"}));
}

// ---- what is not as it should be -----------------------------------------------------------------

TEST(Http, GapInsideABodyIsSurvived) {
  Surroundings context;
  const auto analyzer = kSpec.make(context);
  analyzer->OnStream(kOrig, base::AsBytes("GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n"));
  analyzer->OnStream(kResp, base::AsBytes("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab"));
  analyzer->OnGap(kResp, 5);
  analyzer->OnStream(kResp, base::AsBytes("hijHTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"));
  analyzer->OnGap(kResp, 3);
  analyzer->OnStream(kResp, base::AsBytes("HTTP/1.1 500 not seen\r\n\r\n"));
  analyzer->OnClose();
  EXPECT_EQ(context.files, Strings{"resp 10: ab<5>hij"});
  EXPECT_EQ(Pick(context.lines, {"uri", "response_body_len", "status_code"}),
            (Strings{"uri=/1 response_body_len=10 status_code=200", "uri=/2 response_body_len=0 status_code=200"}));
}

TEST(Http, NotHttp) {
  const Outcome out = Play({{kOrig, "SSH-2.0-OpenSSH\r\n"}});
  EXPECT_FALSE(out.confirmed);
  EXPECT_TRUE(out.records.empty());
  EXPECT_EQ(out.weirds, Strings{"bad_HTTP_request"});
}

TEST(Http, OnlyOneSideIsHttp) {
  const Outcome request =
      Play({{kOrig, "OPTIONSHTTP/1.1\r\n\r\n"}, {kResp, "HTTP/1.0 400 Bad\r\nContent-Length: 0\r\n\r\n"}});
  EXPECT_EQ(Pick(request.records, {"method", "status_code"}), Strings{"status_code=400"});
  EXPECT_FALSE(request.confirmed);
  const Outcome response = Play({{kResp, "INFO {}\r\n"}, {kOrig, "CONNECT {}\r\n"}, {kResp, "PONG\r\n"}});
  EXPECT_EQ(Pick(response.records, {"method", "uri", "status_code"}), Strings{"method=CONNECT uri={"});
  EXPECT_FALSE(response.confirmed);
}

TEST(Http, ResetInterrupts) {
  Surroundings context;
  const auto analyzer = kSpec.make(context);
  analyzer->OnStream(kOrig, base::AsBytes("GET / HTTP/1.1\r\n\r\n"));
  analyzer->OnStream(kResp, base::AsBytes("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab"));
  analyzer->OnReset();
  EXPECT_EQ(context.files, Strings{"resp 10: ab"});
  analyzer->OnStream(kResp, base::AsBytes("cd"));
  analyzer->OnClose();
  EXPECT_EQ(Pick(context.lines, {"response_body_len"}), Strings{"response_body_len=2"});
}

TEST(Http, OddRequestLines) {
  EXPECT_EQ(Play({{kOrig, "GET HTTP/1.1\r\n\r\n"}}).weirds, Strings{"missing_HTTP_uri"});
  EXPECT_EQ(Play({{kOrig, "YELL / HTTP/1.1\r\n\r\n"}}).weirds, Strings{"unknown_HTTP_method"});
  EXPECT_EQ(Play({{kOrig, "[] HTTP/1.1\r\n\r\n"}}).weirds, Strings{"bad_HTTP_request_with_version"});
  EXPECT_EQ(Play({{kOrig, "HEAD /x\r\n"}}).weirds, Strings{"invalid_http_09_request_method"});
  EXPECT_EQ(Play({{kOrig, "GET /% http/1.1\r\n\r\n"}}).weirds,
            (Strings{"lowercase_HTTP_keyword", "illegal_%_at_end_of_URI"}));
  EXPECT_EQ(Play({{kOrig, "GET / HTTP/1.0\r\n\r\nGET / HTTP/1.1\r\n\r\n"}}).weirds, (Strings{"HTTP_version_mismatch"}));
  EXPECT_EQ(Play({{kOrig, "GET / HTTP/1.0\r\n\r\nGET / HTTP/1.0\r\n\r\n"}}).weirds,
            (Strings{"unexpected_multiple_HTTP_requests"}));
}

TEST(Http, OddLengths) {
  const auto weirds = [](const std::string& headers) {
    return Play({{kOrig, "POST / HTTP/1.1\r\n" + headers + "\r\n"}}).weirds;
  };
  EXPECT_EQ(weirds("Content-Length: 007\r\n"), Strings{"HTTP_content_length_leading_zeros"});
  EXPECT_EQ(weirds("Content-Length: -1\r\n"), Strings{"HTTP_bad_content_length"});
  EXPECT_EQ(weirds("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"), Strings{"HTTP_content_length_and_chunked"});
  EXPECT_EQ(weirds("Transfer-Encoding: chunked, gzip\r\n"), Strings{"HTTP_chunked_multi"});
  EXPECT_EQ(weirds("Expect: 100-continue\r\nContent-Length: 0\r\n"),
            Strings{"HTTP_content_length_0_and_expect_100_cont"});
  EXPECT_EQ(weirds("X: a\r\n b\r\n"), Strings{"HTTP_obsolete_line_folding"});
}

TEST(Http, TooManyPendingRequestsAreGivenUp) {
  std::string requests;
  for (int i = 0; i < 150; ++i) requests += "GET / HTTP/1.1\r\n\r\n";
  const Outcome out = Play({{kOrig, requests}});
  EXPECT_EQ(out.records.size(), 150u);
  EXPECT_EQ(out.weirds, Strings{"HTTP_excessive_pipelining"});
}

TEST(Http, BasicAuthenticationNamesTheUser) {
  const auto user = [](const std::string& value) {
    return Pick(Play({{kOrig, "GET / HTTP/1.1\r\nAuthorization: " + value + "\r\n\r\n"}}).records,
                {"username", "password"});
  };
  EXPECT_EQ(user("Basic dXNlcjpwYXNz"), Strings{"username=user"});
  EXPECT_EQ(user("bASIC   dXNlcjpwYXNz"), Strings{"username=user"});
  EXPECT_EQ(user("Bearer abc"), Strings{""});
}

// ---- other protocols inside ----------------------------------------------------------------------

TEST(Http, ConnectBeginsATunnel) {
  const Outcome out = Play({{kOrig, "CONNECT example.org:443 HTTP/1.1\r\n\r\n"},
                            {kResp, "HTTP/1.1 200 Connected\r\n\r\nfrom server "},
                            {kOrig, "from client"}});
  EXPECT_EQ(out.tunnel, "from server from client");
  ASSERT_EQ(out.records.size(), 2u);
  EXPECT_NE(out.records[0].find("tunnel_type=Tunnel::HTTP action=Tunnel::DISCOVER"), std::string::npos);
  EXPECT_EQ(Pick({out.records[1]}, {"method", "uri", "status_code"}),
            Strings{"method=CONNECT uri=example.org:443 status_code=200"});
  EXPECT_EQ(out.weirds, Strings{"protocol_data_with_HTTP_CONNECT_reply"});
}

TEST(Http, RefusedConnectIsNoTunnel) {
  const Outcome out = Play({{kOrig, "CONNECT example.org:443 HTTP/1.1\r\n\r\n"},
                            {kResp, "HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno"},
                            {kOrig, "GET / HTTP/1.1\r\n\r\n"}});
  EXPECT_EQ(out.tunnel, "");
  EXPECT_EQ(out.records.size(), 2u);
}

TEST(Http, UpgradeHandsOver) {
  const Outcome out =
      Play({{kOrig, "GET /ws HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"},
            {kResp, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"},
            {kOrig, "\x81\x01"},
            {kResp, "\x82"}});
  EXPECT_EQ(out.tunnel, "\x81\x01\x82");
  EXPECT_EQ(Pick(out.records, {"uri", "status_code", "info_code"}), Strings{"uri=/ws status_code=101 info_code=101"});
  EXPECT_TRUE(out.weirds.empty());
}

// ---- anything at all ---------------------------------------------------------------------------

TEST(Http, TheCutDoesNotMatter) {
  constexpr auto kRequests =
      std::to_array<std::string_view>({"GET /a HTTP/1.1\r\n", "POST /b HTTP/1.1\r\n", "HEAD /c HTTP/1.0\r\n",
                                       "CONNECT d:1 HTTP/1.1\r\n", "GET /old\r\n"});
  constexpr auto kReplies =
      std::to_array<std::string_view>({"HTTP/1.1 200 OK\r\n", "HTTP/1.1 206 Part\r\n", "HTTP/1.0 404\r\n",
                                       "HTTP/1.1 100 Go\r\n", "HTTP/1.1 304 Same\r\n", "HTTP/1.1 101 Switch\r\n"});
  constexpr auto kHeaders = std::to_array<std::string_view>(
      {"Content-Length: 12\r\n", "Content-Length: 0\r\n", "Transfer-Encoding: chunked\r\n", "Connection: close\r\n",
       "Connection: Upgrade\r\nUpgrade: x\r\n", "Content-Type: multipart/mixed; boundary=b\r\n",
       "Content-Encoding: deflate\r\n", "Content-Type: message/http\r\n", "Content-Transfer-Encoding: base64\r\n",
       "Content-Transfer-Encoding: quoted-printable\r\n", "Range: x\r\n", "Content-Range: bytes 0-11/20\r\n",
       " folded\n", "Host: h\r"});
  constexpr auto kBodies = std::to_array<std::string_view>(
      {"abcdefghijkl", "c\r\nabcdefghijkl\r\n0\r\n\r\n",
       "--b\r\nContent-Length: 3\r\n\r\nabc\r\n--b\r\n\r\nx\r\n--b--\r\n", "--b\r\n\r\na\rb\nc\r\r\n--b--", "YWJj\r\n",
       "a=\r\n=41\r\n", "\r\n", "\n", "\r"});
  std::mt19937 random(3);
  const auto pick = [&](const auto& from) { return std::string(from[random() % from.size()]); };
  for (int round = 0; round < 3000; ++round) {
    std::vector<Piece> pieces;
    for (size_t messages = 1 + random() % 5; messages > 0; --messages) {
      const Direction from = random() % 2 == 0 ? kOrig : kResp;
      std::string text = from == kOrig ? pick(kRequests) : pick(kReplies);
      for (size_t headers = random() % 4; headers > 0; --headers) text += pick(kHeaders);
      text += "\r\n";
      for (size_t bodies = random() % 3; bodies > 0; --bodies) text += pick(kBodies);
      pieces.push_back({from, text});
    }
    const Outcome whole = PlayCut(pieces, [](size_t size) { return size; });
    for (int cuts = 0; cuts < 4; ++cuts) {
      const size_t most = cuts == 0 ? 1 : 30;
      const Outcome cut = PlayCut(pieces, [&](size_t) { return 1 + random() % most; });
      std::string all;
      for (const Piece& piece : pieces)
        all += (piece.from == kOrig ? "\n> " : "\n< ") + testing::PrintToString(piece.bytes);
      ASSERT_EQ(whole.records, cut.records) << all;
      ASSERT_EQ(whole.files, cut.files) << all;
      ASSERT_EQ(whole.tunnel, cut.tunnel) << all;
    }
  }
}

// ---- recognising it ------------------------------------------------------------------------------

TEST(Http, Probe) {
  const auto probe = [](std::string_view orig, std::string_view resp) {
    return kSpec.probe_tcp({base::AsBytes(orig), base::AsBytes(resp)});
  };
  EXPECT_EQ(probe("GET / HTTP/1.0", ""), ProbeResult::kYes);
  EXPECT_EQ(probe("\r\n  POST", ""), ProbeResult::kYes);
  EXPECT_EQ(probe("", "http/1"), ProbeResult::kYes);
  EXPECT_EQ(probe("GE", ""), ProbeResult::kMore);
  EXPECT_EQ(probe("XX", "HTT"), ProbeResult::kMore);
  EXPECT_EQ(probe("XX", "HTTP/x"), ProbeResult::kNo);
}

}  // namespace
}  // namespace quaywatch::analyze::http
