// SPDX-License-Identifier: Apache-2.0
//
// The containers an engine has, kept up to date by what it says, and claimed into the directory. Knows what must be
// asked next; does not ask itself.
//
// Answers may be older than events that arrived while they were under way. So every question carries the number of
// events handled before it (`asked`), and its answer decides nothing about a container that had an event since.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>

#include "enrich/directory.h"
#include "enrich/docker/parse.h"

namespace quaywatch::enrich::docker {

class Roster {
 public:
  // Containers followed, running or not; further ones are left out and counted.
  static constexpr size_t kMaxContainers = 20'000;
  // Networks to be asked about.
  static constexpr size_t kMaxNetworks = 4096;

  explicit Roster(Directory& directory) : directory_(directory) {}

  // ---- what the engine says -------------------------------------------------------------------------
  void Apply(const Event& event);
  // All that run, from a question asked at `asked`. `blind_since`: until when events are complete; what changed
  // without one, changed after it.
  void Listed(const std::vector<Container>& containers, uint64_t asked, base::Timestamp blind_since,
              base::Timestamp now);
  void Inspected(const Container& container, uint64_t asked, base::Timestamp now);
  void Gone(const std::string& container, base::Timestamp now);
  void Seen(const std::string& network, const Network& members, uint64_t asked);

  // ---- what to ask it -------------------------------------------------------------------------------
  struct Question {
    std::string id;
    uint64_t asked = 0;
  };
  std::optional<Question> NextNetwork();
  std::optional<Question> NextContainer();
  uint64_t asked() const { return events_; }
  // Events were lost: what is still to be asked is asked after the next list.
  void Forget();

  size_t size() const { return members_.size(); }
  uint64_t skipped() const { return skipped_; }
  base::Timestamp last_event() const { return last_event_; }

 private:
  struct Member {
    Facts facts;
    bool has_facts = false;
    bool exact = false;    // facts are from the container itself, events can't add to them
    bool running = false;  // or about to
    bool claimed = false;  // and not ended
    bool host_network = false;
    std::vector<uint16_t> ports;
    uint32_t netns = 0;
    std::map<std::string, std::vector<model::IpAddress>> addresses;  // by network
    std::map<std::string, uint64_t> pending;  // networks joined: addresses still to come, and the event's number
    base::Timestamp since{};                  // of the addresses
    base::Timestamp last_event{};             // older ones are known already
    uint64_t event = 0;                       // its number
    Event::Kind last_kind = Event::Kind::kOther;
    bool wanted = false;  // stands in inspect_
  };

  Member* Get(const std::string& id);
  void Start(const Event& event, Member& member);
  void Began(Member& member, base::Timestamp at);
  void Ended(const std::string& id, Member& member, base::Timestamp at);
  void Claim(const std::string& id, Member& member);
  void WantInspect(const std::string& id, Member& member);
  void Connect(const Event& event, Member& member);
  void Disconnect(const Event& event, Member& member);

  Directory& directory_;
  std::unordered_map<std::string, Member> members_;
  std::deque<std::string> inspect_;
  std::set<std::string> networks_;
  uint64_t events_ = 0;
  uint64_t skipped_ = 0;
  base::Timestamp last_event_{};
  base::Timestamp blind_since_{};
};

}  // namespace quaywatch::enrich::docker
