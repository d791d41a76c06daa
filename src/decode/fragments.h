// SPDX-License-Identifier: Apache-2.0
//
// Puts fragmented datagrams together: IPv4 (RFC 791 3.2) and IPv6 (RFC 8200 4.5). Where fragments overlap,
// the bytes that came first count. Bounded in memory: the datagrams whose first fragment is the oldest go
// first.
#pragma once

#include <cstdint>
#include <list>
#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "decode/decoder.h"
#include "decode/ip.h"
#include "decode/weirds.h"
#include "model/sightings.h"

namespace quaywatch::decode {

class FragmentTable {
 public:
  FragmentTable(const Options& options, Weirds& weirds, Counters& counters)
      : options_(options), weirds_(weirds), counters_(counters) {}

  // Takes one fragment whose bytes are all there (`datagram` begins at its IP header and ends where the
  // header says). True if it completed its datagram, which `whole` then holds, ready to be parsed as if it
  // never had been cut; a length that does not fit its field is zero.
  // `seen_at` is where the fragment was captured: copies of a datagram that pass several interfaces are put
  // together by themselves, so that neither completes early with the other's pieces.
  bool Add(base::Timestamp now, model::Sightings::Point seen_at, const IpHeader& header, base::Bytes datagram,
           std::vector<uint8_t>& whole);

 private:
  struct Key {
    model::IpAddress src;
    model::IpAddress dst;
    uint32_t id;
    model::Sightings::Point seen_at;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    size_t operator()(const Key& key) const;
  };
  // Received bytes [begin, end).
  struct Run {
    uint32_t begin;
    uint32_t end;
  };
  struct Datagram {
    Key key;
    base::Timestamp began;
    model::IpAddress src;  // of the first fragment seen
    model::IpAddress dst;
    std::vector<uint8_t> header;  // of the first fragment seen, without IPv6's fragment header
    std::vector<uint8_t> bytes;   // after the headers; only those within `runs` mean anything
    std::vector<Run> runs;        // in order, neither overlapping nor touching
    uint32_t size = 0;            // of all bytes; 0 until the last fragment is known
    uint32_t next_field = 0;      // as in IpHeader
    uint8_t protocol = 0;         // of the fragment at offset 0
    uint8_t version = 0;
  };
  using List = std::list<Datagram>;

  void Expire(base::Timestamp now);
  void Forget(List::iterator datagram);
  static void Begin(Datagram& datagram, const IpHeader& header, base::Bytes bytes);
  void Note(Datagram& datagram, const IpHeader& header, size_t length, uint32_t end);
  bool Insert(Datagram& datagram, uint32_t begin, base::Bytes bytes);
  bool Complete(Datagram& datagram);
  static void Join(const Datagram& datagram, std::vector<uint8_t>& whole);
  static size_t Held(const Datagram& datagram) { return sizeof datagram + datagram.bytes.capacity(); }

  const Options& options_;
  Weirds& weirds_;
  Counters& counters_;
  List datagrams_;  // oldest first
  std::unordered_map<Key, List::iterator, KeyHash> index_;
  size_t held_ = 0;
};

}  // namespace quaywatch::decode
