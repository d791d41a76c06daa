// SPDX-License-Identifier: Apache-2.0
//
// The application layer of one flow: finds out which protocols it speaks and hands them its bytes.
//
//   Engine    one per worker: the shared states of the protocols, expected flows, settings
//   Session   one per flow that carries payload
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "analyze/analyzer.h"
#include "analyze/files/file_tracker.h"
#include "model/identity.h"
#include "model/record.h"

namespace quaywatch::analyze {

struct Options {
  bool hash_files = false;  // MD5, SHA-1 and SHA-256 of every file
};

struct Counters {
  uint64_t sessions = 0;
  uint64_t violations = 0;            // analyzers that found out it was not their protocol
  uint64_t expectations_dropped = 0;  // over Engine::kMaxExpectations
};

// What the flow table can do for a session.
class FlowControl {
 public:
  virtual ~FlowControl() = default;
  virtual void AddService(std::string_view name) = 0;
  virtual void RemoveService(std::string_view name) = 0;
  virtual void SetInactivityTimeout(base::Duration timeout) = 0;
  virtual void SetInactivityLook(base::Duration interval, base::Duration silence) = 0;
  // Puts a letter into the flow's history, once.
  virtual void MarkHistory(char letter) = 0;
  // Exchanges originator and responder, but not what was counted of them.
  virtual void FlipRoles() = 0;
  virtual void SessionWeird(std::string_view name, std::string_view addl, std::string_view source) = 0;
};

class Engine {
 public:
  // Most expected flows kept, and for how long.
  static constexpr size_t kMaxExpectations = 65536;
  static constexpr base::Duration kExpectationLifetime = std::chrono::minutes(5);

  // `names`: learns which names addresses have; null if nobody wants to know.
  Engine(const Options& options, model::RecordSink& records, model::IdentityLookup* names);

  // Packet time has reached `now`.
  void Advance(base::Timestamp now);
  // The capture has ended; all sessions are closed.
  void Finish();

  base::Timestamp now() const { return now_; }
  model::RecordSink& records() { return records_; }
  model::IdentityLookup* names() { return names_; }
  WorkerState* state(size_t analyzer) { return states_[analyzer].get(); }
  const files::Surroundings& file_surroundings() const { return file_surroundings_; }
  Counters& counters() { return counters_; }

  void Expect(const std::optional<model::IpAddress>& orig_h, const model::IpAddress& resp_h, uint16_t resp_p,
              const AnalyzerSpec& spec, std::shared_ptr<CarriedFile> carried);
  // What was foretold of this flow, which is forgotten with that; spec is nullptr if nothing was.
  struct Foretold {
    const AnalyzerSpec* spec = nullptr;
    std::shared_ptr<CarriedFile> carried;
  };
  Foretold TakeExpectation(const model::FlowInfo& flow);
  bool IsExpected(const model::FlowInfo& flow) const;

 private:
  static constexpr base::Duration kAdvanceInterval = std::chrono::seconds(1);
  using Endpoint = std::pair<model::IpAddress, uint16_t>;
  struct EndpointHash {
    size_t operator()(const Endpoint& key) const;
  };
  struct Expectation {
    std::optional<model::IpAddress> orig_h;
    Foretold foretold;
    base::Timestamp since;
    base::Timestamp until;
  };

  using Expectations = std::unordered_map<Endpoint, Expectation, EndpointHash>;

  Expectations::const_iterator FindExpectation(const model::FlowInfo& flow) const;

  model::RecordSink& records_;
  model::IdentityLookup* names_;
  base::Timestamp now_{};
  base::Timestamp next_advance_{};
  files::Surroundings file_surroundings_;
  std::vector<std::unique_ptr<WorkerState>> states_;  // by position in Analyzers(); null where none
  Expectations expectations_;
  Counters counters_;
};

class Session {
 public:
  // All three outlive it.
  Session(Engine& engine, const model::FlowInfo& flow, FlowControl& control);
  ~Session();

  void Stream(model::Direction from, base::Bytes bytes);
  void Gap(model::Direction from, uint64_t length);
  void EndOfStream(model::Direction from);
  void Reset();
  void Datagram(model::Direction from, base::Bytes bytes, uint32_t length);
  // The flow is over; called once, last.
  void Close();

 private:
  class Attached;
  class Detector;

  Attached& Attach(size_t analyzer);
  Detector& Detect(bool use_port);

  Engine& engine_;
  const model::FlowInfo& flow_;
  FlowControl& control_;
  std::vector<std::unique_ptr<Attached>> attached_;
  std::vector<std::unique_ptr<Detector>> detectors_;  // the first sees the flow itself
  std::shared_ptr<CarriedFile> carried_;              // of the expectation this flow has met
  uint32_t files_ = 0;
  bool confirmed_ = false;
};

}  // namespace quaywatch::analyze
