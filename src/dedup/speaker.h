// SPDX-License-Identifier: Apache-2.0
//
// Which sighting of a packet counts.
//
// A packet is seen on each interface it passes. Per flow and direction the first interface speaks; what others
// show of the same packets is tallied. As each copy follows its original, an interface that has shown more than
// the speaker shows something new (the route changed, or the speaker's packet was lost on its way to us): that
// packet counts, and the interface speaks from then on.
#pragma once

#include "model/flow.h"
#include "model/sightings.h"

namespace quaywatch::dedup {

// A speaker that was silent for this long has no more say: its flow goes another way.
inline constexpr base::Duration kSpeakerSilence = std::chrono::seconds(1);

// Takes note of `packets` wire packets in one super-packet (1 for an ordinary one) at `point`. True if they
// are to be counted and looked into; false for a copy.
bool Speaks(model::Sightings& sightings, model::Direction from, model::Sightings::Point point, uint32_t packets,
            base::Timestamp now);

}  // namespace quaywatch::dedup
