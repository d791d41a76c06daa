// SPDX-License-Identifier: Apache-2.0
#include "pipeline/weird_record.h"

#include <algorithm>
#include <array>

namespace quaywatch::pipeline {
namespace {

constexpr auto kIgnored = std::to_array<std::string_view>(
    {"FIN_after_reset", "spontaneous_FIN", "spontaneous_RST", "unsolicited_SYN_response"});

constexpr auto kOncePerOriginator = std::to_array<std::string_view>(
    {"DNS_label_forward_compress_offset", "DNS_label_len_gt_name_len", "DNS_label_len_gt_pkt", "DNS_label_too_long",
     "FIN_storm", "SYN_after_partial", "SYN_with_data", "UDP_datagram_length_mismatch", "bad_ICMP_checksum",
     "bad_IP_checksum", "bad_TCP_checksum", "bad_UDP_checksum", "connection_originator_SYN_ack",
     "excessively_small_fragment", "fragment_inconsistency", "fragment_overlap", "fragment_size_inconsistency"});

constexpr auto kNotices = std::to_array<std::string_view>({"FIN_storm", "SYN_after_partial"});

static_assert(std::ranges::is_sorted(kOncePerOriginator));

// A column of the optional id.
template <auto kMember>
model::Column IdColumn(std::string_view name, model::ColumnType type, std::string_view help) {
  return {.name = name, .type = type, .help = help, .get = [](const void* record) {
            const auto& id = static_cast<const WeirdRecord*>(record)->id;
            return id ? model::Value(*id.*kMember) : model::Value();
          }};
}

}  // namespace

WeirdRule RuleOf(std::string_view name) {
  return {.ignore = std::ranges::binary_search(kIgnored, name),
          .once_per_originator = std::ranges::binary_search(kOncePerOriginator, name),
          .notice = std::ranges::binary_search(kNotices, name)};
}

std::string KeyOf(const WeirdRecord& weird, const WeirdRule& rule) {
  std::string key = weird.name;
  const auto append = [&](const void* data, size_t size) { key.append(static_cast<const char*>(data), size); };
  key += '\0';
  if (!weird.id) return key;
  append(weird.id->orig_h.mapped().data(), 16);
  if (rule.once_per_originator) return key;
  append(weird.id->resp_h.mapped().data(), 16);
  append(&weird.id->orig_p.number, 2);
  append(&weird.id->resp_p.number, 2);
  return key;
}

base::Duration WindowOf(const WeirdRule& rule) {
  return rule.once_per_originator ? base::Duration(std::chrono::hours(24)) : base::Duration(std::chrono::minutes(10));
}

const model::Schema& WeirdRecord::Schema() {
  using R = WeirdRecord;
  using model::Col;
  using model::ColumnType;
  static const model::Schema schema(
      "weird", "Input that is odd, broken or hostile",
      model::Columns(Col<&R::ts>("ts", "When it was noticed, packet time"),
                     Col<&R::uid>("uid", "The connection it is about, if it is about one"),
                     IdColumn<&model::FlowId::orig_h>("id.orig_h", ColumnType::kAddr, "Address of the originator"),
                     IdColumn<&model::FlowId::orig_p>("id.orig_p", ColumnType::kPort, "Port of the originator"),
                     IdColumn<&model::FlowId::resp_h>("id.resp_h", ColumnType::kAddr, "Address of the responder"),
                     IdColumn<&model::FlowId::resp_p>("id.resp_p", ColumnType::kPort, "Port of the responder"),
                     Col<&R::name>("name", "What is weird"), Col<&R::addl>("addl", "Details"),
                     Col<&R::notice>("notice", "Is it worth a person's attention by itself?"),
                     Col<&R::peer>("peer", "The sensor that noticed it"),
                     Col<&R::source>("source", "The part of the sensor that noticed it")));
  return schema;
}

}  // namespace quaywatch::pipeline
