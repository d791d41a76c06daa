// SPDX-License-Identifier: Apache-2.0
// SSH in Zeek's terms: one record a connection, written when a login has succeeded or else at the end.
#include "analyze/analyzer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "analyze/ssh/login.h"
#include "analyze/ssh/match.h"
#include "analyze/ssh/parse.h"
#include "analyze/ssh/reader.h"
#include "analyze/ssh/record.h"

namespace quaywatch::analyze::ssh {
namespace {

using model::Direction;

class SshAnalyzer : public Analyzer {
 public:
  explicit SshAnalyzer(Context& context) : context_(context) {}

  void OnStream(Direction from, base::Bytes bytes) override {
    if (over_) return;
    if (context_.flow().partial) return Finish();
    Side& side = sides_[static_cast<size_t>(from)];
    while (!bytes.empty() && !over_ && side.phase != Phase::kEncrypted) {
      side.phase == Phase::kBanner ? ReadBanner(from, bytes) : ReadMessage(from, bytes);
    }
    if (!bytes.empty() && !over_) OnEncrypted(from, bytes.size());
  }

  // Nothing can be said of what follows: messages have lost their beginnings, sizes their meaning.
  void OnGap(Direction, uint64_t) override { Finish(); }

  void OnClose() override {
    if (record_ && !logged_) Log();
  }

 private:
  enum class Phase : uint8_t { kBanner, kLists, kExchange, kEncrypted };
  struct Side {
    Phase phase = Phase::kBanner;
    Version version = Version::kUnknown;
    Reader reader;
  };

  SshRecord& Record() {
    if (!record_) {
      const model::FlowInfo& flow = context_.flow();
      record_.emplace(SshRecord{.ts = context_.now(), .uid = flow.uid, .id = flow.id});
      if (flow.local_orig != flow.local_resp) {
        record_->direction = model::Enum{flow.local_orig ? "OUTBOUND" : "INBOUND"};
      }
    }
    return *record_;
  }

  void Log() {
    logged_ = true;
    model::Write(context_.records(), *record_);
  }

  void Fail(std::string_view reason) {
    over_ = true;
    context_.Violate(reason);
  }

  void Finish() {
    over_ = true;
    context_.Finish();
  }

  void ReadBanner(Direction from, base::Bytes& bytes) {
    Side& side = sides_[static_cast<size_t>(from)];
    std::string_view line;
    switch (side.reader.TakeLine(bytes, line)) {
      case Reader::Outcome::kItem:
        break;
      case Reader::Outcome::kTooLong:
        return Fail("banner too long");
      default:
        return;
    }
    if (!line.starts_with("SSH-")) {
      // RFC 4253, 4.2: a server may send other lines before its banner.
      if (from == Direction::kOrig) Fail("no banner");
      return;
    }
    side.version = BannerVersion(line);
    side.phase = Phase::kLists;
    version_ = Agree(sides_[0].version, sides_[1].version);
    SshRecord& record = Record();
    (from == Direction::kOrig ? record.client : record.server) = std::string(line);
    if (record.client && record.server) record.version = LoggedVersion(*record.client, *record.server);
  }

  void ReadMessage(Direction from, base::Bytes& bytes) {
    Side& side = sides_[static_cast<size_t>(from)];
    side.reader.FinishLine(bytes);
    if (bytes.empty()) return;
    if (version_ == Version::kUnknown) return Fail("versions unknown or at odds");
    base::Bytes message;
    uint32_t too_long = 0;
    const Reader::Outcome outcome = side.reader.TakeMessage(version_, bytes, message, too_long);
    if (too_long > 0) Exceeded("SSH_max_packet_length_exceeded", too_long, kMaxPacketLength);
    if (outcome != Reader::Outcome::kItem) return;
    version_ == Version::kSsh1 ? OnSsh1Message(from, message) : OnSsh2Message(from, message);
  }

  void OnSsh1Message(Direction from, base::Bytes message) {
    base::Cursor in(message);
    const uint32_t length = in.U32();
    in.Skip(8 - length % 8);
    const uint8_t type = in.U8();
    if (!in.ok() || length < 5) return Fail("message too short");
    Side& side = sides_[static_cast<size_t>(from)];
    if (type == kSsh1SessionKey) {
      context_.Confirm();
    } else if (type != kSsh1PublicKey) {
      return Fail("unexpected message");
    }
    side.phase = Phase::kEncrypted;
  }

  void OnSsh2Message(Direction from, base::Bytes message) {
    base::Cursor in(message);
    const uint32_t length = in.U32();
    const uint32_t padding = in.U8();
    const uint8_t type = in.U8();
    if (!in.ok() || length < padding + 2) return Fail("message too short");
    const base::Bytes payload = in.Take(length - padding - 2);
    Side& side = sides_[static_cast<size_t>(from)];
    if (type == kNewKeys) {
      side.phase = Phase::kEncrypted;
      Record();
      context_.Confirm();
    } else if (side.phase == Phase::kLists) {
      OnLists(from, payload);
    } else {
      OnExchange(type, payload);
    }
  }

  void OnLists(Direction from, base::Bytes payload) {
    uint32_t too_long = 0;
    const auto lists = ParseKexInit(payload, too_long);
    if (too_long > 0) Exceeded("SSH_max_string_length_exceeded", too_long, kMaxStringLength);
    if (!lists) return Fail("malformed lists of algorithms");
    CheckLengths(*lists);
    const bool is_client = from == Direction::kOrig;
    if (std::string& input = is_client ? Record().client_lists : Record().server_lists; input.empty()) {
      input = is_client ? HasshInput(*lists) : HasshServerInput(*lists);
    }
    if (first_lists_.empty()) {
      first_lists_ = base::AsText(payload);
      first_from_ = from;
      return;
    }
    if (first_from_ == from) return;
    const auto first = ParseKexInit(base::AsBytes(first_lists_), too_long);
    const bool first_is_client = first_from_ == Direction::kOrig;
    Negotiate(first_is_client ? *first : *lists, first_is_client ? *lists : *first);
  }

  void Negotiate(const KexInit& client, const KexInit& server) {
    SshRecord& record = Record();
    if (!record.kex_alg) {
      record.cipher_alg = ChooseBoth(client.encryption, server.encryption);
      record.mac_alg = ChooseBoth(client.mac, server.mac);
      record.compression_alg = ChooseBoth(client.compression, server.compression);
      record.kex_alg = Choose(client.kex, server.kex);
      record.host_key_alg = Choose(client.host_key, server.host_key);
      compressed_ = record.compression_alg == "zlib" || record.compression_alg == "zlib@openssh.com";
    }
    const std::string kex = Choose(client.kex, server.kex);
    if (kex == kNegotiationFailed) return;
    family_ = FamilyOf(kex);
    if (family_ == KexFamily::kUnknown) return context_.Weird("ssh_unknown_kex_algorithm", kex);
    for (Side& side : sides_) side.phase = Phase::kExchange;
  }

  // A message of the key exchange; all that is wanted of it is the host key.
  void OnExchange(uint8_t type, base::Bytes payload) {
    const KexMessage kind = MessageOf(family_, type);
    if (!kind.known) return Fail("unexpected message");
    base::Cursor in(payload);
    in.Skip(size_t{4} * kind.numbers);
    base::Bytes first;
    for (int i = 0; i < kind.strings; ++i) {
      uint32_t too_long = 0;
      const auto string = TakeString(in, too_long);
      if (too_long > 0) Exceeded("SSH_max_string_length_exceeded", too_long, kMaxStringLength);
      if (!string) return Fail("malformed key exchange");
      if (i == 0) first = *string;
    }
    if (!in.ok()) return Fail("malformed key exchange");
    if (kind.host_key) Record().host_key_fingerprint = Fingerprint(base::AsText(first));
  }

  void OnEncrypted(Direction from, size_t length) {
    if (version_ != Version::kSsh2) return;
    const LoginWatch::Verdict verdict = login_.OnSegment(from, length);
    if (verdict == LoginWatch::Verdict::kNone) return;
    // Compression changes the sizes the verdict rests on.
    if (!compressed_) {
      Record().auth_success = verdict == LoginWatch::Verdict::kSucceeded;
      Record().auth_attempts += 1;
    }
    if (verdict == LoginWatch::Verdict::kSucceeded) {
      Finish();
      Log();
    }
  }

  void CheckLengths(const KexInit& lists) {
    const auto check = [this](std::string_view list, std::string_view weird) {
      size_t total = 0;
      SplitNames(list, total);
      if (total > kMaxAlgorithms) Exceeded(weird, total, kMaxAlgorithms);
    };
    const auto check_both = [&check](const Preferences& lists_of, std::string_view weird) {
      check(lists_of.to_server, weird);
      check(lists_of.to_client, weird);
    };
    check(lists.kex, "SSH_max_kexinit_kex_algorithms_exceeded");
    check(lists.host_key, "SSH_max_kexinit_hostkey_algorithms_exceeded");
    check_both(lists.encryption, "SSH_max_kexinit_encryption_algorithms_exceeded");
    check_both(lists.mac, "SSH_max_kexinit_mac_algorithms_exceeded");
    check_both(lists.compression, "SSH_max_kexinit_compression_algorithms_exceeded");
    check_both(lists.languages, "SSH_max_kexinit_languages_exceeded");
  }

  void Exceeded(std::string_view weird, uint64_t value, uint64_t limit) {
    context_.MarkHistory('X');
    context_.Weird(weird, fmt::format("{} > {}", value, limit));
  }

  Context& context_;
  std::array<Side, 2> sides_;
  Version version_ = Version::kUnknown;
  KexFamily family_ = KexFamily::kUnknown;
  std::string first_lists_;  // payload of the first SSH_MSG_KEXINIT, up to kMaxMessage
  Direction first_from_ = Direction::kOrig;
  LoginWatch login_;
  bool compressed_ = false;
  bool logged_ = false;
  bool over_ = false;  // nothing more to be learnt
  std::optional<SshRecord> record_;
};

// -1: can't be; 0: too short to say; 1: a banner.
int Banner(base::Bytes bytes) {
  const std::string_view text = base::AsText(bytes);
  constexpr std::string_view kStart = "ssh-";
  for (size_t i = 0; i < text.size() && i < kStart.size(); ++i) {
    if ((text[i] | 0x20) != kStart[i] && text[i] != kStart[i]) return -1;
  }
  if (text.size() > 4 && text[4] != '1' && text[4] != '2') return -1;
  if (text.size() > 5) return text[5] == '.' ? 1 : -1;
  return 0;
}

ProbeResult Probe(const ProbeInput& input) {
  const int client = Banner(input.orig);
  const int server = Banner(input.resp);
  if (client < 0 || server < 0) return ProbeResult::kNo;
  return client > 0 && server > 0 ? ProbeResult::kYes : ProbeResult::kMore;
}

constexpr auto kPorts = std::to_array<uint16_t>({22});
constexpr auto kSchemas = std::to_array<const model::Schema& (*)()>({&SshRecord::Schema});

}  // namespace

extern const AnalyzerSpec kSpec;
const AnalyzerSpec kSpec{
    .name = "ssh",
    .help = "SSH sessions (RFC 4253): software, algorithms, host key, outcome of the login",
    .probe_tcp = Probe,
    .tcp_ports = kPorts,
    .make = [](Context& context) -> std::unique_ptr<Analyzer> { return std::make_unique<SshAnalyzer>(context); },
    .schemas = kSchemas,
};

}  // namespace quaywatch::analyze::ssh
