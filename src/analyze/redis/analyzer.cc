// SPDX-License-Identifier: Apache-2.0
// Redis: a record for each command, written when its reply is complete.
#include "analyze/analyzer.h"

#include <array>
#include <utility>

#include "analyze/redis/match.h"
#include "analyze/redis/parse.h"
#include "analyze/redis/record.h"

namespace quaywatch::analyze::redis {
namespace {

class RedisAnalyzer : public Analyzer {
 public:
  explicit RedisAnalyzer(Context& context) : context_(context) {}

  void OnStream(model::Direction from, base::Bytes bytes) override {
    while (!broken_ && !bytes.empty()) {
      const bool goes_on = from == model::Direction::kOrig ? ReadCommand(bytes) : ReadReply(bytes);
      if (!goes_on) break;
    }
  }

  // Where the next value begins can't be known.
  void OnGap(model::Direction, uint64_t) override {
    Flush();
    Break("bytes are missing");
  }

  void OnClose() override {
    if (!broken_) Flush();
  }

 private:
  // Both return false when nothing more can be done with the bytes at hand.
  bool ReadCommand(base::Bytes& bytes) {
    Command command;
    switch (commands_.Next(bytes, command)) {
      case Parsed::kMore:
        return false;
      case Parsed::kBroken:
        Break("no command");
        return false;
      case Parsed::kDone:
        break;
    }
    if (!matcher_.OnCommand(std::move(command), context_.now())) context_.Weird("Redis_excessive_pipelining");
    WriteReady();
    return true;
  }

  bool ReadReply(base::Bytes& bytes) {
    Reply reply;
    switch (replies_.Next(bytes, reply)) {
      case Parsed::kMore:
        return false;
      case Parsed::kBroken:
        Break("no reply");
        return false;
      case Parsed::kDone:
        break;
    }
    context_.Confirm();
    if (!matcher_.OnReply(std::move(reply), context_.now())) context_.Weird("Redis_excessive_pipelining");
    WriteReady();
    return true;
  }

  void Break(std::string_view reason) {
    broken_ = true;
    context_.Violate(reason);
  }

  void WriteReady() {
    while (auto exchange = matcher_.Take()) Write(std::move(*exchange));
  }

  void Flush() {
    while (auto exchange = matcher_.TakeRest()) Write(std::move(*exchange));
  }

  void Write(Exchange exchange) {
    const model::FlowInfo& flow = context_.flow();
    RedisRecord record{.ts = exchange.ts, .uid = flow.uid, .id = flow.id};
    if (exchange.command) {
      record.cmd_name = std::move(exchange.command->name);
      record.cmd_key = std::move(exchange.command->key);
      record.cmd_value = std::move(exchange.command->value);
    }
    if (exchange.reply) {
      record.success = !exchange.reply->is_error;
      record.reply_value = std::move(exchange.reply->text);
    }
    model::Write(context_.records(), record);
  }

  Context& context_;
  CommandParser commands_;
  ReplyParser replies_;
  Matcher matcher_;
  bool broken_ = false;
};

// A client's array of bulk strings and a server's value of any type. Inline commands alone are no sign.
ProbeResult Probe(const ProbeInput& input) {
  base::Bytes client = input.orig;
  base::Bytes server = input.resp;
  if (!client.empty() && client[0] != kArray) return ProbeResult::kNo;
  CommandParser commands;
  ReplyParser replies;
  Command command;
  Reply reply;
  const Parsed asked = commands.Next(client, command);
  const Parsed answered = replies.Next(server, reply);
  if (asked == Parsed::kBroken || answered == Parsed::kBroken) return ProbeResult::kNo;
  if (asked == Parsed::kDone && (answered == Parsed::kDone || input.resp.size() >= kProbeLimit)) {
    return ProbeResult::kYes;
  }
  return ProbeResult::kMore;
}

constexpr auto kPorts = std::to_array<uint16_t>({6379});
constexpr auto kSchemas = std::to_array<const model::Schema& (*)()>({&RedisRecord::Schema});

}  // namespace

extern const AnalyzerSpec kSpec;
const AnalyzerSpec kSpec{
    .name = "redis",
    .help = "Redis (RESP2 and RESP3): commands, keys and replies",
    .probe_tcp = Probe,
    .tcp_ports = kPorts,
    .make = [](Context& context) -> std::unique_ptr<Analyzer> { return std::make_unique<RedisAnalyzer>(context); },
    .schemas = kSchemas,
};

}  // namespace quaywatch::analyze::redis
