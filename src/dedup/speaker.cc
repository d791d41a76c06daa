// SPDX-License-Identifier: Apache-2.0
#include "dedup/speaker.h"

namespace quaywatch::dedup {

using model::Sightings;

bool Speaks(Sightings& sightings, model::Direction from, Sightings::Point point, uint32_t packets,
            base::Timestamp now) {
  const auto side = static_cast<size_t>(from);
  size_t at = 0;
  while (at < sightings.count && sightings.seen[at].point != point) ++at;
  if (at == sightings.count) {
    if (at == Sightings::kMax) {
      ++sightings.more;
      return !sightings.has_speaker[side];
    }
    sightings.seen[at].point = point;
    ++sightings.count;
  }
  uint32_t& shown = sightings.seen[at].packets[side];
  shown += packets;
  const size_t speaker = sightings.speaker[side];
  if (sightings.has_speaker[side] && at != speaker) {
    uint32_t& spoken = sightings.seen[speaker].packets[side];
    // Had it shown before this one all that was spoken? The difference of two counters that may have wrapped.
    const bool more = static_cast<int32_t>(shown - packets - spoken) >= 0;
    if (!more && now - sightings.spoke[side] < kSpeakerSilence) return false;
    // What it missed while another spoke is not news later on.
    if (!more) shown = spoken + packets;
  }
  sightings.has_speaker[side] = true;
  sightings.speaker[side] = static_cast<uint8_t>(at);
  sightings.spoke[side] = now;
  return true;
}

}  // namespace quaywatch::dedup
