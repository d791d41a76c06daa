// SPDX-License-Identifier: Apache-2.0
#include "decode/link.h"

namespace quaywatch::decode {

using base::LoadBig;
using base::LoadLittle;

// IEEE 802.11-2020 9.2: data frames in clear; an aggregate's subframes (A-MSDU) are left alone.
LinkOutcome StripIeee80211(Layer& layer, Weirds& weirds) {
  const base::Bytes bytes = layer.bytes;
  size_t length = 24;
  if (bytes.size() <= length) return Broken(weirds, "truncated_802_11_header"_weird, "IEEE802_11");
  const uint8_t control = bytes[0];
  constexpr uint8_t kData = 0x08, kNoBody = 0x40, kQos = 0x80;
  if ((control & kData) == 0 || (control & kNoBody) != 0) return LinkOutcome::kNotIp;
  if ((bytes[1] & 3) == 3) length += 6;  // a fourth address: between access points
  if ((control & kQos) != 0) {
    if (bytes.size() <= length) return Broken(weirds, "truncated_802_11_header"_weird, "IEEE802_11");
    if ((bytes[length] & 0x80) != 0) return LinkOutcome::kNotIp;
    length += 2;
  }
  if (bytes.size() <= length + 8) return Broken(weirds, "truncated_802_11_header"_weird, "IEEE802_11");
  static constexpr uint8_t kSnap[] = {0xaa, 0xaa, 0x03, 0, 0, 0};
  if (std::memcmp(&bytes[length], kSnap, sizeof kSnap) != 0) return LinkOutcome::kNotIp;
  const auto type = LoadBig<uint16_t>(&bytes[length + 6]);
  layer = layer.After(length + 8);
  return StripEtherType(type, layer, weirds);
}

// radiotap.org
LinkOutcome StripRadiotap(Layer& layer, Weirds& weirds) {
  if (layer.bytes.size() <= 3) return Broken(weirds, "truncated_radiotap_header"_weird, "IEEE802_11_RADIO");
  const size_t length = LoadLittle<uint16_t>(&layer.bytes[2]);
  if (length >= layer.bytes.size()) return Broken(weirds, "truncated_radiotap_header"_weird, "IEEE802_11_RADIO");
  layer = layer.After(length);
  return StripIeee80211(layer, weirds);
}

// wlan-ng's header; the same link type is also used for AVS headers, which begin with a magic number.
LinkOutcome StripPrism(Layer& layer, Weirds& weirds) {
  if (layer.bytes.size() <= 8) return Broken(weirds, "truncated_prism_header"_weird, "IEEE802_11_PRISM");
  if ((LoadBig<uint32_t>(&layer.bytes[0]) & 0xfffff000) == 0x80211000) return StripAvs(layer, weirds);
  const uint32_t little = LoadLittle<uint32_t>(&layer.bytes[4]);
  const size_t length = little <= 0xffff ? little : LoadBig<uint32_t>(&layer.bytes[4]);
  if (length >= layer.bytes.size()) return Broken(weirds, "truncated_prism_header"_weird, "IEEE802_11_PRISM");
  layer = layer.After(length);
  return StripIeee80211(layer, weirds);
}

LinkOutcome StripAvs(Layer& layer, Weirds& weirds) {
  if (layer.bytes.size() <= 8) return Broken(weirds, "truncated_avs_header"_weird, "IEEE802_11_AVS");
  const size_t length = LoadBig<uint32_t>(&layer.bytes[4]);
  if (length >= layer.bytes.size()) return Broken(weirds, "truncated_avs_header"_weird, "IEEE802_11_AVS");
  layer = layer.After(length);
  return StripIeee80211(layer, weirds);
}

// Per-Packet Information (CACE, 2008): its own header, then a frame of any link type.
LinkOutcome StripPpi(Layer& layer, Weirds& weirds) {
  if (layer.bytes.size() <= 8) return Broken(weirds, "truncated_ppi_header"_weird, "PPI");
  const size_t length = LoadLittle<uint16_t>(&layer.bytes[2]);
  const uint32_t link = LoadLittle<uint32_t>(&layer.bytes[4]);
  if (length < 8 || length >= layer.bytes.size()) return Broken(weirds, "truncated_ppi_header"_weird, "PPI");
  layer = layer.After(length);
  const auto type = static_cast<uint16_t>(link);
  if (link > 0xffff || !model::IsSupported(type) || type == static_cast<uint16_t>(model::LinkType::kPpi)) {
    return LinkOutcome::kNotIp;
  }
  return StripLink(static_cast<model::LinkType>(type), layer, weirds);
}

}  // namespace quaywatch::decode
