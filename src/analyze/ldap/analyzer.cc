// SPDX-License-Identifier: Apache-2.0
// LDAP (RFC 4511) over TCP up to the point where it goes over to TLS or to protected messages. Writes no log of
// its own.
#include "analyze/analyzer.h"

#include <algorithm>
#include <array>
#include <optional>

namespace quaywatch::analyze::ldap {
namespace {

using model::Direction;

// ASN.1 tags of the parts of a message.
constexpr uint8_t kSequence = 0x30;
constexpr uint8_t kInteger = 0x02;
constexpr uint8_t kEnumerated = 0x0a;
constexpr uint8_t kBindRequest = 0x60;
constexpr uint8_t kExtendedRequest = 0x77;
constexpr uint8_t kExtendedResponse = 0x78;
constexpr uint8_t kRequestName = 0x80;
constexpr uint8_t kSasl = 0xa3;
constexpr std::string_view kStartTls = "1.3.6.1.4.1.1466.20037";

// What is kept of a message to see what it is: header, number, operation and the name of an extension. The
// rest is skipped.
constexpr size_t kMaxHead = 64;

// The tag and the length of a part (X.690, 8.1). Nothing if the length has more than 4 bytes or is indefinite;
// not in.ok() if it goes on in bytes that have not come yet.
struct Part {
  uint8_t tag = 0;
  uint32_t length = 0;
};
std::optional<Part> TakePart(base::Cursor& in) {
  Part part{.tag = in.U8(), .length = in.U8()};
  if (part.length < 0x80) return part;
  const uint32_t bytes = part.length & 0x7f;
  if (bytes == 0 || bytes > 4) return std::nullopt;
  part.length = 0;
  for (uint32_t i = 0; i < bytes; ++i) part.length = part.length << 8 | in.U8();
  return part;
}

struct Message {
  uint64_t size = 0;  // with its header
  uint8_t operation = 0;
  base::Bytes content;  // of the operation, as far as it is there
};

enum class Read : uint8_t { kMore, kInvalid, kDone };

// Reads the beginning of a message. It is enough to have what `head` may hold of it, or all.
Read ReadMessage(base::Bytes head, Message& message) {
  base::Cursor in(head);
  const auto whole = TakePart(in);
  if (!head.empty() && head[0] != kSequence) return Read::kInvalid;
  if (!whole) return Read::kInvalid;
  if (!in.ok()) return Read::kMore;
  message.size = in.offset() + uint64_t{whole->length};
  const bool enough = head.size() >= std::min<uint64_t>(message.size, kMaxHead);
  const auto number = TakePart(in);
  if (!number || (in.ok() && (number->tag != kInteger || number->length == 0 || number->length > 4))) {
    return Read::kInvalid;
  }
  in.Skip(number->length);
  const auto operation = TakePart(in);
  if (!in.ok()) return enough ? Read::kInvalid : Read::kMore;
  // Operations are of the application's class; responses have higher numbers up to 25.
  if (!operation || (operation->tag & 0xc0) != 0x40 || (operation->tag & 0x1f) > 25) return Read::kInvalid;
  if (in.offset() + uint64_t{operation->length} > message.size) return Read::kInvalid;
  if (!enough) return Read::kMore;
  message.operation = operation->tag;
  message.content = in.rest().first(std::min<size_t>(in.left(), operation->length));
  return Read::kDone;
}

bool AsksForTls(const Message& message) {
  if (message.operation != kExtendedRequest) return false;
  base::Cursor in(message.content);
  const auto name = TakePart(in);
  return name && name->tag == kRequestName && base::AsText(in.Take(name->length)) == kStartTls;
}

bool IsSuccess(const Message& message) {
  base::Cursor in(message.content);
  const auto code = TakePart(in);
  return code && code->tag == kEnumerated && code->length == 1 && in.U8() == 0 && in.ok();
}

// A bind that may protect all that follows.
bool BindsWithSasl(const Message& message) {
  if (message.operation != kBindRequest) return false;
  base::Cursor in(message.content);
  for (int skipped = 0; skipped < 2; ++skipped) {  // version and name
    const auto part = TakePart(in);
    if (!part) return false;
    in.Skip(part->length);
  }
  const uint8_t method = in.U8();
  return !in.ok() || method == kSasl;
}

class LdapAnalyzer : public Analyzer {
 public:
  explicit LdapAnalyzer(Context& context) : context_(context) {}

  void OnStream(Direction from, base::Bytes bytes) override {
    if (context_.flow().partial) return;
    while (!bytes.empty() && !done_ && tls_ == nullptr) bytes = bytes.subspan(Take(from, bytes));
    if (tls_ != nullptr && !bytes.empty()) tls_->OnStream(from, bytes);
  }
  void OnGap(Direction from, uint64_t length) override {
    if (tls_ != nullptr) return tls_->OnGap(from, length);
    if (done_) return;
    uint64_t& skip = sides_[static_cast<size_t>(from)].skip;
    if (length > skip) return Finish();
    skip -= length;
  }
  void OnEndOfStream(Direction from) override {
    if (tls_ != nullptr) tls_->OnEndOfStream(from);
  }
  void OnReset() override {
    if (tls_ != nullptr) tls_->OnReset();
  }

 private:
  struct Side {
    std::array<uint8_t, kMaxHead> head{};  // the beginning of a message
    size_t kept = 0;
    uint64_t skip = 0;  // bytes of the message that don't matter
  };

  // Consumes bytes up to the end of a message at most; returns how many.
  size_t Take(Direction from, base::Bytes bytes) {
    Side& side = sides_[static_cast<size_t>(from)];
    if (side.skip > 0) {
      const size_t skipped = std::min<uint64_t>(side.skip, bytes.size());
      side.skip -= skipped;
      return skipped;
    }
    const size_t before = side.kept;
    const size_t taken = std::min(bytes.size(), kMaxHead - before);
    std::ranges::copy(bytes.first(taken), side.head.begin() + static_cast<ptrdiff_t>(before));
    side.kept += taken;
    Message message;
    switch (ReadMessage(base::Bytes(side.head).first(side.kept), message)) {
      case Read::kMore:
        return taken;
      case Read::kInvalid:
        // Signed or encrypted messages begin with their length.
        if (sasl_) {
          Finish();
        } else {
          Violate();
        }
        return taken;
      case Read::kDone:
        break;
    }
    const uint64_t head = std::min<uint64_t>(message.size, side.kept);
    side.skip = message.size - head;
    OnMessage(from, message);
    side.kept = 0;
    return static_cast<size_t>(head) - before;
  }

  void OnMessage(Direction from, const Message& message) {
    if (from == Direction::kOrig) {
      tls_asked_ = tls_asked_ || AsksForTls(message);
      sasl_ = sasl_ || BindsWithSasl(message);
      return;
    }
    context_.Confirm();
    if (tls_asked_ && message.operation == kExtendedResponse && IsSuccess(message)) tls_ = &context_.HandOver("ssl");
  }

  void Finish() {
    done_ = true;
    context_.Finish();
  }
  void Violate() {
    done_ = true;
    context_.Violate("no LDAP message");
  }

  Context& context_;
  Side sides_[2];
  bool tls_asked_ = false;
  bool sasl_ = false;
  Analyzer* tls_ = nullptr;
  bool done_ = false;
};

// A request, and an answer that begins like a message.
ProbeResult Probe(const ProbeInput& input) {
  if (!input.resp.empty() && input.resp[0] != kSequence) return ProbeResult::kNo;
  Message message;
  switch (ReadMessage(input.orig, message)) {
    case Read::kInvalid:
      return ProbeResult::kNo;
    case Read::kMore:
      return ProbeResult::kMore;
    case Read::kDone:
      break;
  }
  // What only clients say: delete, bind, search, modify, add, rename, compare, extended.
  for (const uint8_t request : {0x4a, 0x60, 0x63, 0x66, 0x68, 0x6c, 0x6e, 0x77}) {
    if (message.operation == request) return input.resp.empty() ? ProbeResult::kMore : ProbeResult::kYes;
  }
  return ProbeResult::kNo;
}

// The directory's and the global catalogue's.
constexpr auto kPorts = std::to_array<uint16_t>({389, 3268});

}  // namespace

extern const AnalyzerSpec kSpec;
const AnalyzerSpec kSpec{
    .name = "ldap_tcp",
    .help = "LDAP up to StartTLS (RFC 4511)",
    .probe_tcp = Probe,
    .tcp_ports = kPorts,
    .make = [](Context& context) -> std::unique_ptr<Analyzer> { return std::make_unique<LdapAnalyzer>(context); },
};

}  // namespace quaywatch::analyze::ldap
