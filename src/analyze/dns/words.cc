// SPDX-License-Identifier: Apache-2.0
#include "analyze/dns/words.h"

#include <array>
#include <cassert>
#include <span>

namespace quaywatch::analyze::dns {
namespace {

constexpr auto kTypes = std::to_array<std::string_view>(
    {"",        "A",          "NS",     "MD",       "MF",    "CNAME",    "SOA",   "MB",   "MG",     "MR",
     "NULL",    "WKS",        "PTR",    "HINFO",    "MINFO", "MX",       "TXT",   "RP",   "AFSDB",  "X25",
     "ISDN",    "RT",         "NSAP",   "NSAP-PTR", "SIG",   "KEY",      "PX",    "GPOS", "AAAA",   "LOC",
     "NXT",     "EID",        "NIMLOC", "SRV",      "ATMA",  "NAPTR",    "KX",    "CERT", "A6",     "DNAME",
     "SINK",    "OPT",        "APL",    "DS",       "SSHFP", "IPSECKEY", "RRSIG", "NSEC", "DNSKEY", "DHCID",
     "NSEC3",   "NSEC3PARAM", "TLSA",   "SMIMEA",   "",      "HIP",      "NINFO", "RKEY", "TALINK", "CDS",
     "CDNSKEY", "OPENPGPKEY", "CSYNC",  "ZONEMD",   "SVCB",  "HTTPS"});

struct Word {
  uint16_t number;
  std::string_view word;
};

constexpr auto kHighTypes = std::to_array<Word>(
    {{99, "SPF"},    {100, "UINFO"},      {101, "UID"},  {102, "GID"},   {103, "UNSPEC"}, {104, "NID"},
     {105, "L32"},   {106, "L64"},        {107, "LP"},   {108, "EUI48"}, {109, "EUI64"},  {249, "TKEY"},
     {250, "TSIG"},  {251, "IXFR"},       {252, "AXFR"}, {253, "MAILB"}, {254, "MAILA"},  {255, "*"},
     {256, "URI"},   {257, "CAA"},        {32768, "TA"}, {32769, "DLV"}, {65281, "WINS"}, {65282, "WINS-R"},
     {65422, "XPF"}, {65521, "INTEGRITY"}});

constexpr auto kClasses = std::to_array<Word>(
    {{1, "C_INTERNET"}, {2, "C_CSNET"}, {3, "C_CHAOS"}, {4, "C_HESIOD"}, {254, "C_NONE"}, {255, "C_ANY"}});

constexpr auto kRcodes = std::to_array<std::string_view>(
    {"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN", "YXRRSET", "NXRRSet", "NOTAUTH",
     "NOTZONE", "unassigned-11", "unassigned-12", "unassigned-13", "unassigned-14", "unassigned-15"});

constexpr auto kOpcodes = std::to_array<std::string_view>(
    {"query", "iquery", "server-status", "opcode-3", "notify", "dynamic-update", "dso", "opcode-7", "opcode-8",
     "opcode-9", "opcode-10", "opcode-11", "opcode-12", "opcode-13", "opcode-14", "opcode-15"});

constexpr auto kNetbiosOpcodes = std::to_array<std::string_view>(
    {"netbios-query", "netbios-opcode-1", "netbios-opcode-2", "netbios-opcode-3", "netbios-opcode-4",
     "netbios-registration", "netbios-release", "netbios-wack", "netbios-refresh", "netbios-opcode-9",
     "netbios-opcode-10", "netbios-opcode-11", "netbios-opcode-12", "netbios-opcode-13", "netbios-opcode-14",
     "netbios-opcode-15"});

std::string_view Find(std::span<const Word> words, uint16_t number) {
  for (const Word& word : words) {
    if (word.number == number) return word.word;
  }
  return {};
}

}  // namespace

std::string_view KnownTypeName(uint16_t type) { return type < kTypes.size() ? kTypes[type] : Find(kHighTypes, type); }

std::string TypeName(uint16_t type) {
  const std::string_view known = KnownTypeName(type);
  return known.empty() ? "query-" + std::to_string(type) : std::string(known);
}

std::string ClassName(uint16_t klass) {
  const std::string_view known = Find(kClasses, klass);
  return known.empty() ? "qclass-" + std::to_string(klass) : std::string(known);
}

std::string_view RcodeName(uint8_t rcode) {
  assert(rcode < kRcodes.size());
  return kRcodes[rcode];
}

std::string_view OpcodeName(uint8_t opcode, bool netbios) {
  assert(opcode < kOpcodes.size());
  return netbios ? kNetbiosOpcodes[opcode] : kOpcodes[opcode];
}

}  // namespace quaywatch::analyze::dns
