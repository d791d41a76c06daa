// SPDX-License-Identifier: Apache-2.0
#include "analyze/dns/rdata.h"

#include <charconv>
#include <optional>

#include "model/address.h"

namespace quaywatch::analyze::dns {
namespace {

constexpr RdataOutcome kTold{.told = true, .follow = true};
constexpr RdataOutcome kPassed{.told = false, .follow = true};
constexpr RdataOutcome kBroken{.told = false, .follow = false};

constexpr uint16_t kAlpn = 1;  // SvcParamKey, RFC 9460

struct AlgorithmWeirds {
  std::string_view not_recommended, indirect, private_dns, private_oid, unknown;
};
constexpr AlgorithmWeirds kRrsigWeirds{"DNSSEC_RRSIG_NotRecommended_ZoneSignAlgo", "DNSSEC_RRSIG_Indirect_ZoneSignAlgo",
                                       "DNSSEC_RRSIG_PrivateDNS_ZoneSignAlgo", "DNSSEC_RRSIG_PrivateOID_ZoneSignAlgo",
                                       "DNSSEC_RRSIG_unknown_ZoneSignAlgo"};
constexpr AlgorithmWeirds kDnskeyWeirds{"DNSSEC_DNSKEY_NotRecommended_ZoneSignAlgo",
                                        "DNSSEC_DNSKEY_Indirect_ZoneSignAlgo", "DNSSEC_DNSKEY_PrivateDNS_ZoneSignAlgo",
                                        "DNSSEC_DNSKEY_PrivateOID_ZoneSignAlgo", "DNSSEC_DNSKEY_unknown_ZoneSignAlgo"};

class RdataParser {
 public:
  RdataParser(Reader& reader, const RecordHead& head, std::string& text, WeirdListener& weirds)
      : reader_(reader), head_(head), text_(text), weirds_(weirds), start_(reader.offset()) {
    text_.clear();
  }

  RdataOutcome Parse() {
    switch (static_cast<Type>(head_.type)) {
      case Type::kA:
        return A();
      case Type::kAaaa:
        return Aaaa("AAAA ");
      case Type::kA6:
        return Aaaa("A6 ");
      case Type::kNs:
      case Type::kCname:
      case Type::kPtr:
        return NameAfter(0);
      case Type::kMx:
        return NameAfter(2);
      case Type::kSrv:
        // NetBIOS gave this number to its node status before SRV existed; its answer is not read.
        return head_.netbios ? kPassed : NameAfter(6);
      case Type::kSoa:
        return Soa();
      case Type::kWks:
        PassOver();
        return kTold;
      case Type::kTxt:
        return Texts("TXT ");
      case Type::kSpf:
        return Texts("SPF ");
      case Type::kNaptr:
        return Naptr();
      case Type::kLoc:
        return Loc();
      case Type::kSshfp:
        return Sshfp();
      case Type::kDs:
        return Ds();
      case Type::kRrsig:
        return Rrsig();
      case Type::kDnskey:
        return Dnskey();
      case Type::kNsec:
        return Nsec();
      case Type::kNsec3:
        return Nsec3();
      case Type::kNsec3param:
        return Nsec3param();
      case Type::kBinds:
        return Binds();
      case Type::kSvcb:
      case Type::kHttps:
        return Svcb();
      case Type::kCaa:
      case Type::kHinfo:
      case Type::kNbs:
      case Type::kOpt:
      case Type::kTkey:
      case Type::kTsig:
        PassOver();
        return kPassed;
      default:
        return Unknown();
    }
  }

 private:
  // How much of the announced length is still ahead; negative if the record went beyond it.
  int Ahead() const { return head_.length - static_cast<int>(reader_.offset() - start_); }
  base::Bytes TakeAhead() { return reader_.Take(Ahead() > 0 ? static_cast<size_t>(Ahead()) : 0); }
  void PassOver() { reader_.MoveTo(start_ + head_.length); }

  void Weird(std::string_view name) { weirds_.OnWeird(name, {}); }
  void Weird(std::string_view name, uint32_t number) {
    char digits[10];
    weirds_.OnWeird(name, {digits, std::to_chars(digits, std::end(digits), number).ptr});
  }
  void CheckLength() {
    if (Ahead() != 0) Weird("DNS_RR_length_mismatch");
  }

  void Put(std::string_view words) { text_ += words; }
  void PutNumber(uint32_t number) {
    char digits[10];
    text_.append(digits, std::to_chars(digits, std::end(digits), number).ptr);
  }
  void PutAddress(const model::IpAddress& address) {
    char buffer[model::kMaxAddressText];
    text_.append(buffer, address.Format(buffer));
  }
  void PutOwner(std::string_view kind) {
    if (!head_.update) return;
    Put(kind);
    Put(head_.owner);
    Put(" ");
  }
  void ReadName() { dns::ReadName(reader_, head_.netbios, name_, weirds_); }

  RdataOutcome A() {
    if (head_.length != 4) {
      Weird("DNS_RR_bad_length");
      return kBroken;
    }
    PutOwner("A ");
    PutAddress(model::IpAddress::V4(reader_.Take(4).data()));
    return kTold;
  }

  RdataOutcome Aaaa(std::string_view kind) {
    uint8_t address[16] = {};
    const base::Bytes bytes = reader_.Take(16);
    std::copy(bytes.begin(), bytes.end(), address);
    PutOwner(kind);
    PutAddress(model::IpAddress::V6(address));
    return kTold;
  }

  RdataOutcome NameAfter(size_t numbers) {
    reader_.Take(numbers);
    ReadName();
    CheckLength();
    Put(name_.view());
    return kTold;
  }

  RdataOutcome Soa() {
    ReadName();
    Put(name_.view());
    constexpr size_t kNumbers = 20;  // serial, refresh, retry, expire, minimum
    ReadName();
    if (reader_.left() < kNumbers) return kBroken;
    reader_.Take(kNumbers);
    CheckLength();
    return kTold;
  }

  // A length and as many bytes; nothing at the end of the record or if they go beyond it.
  std::optional<std::string_view> CharString() {
    if (Ahead() <= 0) return std::nullopt;
    const uint8_t length = reader_.U8();
    if (length > Ahead()) {
      Weird("DNS_TXT_char_str_past_rdlen");
      return std::nullopt;
    }
    return base::AsText(reader_.Take(length));
  }

  RdataOutcome Texts(std::string_view kind) {
    while (const auto part = CharString()) {
      if (!text_.empty()) Put(" ");
      Put(kind);
      PutNumber(static_cast<uint32_t>(part->size()));
      Put(" ");
      Put(*part);
    }
    return {.told = true, .follow = Ahead() == 0};
  }

  RdataOutcome Naptr() {
    if (reader_.left() < 7) {
      Weird("DNS_NAPTR_too_short");
      return kBroken;
    }
    Put("NAPTR ");
    PutNumber(reader_.U16());
    Put(" ");
    PutNumber(reader_.U16());
    Put(" ");
    const auto flags = CharString();
    const auto service = CharString();
    const auto expression = CharString();
    if (!flags || !service || !expression) return kBroken;
    ReadName();
    CheckLength();
    Put(*flags);
    Put(" ");
    Put(*service);
    Put(" ");
    Put(*expression);
    if (!expression->empty() && !name_.view().empty()) Put(" ");
    Put(name_.view());
    return kTold;
  }

  RdataOutcome Loc() {
    if (reader_.left() < 15) return kBroken;
    if (const uint8_t version = reader_.U8(); version != 0) Weird("DNS_LOC_version_unrecognized", version);
    Put("LOC:  ");
    PutNumber(reader_.U8());
    Put(" ");
    PutNumber(reader_.U8());
    Put(" ");
    PutNumber(reader_.U8());
    for (int i = 0; i < 3; ++i) reader_.U32();  // latitude, longitude, altitude
    return kTold;
  }

  RdataOutcome Sshfp() {
    if (reader_.left() < 2) return kBroken;
    reader_.Take(2);
    Put("SSHFP: ");
    constexpr std::string_view kDigits = "0123456789abcdef";
    for (const uint8_t byte : TakeAhead()) {
      text_ += kDigits[byte >> 4];
      text_ += kDigits[byte & 15];
    }
    return kTold;
  }

  RdataOutcome Ds() {
    if (reader_.left() < 4) return kBroken;
    reader_.U16();
    const uint8_t algorithm = reader_.U8();
    const uint8_t digest = reader_.U8();
    TakeAhead();
    if (digest == 0) Weird("DNSSEC_DS_ResrevedDigestType", digest);  // Zeek's spelling
    if (digest > 4) Weird("DNSSEC_DS_unknown_DigestType", digest);
    Put("DS ");
    PutNumber(algorithm);
    Put(" ");
    PutNumber(digest);
    return kTold;
  }

  void CheckAlgorithm(const AlgorithmWeirds& names, uint8_t algorithm) {
    if (algorithm == 1) return Weird(names.not_recommended, algorithm);
    if (algorithm == 252) return Weird(names.indirect, algorithm);
    if (algorithm == 253) return Weird(names.private_dns, algorithm);
    if (algorithm == 254) return Weird(names.private_oid, algorithm);
    const bool known = algorithm >= 2 && algorithm <= 16 && algorithm != 9 && algorithm != 11;
    if (!known) Weird(names.unknown, algorithm);
  }

  RdataOutcome Rrsig() {
    if (reader_.left() < 18) return kBroken;
    const uint16_t covered = reader_.U16();
    const uint8_t algorithm = reader_.U8();
    reader_.Take(15);  // labels, TTL, expiration, inception, key tag
    ReadName();
    TakeAhead();
    CheckAlgorithm(kRrsigWeirds, algorithm);
    Put("RRSIG ");
    PutNumber(covered);
    Put(" ");
    Put(name_.view().empty() ? "<Root>" : name_.view());
    return kTold;
  }

  RdataOutcome Dnskey() {
    if (reader_.left() < 4) return kBroken;
    constexpr uint16_t kUndefinedFlags = 0xfe7e;
    constexpr uint16_t kRevokedKeySigningKey = 0x0181;
    const uint16_t flags = reader_.U16();
    const uint8_t protocol = reader_.U8();
    const uint8_t algorithm = reader_.U8();
    TakeAhead();
    if ((flags & kUndefinedFlags) != 0) Weird("DNSSEC_DNSKEY_Invalid_Flag", flags);
    if ((flags & kRevokedKeySigningKey) == kRevokedKeySigningKey) Weird("DNSSEC_DNSKEY_Revoked_KSK", flags);
    if (protocol != 3) Weird("DNSSEC_DNSKEY_Invalid_Protocol", protocol);
    CheckAlgorithm(kDnskeyWeirds, algorithm);
    Put("DNSKEY ");
    PutNumber(algorithm);
    return kTold;
  }

  // Which types exist, in windows of 256 (RFC 4034, 4.1.2); only checked.
  void TypeBitmaps(std::string_view empty_weird) {
    while (Ahead() > 0 && reader_.left() > 0) {
      const uint16_t head = reader_.U16();
      const uint8_t length = head & 0xff;
      if (length == 0) return Weird(empty_weird, head >> 8);
      reader_.Take(length);
    }
  }

  RdataOutcome Nsec() {
    ReadName();
    TypeBitmaps("DNSSEC_NSEC_bitmapLen0");
    Put("NSEC ");
    Put(head_.owner);
    Put(" ");
    Put(name_.view());
    return kTold;
  }

  RdataOutcome Nsec3() {
    if (reader_.left() < 6) return kBroken;
    reader_.Take(4);             // algorithm, flags, iterations
    reader_.Take(reader_.U8());  // salt
    reader_.Take(reader_.U8());  // hash
    TypeBitmaps("DNSSEC_NSEC3_bitmapLen0");
    Put("NSEC3");
    return kTold;
  }

  RdataOutcome Nsec3param() {
    if (reader_.left() < 5) return kBroken;
    reader_.Take(4);
    reader_.Take(reader_.U8());
    Put("NSEC3PARAM");
    return kTold;
  }

  RdataOutcome Binds() {
    if (reader_.left() < 5) return kBroken;
    PassOver();
    Put("BIND9 signing signal");
    return kTold;
  }

  RdataOutcome Svcb() {
    if (reader_.left() < 3) {
      Weird("DNS_SVBC_wrong_length");  // Zeek's spelling
      return kBroken;
    }
    reader_.U16();
    ReadName();
    while (Ahead() >= 4) {
      const uint16_t key = reader_.U16();
      const uint16_t length = reader_.U16();
      if (length > Ahead()) break;
      const base::Bytes value = reader_.Take(length);
      if (key == kAlpn && !IsProtocolList(value)) Weird("DNS_SVCB_alpn_length_invalid");
    }
    PassOver();
    return kPassed;
  }

  static bool IsProtocolList(base::Bytes list) {
    while (!list.empty()) {
      if (list[0] >= list.size()) return false;
      list = list.subspan(list[0] + 1u);
    }
    return true;
  }

  RdataOutcome Unknown() {
    PassOver();
    Weird("DNS_RR_unknown_type", head_.type);
    Put("<unknown type=");
    PutNumber(head_.type);
    Put(">");
    return kTold;
  }

  Reader& reader_;
  const RecordHead& head_;
  std::string& text_;
  WeirdListener& weirds_;
  size_t start_;
  Name name_;
};

}  // namespace

RdataOutcome ReadRdata(Reader& reader, const RecordHead& head, std::string& text, WeirdListener& weirds) {
  return RdataParser(reader, head, text, weirds).Parse();
}

}  // namespace quaywatch::analyze::dns
