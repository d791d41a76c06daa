// SPDX-License-Identifier: Apache-2.0
#include "analyze/dns/parse.h"

#include <charconv>

#include "analyze/dns/rdata.h"
#include "analyze/dns/words.h"

namespace quaywatch::analyze::dns {
namespace {

enum class Section : uint8_t { kAnswers, kPrerequisites, kUpdates };

class MessageParser {
 public:
  MessageParser(base::Bytes message, const Header& header, MessageListener& listener)
      : reader_(message), header_(header), listener_(listener) {
    reader_.MoveTo(kHeaderLength);
  }

  Verdict Parse() {
    for (int i = 0; i < header_.questions; ++i) {
      if (!OneQuestion()) return Verdict::kBroken;
    }
    if (!OneSection(header_.answers, header_.is_update() ? Section::kPrerequisites : Section::kAnswers)) {
      return Verdict::kBroken;
    }
    if (header_.is_update()) OneSection(header_.authorities, Section::kUpdates);
    return Verdict::kDns;
  }

 private:
  bool OneQuestion() {
    ReadName(reader_, header_.netbios, owner_, listener_);
    if (reader_.left() < 4) {
      listener_.OnWeird("DNS_truncated_quest_too_short", {});
      return false;
    }
    const uint16_t type = reader_.U16();
    const uint16_t klass = reader_.U16();
    if (!header_.is_update()) listener_.OnQuestion(header_, {.name = owner_.view(), .type = type, .klass = klass});
    return true;
  }

  bool OneSection(int count, Section section) {
    for (; count > 0; --count) {
      if (!OneRecord(section)) return false;
    }
    return true;
  }

  bool OneRecord(Section section) {
    ReadName(reader_, header_.netbios, owner_, listener_);
    if (reader_.left() < 4) {
      listener_.OnWeird("DNS_truncated_ans_too_short", {});
      return false;
    }
    const uint16_t type = reader_.U16();
    const uint16_t klass = reader_.U16();
    const uint32_t ttl = reader_.U32();
    const uint16_t length = reader_.U16();
    if (length > reader_.left()) {
      listener_.OnWeird("DNS_truncated_RR_rdlength_lt_len", {});
      return false;
    }
    if (section == Section::kPrerequisites) {
      TellPrerequisite(type, klass);
    } else if (section == Section::kUpdates && (klass == kClassAny || klass == kClassNone)) {
      TellDeletion(type, klass);
    } else {
      return ReadAndTell(section,
                         {.owner = owner_.view(),
                          .type = type,
                          .length = length,
                          .netbios = header_.netbios,
                          .update = section == Section::kUpdates},
                         ttl);
    }
    reader_.Take(length);
    // A record to be deleted that is not shown is passed over.
    if (section == Section::kUpdates && klass == kClassNone && length == 0) return true;
    listener_.OnAnswer(header_, {.name = owner_.view(), .type = type, .ttl = ttl, .text = text_});
    return true;
  }

  bool ReadAndTell(Section section, const RecordHead& head, uint32_t ttl) {
    if (head.length == 0 && !reader_.empty()) {
      listener_.OnWeird("DNS_zero_rdlength", {});
      return false;
    }
    const RdataOutcome outcome = ReadRdata(reader_, head, text_, listener_);
    if (outcome.told) {
      if (section == Section::kUpdates && !text_.empty()) text_.insert(0, "add: ");
      listener_.OnAnswer(header_, {.name = owner_.view(), .type = head.type, .ttl = ttl, .text = text_});
    }
    return outcome.follow;
  }

  // RFC 2136, 2.4.
  void TellPrerequisite(uint16_t type, uint16_t klass) {
    const bool any = type == static_cast<uint16_t>(Type::kAny);
    if (any && (klass == kClassNone || klass == kClassAny)) {
      text_ = klass == kClassNone ? "pre: NameNotInUse " : "pre: NameInUse ";
    } else {
      text_ = klass == kClassNone ? "pre: NoRRSet " : "pre: RRSetExists ";
      text_ += TypeName(type);
      text_ += ' ';
    }
    text_ += owner_.view();
  }

  // RFC 2136, 2.5.
  void TellDeletion(uint16_t type, uint16_t klass) {
    if (klass == kClassAny && type == static_cast<uint16_t>(Type::kAny)) {
      text_ = "del: RRSet * ";
      text_ += owner_.view();
    } else if (klass == kClassNone) {
      text_ = "del: RR " + TypeName(type) + ' ';
      text_ += owner_.view();
    } else {
      text_ = "del: RRSet " + TypeName(type);
    }
  }

  Reader reader_;
  const Header& header_;
  MessageListener& listener_;
  Name owner_;
  std::string text_;
};

bool IsOurs(uint8_t opcode) { return opcode == kQuery || opcode == kNotify || opcode == kDynamicUpdate; }

class Unheard : public WeirdListener {
 public:
  bool any = false;
  void OnWeird(std::string_view, std::string_view) override { any = true; }
};

}  // namespace

Header ReadHeader(base::Bytes message, bool netbios) {
  Reader reader(message);
  Header header;
  if (message.size() < kHeaderLength) return header;
  header.id = reader.U16();
  const uint16_t flags = reader.U16();
  header.response = (flags & 0x8000) != 0;
  header.opcode = flags >> 11 & 15;
  header.authoritative = (flags & 0x0400) != 0;
  header.truncated = (flags & 0x0200) != 0;
  header.recursion_desired = (flags & 0x0100) != 0;
  header.recursion_available = (flags & 0x0080) != 0;
  header.z = flags >> 4 & 7;
  header.rcode = flags & 15;
  header.questions = reader.U16();
  header.answers = reader.U16();
  header.authorities = reader.U16();
  header.additionals = reader.U16();
  header.netbios = netbios;
  return header;
}

Verdict ParseMessage(base::Bytes message, bool netbios, MessageListener& listener) {
  if (message.size() < kHeaderLength) {
    listener.OnWeird("DNS_truncated_len_lt_hdr_len", {});
    return Verdict::kBroken;
  }
  const Header header = ReadHeader(message, netbios);
  if (!netbios && !IsOurs(header.opcode)) {
    char digits[2];
    const auto end = std::to_chars(digits, std::end(digits), header.opcode).ptr;
    listener.OnWeird("DNS_unknown_opcode", {digits, end});
    listener.OnUnknownOpcode();
    return Verdict::kBroken;
  }
  listener.OnHeader(header);
  Verdict verdict = Verdict::kForeign;
  if (header.questions > kMaxQuestions) {
    listener.OnWeird("DNS_Conn_count_too_large", {});
  } else {
    verdict = MessageParser(message, header, listener).Parse();
  }
  listener.OnEnd(header);
  return verdict;
}

bool LooksLikeMessage(base::Bytes message) {
  if (message.size() < kHeaderLength) return false;
  const Header header = ReadHeader(message, false);
  constexpr uint8_t kReservedBit = 4;  // what is left of Z
  constexpr uint8_t kMaxRcode = 5;
  constexpr uint16_t kMaxRecords = 64;
  if (header.opcode != kQuery || (header.z & kReservedBit) != 0 || header.questions != 1) return false;
  if (header.answers > kMaxRecords || header.authorities > kMaxRecords || header.additionals > kMaxRecords)
    return false;
  if (!header.response && (header.rcode != 0 || header.answers != 0 || header.authorities != 0 ||
                           header.additionals > 1 || header.authoritative || header.recursion_available)) {
    return false;
  }
  if (header.rcode > kMaxRcode) return false;
  Reader reader(message);
  reader.MoveTo(kHeaderLength);
  Name name;
  Unheard weirds;
  ReadName(reader, false, name, weirds);
  if (weirds.any || reader.left() < 4) return false;
  for (const char c : name.view()) {
    if (c <= ' ' || c > '~') return false;
  }
  const uint16_t type = reader.U16();
  const uint16_t klass = reader.U16();
  constexpr uint16_t kInternet = 1;
  if (KnownTypeName(type).empty() || klass != kInternet) return false;
  const bool records_follow = header.answers != 0 || header.authorities != 0 || header.additionals != 0;
  // The shortest record: a pointer or root, type, class, TTL, length.
  constexpr size_t kMinRecord = 11;
  return records_follow ? reader.left() >= kMinRecord : reader.empty();
}

}  // namespace quaywatch::analyze::dns
