// SPDX-License-Identifier: Apache-2.0
#include "analyze/ftp/parse.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace quaywatch::analyze::ftp {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool IsPrintable(char c) { return c > ' ' && c <= '~'; }

std::string_view SkipSpace(std::string_view text) {
  size_t at = 0;
  while (at < text.size() && IsSpace(text[at])) ++at;
  return text.substr(at);
}

std::optional<int> TakeNumber(std::string_view& text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return number;
}

uint32_t CodeOf(std::string_view line) {
  if (line.size() < 3 || !std::all_of(line.begin(), line.begin() + 3, IsDigit)) return 0;
  return static_cast<uint32_t>((line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0'));
}

}  // namespace

std::optional<Command> ParseCommand(std::string_view line) {
  constexpr size_t kMinWord = 3;
  line = SkipSpace(line);
  const auto end = std::find_if(line.begin(), line.end(), IsSpace);
  const std::string_view word(line.begin(), end);
  if (word.size() < kMinWord || !std::ranges::all_of(word, IsPrintable)) return std::nullopt;
  return Command{word, SkipSpace(line.substr(word.size()))};
}

std::optional<Reply> ReplyParser::Parse(std::string_view line) {
  const uint32_t code = CodeOf(line);
  if (pending_code_ != 0) {
    if (code != pending_code_ || line.size() <= 3 || line[3] != ' ') return Reply{0, line, true};
    pending_code_ = 0;
    return Reply{code, SkipSpace(line.substr(3)), false};
  }
  if (code < 100) return std::nullopt;
  if (line.size() > 3 && line[3] == '-') {
    pending_code_ = code;
    return Reply{code, SkipSpace(line.substr(4)), true};
  }
  if (line.size() > 3 && line[3] != ' ') return std::nullopt;
  return Reply{code, SkipSpace(line.substr(3)), false};
}

std::string WithoutTelnet(std::string_view line) {
  constexpr uint8_t kInterpretAsCommand = 255;
  constexpr uint8_t kFirstWithOption = 251;  // WILL, WONT, DO, DONT
  std::string text;
  for (size_t at = 0; at < line.size(); ++at) {
    const auto byte = static_cast<uint8_t>(line[at]);
    if (byte != kInterpretAsCommand) {
      text += line[at];
      continue;
    }
    const auto command = static_cast<uint8_t>(++at < line.size() ? line[at] : 0);
    if (command == kInterpretAsCommand) {
      text += line[at];
    } else if (command >= kFirstWithOption) {
      ++at;
    }
  }
  return text;
}

std::optional<Endpoint> ParsePort(std::string_view argument) {
  std::array<uint8_t, 6> bytes;
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (i > 0) {
      if (!argument.starts_with(',')) return std::nullopt;
      argument.remove_prefix(1);
    }
    argument = SkipSpace(argument);
    const auto number = TakeNumber(argument);
    if (!number || *number < 0 || *number > 255) return std::nullopt;
    bytes[i] = static_cast<uint8_t>(*number);
  }
  return Endpoint{model::IpAddress::V4(bytes.data()), static_cast<uint16_t>(bytes[4] << 8 | bytes[5])};
}

std::optional<Endpoint> ParsePasv(std::string_view reply) {
  constexpr std::string_view kPort = "PORT";
  if (const size_t bracket = reply.find('('); bracket != std::string_view::npos) {
    return ParsePort(reply.substr(bracket + 1));
  }
  if (const size_t word = reply.find(kPort); word != std::string_view::npos) {
    return ParsePort(reply.substr(std::min(word + kPort.size() + 1, reply.size())));
  }
  size_t at = reply.find(',');
  if (at == std::string_view::npos) return std::nullopt;
  while (at > 0 && IsDigit(reply[at - 1])) --at;
  return ParsePort(reply.substr(at));
}

std::optional<Endpoint> ParseEprt(std::string_view argument) {
  argument = SkipSpace(argument);
  if (argument.empty()) return std::nullopt;
  const char delimiter = argument[0];
  argument.remove_prefix(1);
  TakeNumber(argument);  // the address family, which the address says itself
  if (!argument.starts_with(delimiter)) return std::nullopt;
  argument.remove_prefix(1);
  const size_t end = argument.find(delimiter);
  if (end == std::string_view::npos) return std::nullopt;
  Endpoint endpoint;
  if (end > 0) {
    endpoint.address = model::IpAddress::Parse(argument.substr(0, end));
    if (!endpoint.address) return std::nullopt;
  }
  argument.remove_prefix(end + 1);
  const auto port = TakeNumber(argument);
  if (!port || *port < 0 || *port > 65535 || !argument.starts_with(delimiter)) return std::nullopt;
  endpoint.port = static_cast<uint16_t>(*port);
  return endpoint;
}

std::optional<Endpoint> ParseEpsv(std::string_view reply) {
  const size_t bracket = reply.find('(');
  if (bracket == std::string_view::npos) return std::nullopt;
  return ParseEprt(reply.substr(bracket + 1));
}

uint64_t LastNumber(std::string_view text) {
  const auto last = std::find_if(text.rbegin(), text.rend(), IsDigit);
  const auto before = std::find_if_not(last, text.rend(), IsDigit);
  uint64_t number = 0;
  std::from_chars(text.data() + (text.rend() - before), text.data() + (text.rend() - last), number);
  return number;
}

}  // namespace quaywatch::analyze::ftp
