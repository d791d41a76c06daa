// SPDX-License-Identifier: Apache-2.0
#include "analyze/session.h"

#include <algorithm>
#include <bit>
#include <string>

#include "analyze/port_table.h"

namespace quaywatch::analyze {

using model::Direction;

namespace {

// The protocols' names as weird.log has them in "source".
std::string_view CapitalName(size_t analyzer) {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const AnalyzerSpec* spec : Analyzers()) {
      std::string& name = all.emplace_back(spec->name);
      for (char& c : name) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    }
    return all;
  }();
  return names[analyzer];
}

}  // namespace

// An analyzer in its place: gives it its surroundings, and keeps bytes from it once it has refused the flow.
class Session::Attached : public Context, public Analyzer {
 public:
  Attached(Session& session, size_t index) : session_(session), index_(index), spec_(*Analyzers()[index]) {
    analyzer_ = spec_.make(*this);
  }

  size_t index() const { return index_; }
  bool done() const { return done_; }

  void OnStream(Direction from, base::Bytes bytes) override {
    if (!done_) analyzer_->OnStream(from, bytes);
  }
  void OnGap(Direction from, uint64_t length) override {
    if (!done_) analyzer_->OnGap(from, length);
  }
  void OnEndOfStream(Direction from) override {
    if (!done_) analyzer_->OnEndOfStream(from);
  }
  void OnReset() override {
    if (!done_) analyzer_->OnReset();
  }
  void OnDatagram(Direction from, base::Bytes bytes, uint32_t length) override {
    if (!done_) analyzer_->OnDatagram(from, bytes, length);
  }
  void OnClose() override { analyzer_->OnClose(); }
  // Ends what the analyzer holds open, files above all.
  void Destroy() { analyzer_.reset(); }

  const model::FlowInfo& flow() const override { return session_.flow_; }
  base::Timestamp now() const override { return session_.engine_.now(); }
  model::RecordSink& records() override { return session_.engine_.records(); }
  WorkerState& state() override { return *session_.engine_.state(index_); }
  void Weird(std::string_view name, std::string_view addl, std::optional<std::string_view> source) override {
    session_.control_.SessionWeird(name, addl, source ? *source : CapitalName(index_));
  }
  void MarkHistory(char letter) override { session_.control_.MarkHistory(letter); }
  void Confirm() override {
    if (std::exchange(confirmed_, true)) return;
    session_.confirmed_ = true;
    session_.control_.AddService(service());
  }
  void FlipRoles() override { session_.control_.FlipRoles(); }
  void Finish() override { done_ = true; }
  void Violate(std::string_view) override {
    if (std::exchange(done_, true)) return;
    ++session_.engine_.counters().violations;
    if (confirmed_) session_.control_.RemoveService(service());
  }
  std::unique_ptr<File> OpenFile(const FileOrigin& origin) override {
    return files::MakeFile(origin, session_.flow_, session_.files_++, session_.engine_.file_surroundings());
  }
  Analyzer& HandOver(std::string_view protocol) override;
  void ExpectFlow(const std::optional<model::IpAddress>& orig_h, const model::IpAddress& resp_h, uint16_t resp_p,
                  std::string_view protocol, std::shared_ptr<CarriedFile> carried) override {
    if (const AnalyzerSpec* spec = FindAnalyzer(protocol)) {
      session_.engine_.Expect(orig_h, resp_h, resp_p, *spec, std::move(carried));
    }
  }
  void Learn(std::string_view name, const model::IpAddress& address, base::Duration ttl) override {
    if (auto* names = session_.engine_.names()) names->Learn(session_.flow_.id.orig_h, name, address, now(), ttl);
  }
  CarriedFile* carried_file() override { return session_.carried_.get(); }
  void SetInactivityTimeout(base::Duration timeout) override { session_.control_.SetInactivityTimeout(timeout); }
  void SetInactivityLook(base::Duration interval, base::Duration silence) override {
    session_.control_.SetInactivityLook(interval, silence);
  }

 private:
  std::string_view service() const {
    const bool udp = session_.flow_.transport == model::Transport::kUdp;
    return udp && !spec_.udp_name.empty() ? spec_.udp_name : spec_.name;
  }

  Session& session_;
  const size_t index_;
  const AnalyzerSpec& spec_;
  std::unique_ptr<Analyzer> analyzer_;
  bool confirmed_ = false;
  bool done_ = false;
};

// Hands what it gets to all analyzers that may be the right ones, and looks for more of them in the first bytes.
class Session::Detector : public Analyzer {
 public:
  // Datagrams of a flow that are looked at before it counts as unknown.
  static constexpr int kMaxDatagramProbes = 10;
  // Pieces kept for analyzers that are found later.
  static constexpr size_t kMaxPieces = 64;

  explicit Detector(Session& session) : session_(session) {
    const auto all = Analyzers();
    for (size_t i = 0; i < all.size(); ++i) {
      const bool tcp = session.flow_.transport == model::Transport::kTcp;
      if (tcp ? all[i]->probe_tcp != nullptr : all[i]->probe_udp != nullptr) candidates_ |= uint64_t{1} << i;
    }
  }

  Attached& Add(size_t index) {
    candidates_ &= ~(uint64_t{1} << index);
    Attached& attached = session_.Attach(index);
    children_.push_back(&attached);
    return attached;
  }
  void StopLooking() {
    candidates_ = 0;
    memory_.reset();
  }

  void OnStream(Direction from, base::Bytes bytes) override {
    for (size_t i = 0; i < children_.size(); ++i) children_[i]->OnStream(from, bytes);
    if (candidates_ != 0) Probe(from, bytes);
  }
  void OnGap(Direction from, uint64_t length) override {
    if (candidates_ != 0) {
      frozen_[static_cast<size_t>(from)] = true;
      Keep({from, true, length, 0});
    }
    for (size_t i = 0; i < children_.size(); ++i) children_[i]->OnGap(from, length);
  }
  void OnEndOfStream(Direction from) override {
    for (size_t i = 0; i < children_.size(); ++i) children_[i]->OnEndOfStream(from);
  }
  void OnReset() override {
    for (size_t i = 0; i < children_.size(); ++i) children_[i]->OnReset();
  }
  void OnDatagram(Direction from, base::Bytes bytes, uint32_t length) override {
    if (candidates_ != 0) ProbeDatagram(from, bytes);
    for (size_t i = 0; i < children_.size(); ++i) children_[i]->OnDatagram(from, bytes, length);
  }

 private:
  struct Piece {
    Direction from;
    bool gap;
    uint64_t length;
    size_t offset;  // into Memory::text
  };
  // What came before the protocol is known; most flows are recognised by their first piece and need none.
  struct Memory {
    std::vector<Piece> pieces;
    std::string text;     // what the pieces point into
    std::string seen[2];  // each side's beginning without a hole
  };

  Memory& memory() {
    if (!memory_) memory_ = std::make_unique<Memory>();
    return *memory_;
  }

  bool Keep(Piece piece) {
    if (memory().pieces.size() >= kMaxPieces) {
      StopLooking();
      return false;
    }
    memory_->pieces.push_back(piece);
    return true;
  }

  void Probe(Direction from, base::Bytes bytes) {
    if (session_.confirmed_) return StopLooking();
    const auto side = static_cast<size_t>(from);
    base::Bytes look[2];
    if (memory_) {
      look[0] = base::AsBytes(memory_->seen[0]);
      look[1] = base::AsBytes(memory_->seen[1]);
    }
    const bool copied = !look[side].empty();
    if (!frozen_[side]) {
      if (copied) {
        memory_->seen[side].append(base::AsText(bytes));
        look[side] = base::AsBytes(memory_->seen[side]);
      } else {
        look[side] = bytes;  // nothing copied while the first piece decides
      }
    }
    for (uint64_t found = Recognised({look[0], look[1]}); found != 0; found &= found - 1) {
      Attached& attached = Add(static_cast<size_t>(std::countr_zero(found)));
      if (memory_) Replay(attached);
      attached.OnStream(from, bytes);
    }
    if (candidates_ == 0 || session_.confirmed_) return StopLooking();
    if (look[0].size() + look[1].size() > 2 * kProbeLimit || look[side].size() > kProbeLimit) return StopLooking();
    if (!frozen_[side] && !copied) memory().seen[side].assign(base::AsText(bytes));
    if (Keep({from, false, bytes.size(), memory().text.size()})) memory_->text.append(base::AsText(bytes));
  }

  // Those that recognise their protocol; who says no is not asked again.
  uint64_t Recognised(const ProbeInput& input) {
    uint64_t found = 0;
    for (uint64_t left = candidates_; left != 0; left &= left - 1) {
      const auto index = static_cast<size_t>(std::countr_zero(left));
      const ProbeResult result = Analyzers()[index]->probe_tcp(input);
      if (result == ProbeResult::kMore) continue;
      candidates_ &= ~(uint64_t{1} << index);
      if (result == ProbeResult::kYes) found |= uint64_t{1} << index;
    }
    return found;
  }

  void Replay(Attached& attached) {
    for (const Piece& piece : memory_->pieces) {
      if (piece.gap) {
        attached.OnGap(piece.from, piece.length);
      } else {
        attached.OnStream(piece.from, base::AsBytes(memory_->text).subspan(piece.offset, piece.length));
      }
    }
  }

  void ProbeDatagram(Direction from, base::Bytes bytes) {
    if (session_.confirmed_ || ++datagrams_ > kMaxDatagramProbes) return StopLooking();
    ProbeInput input;
    (from == Direction::kOrig ? input.orig : input.resp) = bytes;
    for (uint64_t left = candidates_; left != 0; left &= left - 1) {
      const auto index = static_cast<size_t>(std::countr_zero(left));
      if (Analyzers()[index]->probe_udp(input) == ProbeResult::kYes) Add(index);
    }
  }

  Session& session_;
  uint64_t candidates_ = 0;  // bit by position in Analyzers()
  std::vector<Attached*> children_;
  std::unique_ptr<Memory> memory_;
  bool frozen_[2] = {false, false};  // a hole came; the beginning ends there
  int datagrams_ = 0;
};

Analyzer& Session::Attached::HandOver(std::string_view protocol) {
  // Flows that change again and again get no further analyzers than this.
  constexpr size_t kMaxAttached = 16;
  const auto all = Analyzers();
  if (session_.attached_.size() >= kMaxAttached) {
    return *session_.detectors_.emplace_back(std::make_unique<Detector>(session_));
  }
  for (size_t i = 0; i < all.size(); ++i) {
    if (all[i]->name == protocol) return session_.Attach(i);
  }
  session_.confirmed_ = false;
  return session_.Detect(false);
}

Session::Session(Engine& engine, const model::FlowInfo& flow, FlowControl& control)
    : engine_(engine), flow_(flow), control_(control) {
  ++engine.counters().sessions;
  Detect(true);
}

Session::~Session() = default;

Session::Attached& Session::Attach(size_t analyzer) {
  return *attached_.emplace_back(std::make_unique<Attached>(*this, analyzer));
}

Session::Detector& Session::Detect(bool use_port) {
  Detector& detector = *detectors_.emplace_back(std::make_unique<Detector>(*this));
  if (!use_port) return detector;
  if (auto foretold = engine_.TakeExpectation(flow_); foretold.spec != nullptr) {
    const auto all = Analyzers();
    carried_ = std::move(foretold.carried);
    detector.Add(static_cast<size_t>(std::find(all.begin(), all.end(), foretold.spec) - all.begin()));
    detector.StopLooking();
    return detector;
  }
  for (const uint8_t index : PortTable::Get().Find(flow_.transport, flow_.id.resp_p.number)) detector.Add(index);
  return detector;
}

void Session::Stream(Direction from, base::Bytes bytes) { detectors_[0]->OnStream(from, bytes); }
void Session::Gap(Direction from, uint64_t length) { detectors_[0]->OnGap(from, length); }
void Session::EndOfStream(Direction from) { detectors_[0]->OnEndOfStream(from); }
void Session::Reset() { detectors_[0]->OnReset(); }
void Session::Datagram(Direction from, base::Bytes bytes, uint32_t length) {
  detectors_[0]->OnDatagram(from, bytes, length);
}

void Session::Close() {
  for (size_t i = 0; i < attached_.size(); ++i) attached_[i]->OnClose();
  for (const auto& attached : attached_) attached->Destroy();
}

}  // namespace quaywatch::analyze
