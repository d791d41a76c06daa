// SPDX-License-Identifier: Apache-2.0
//
// For tests and fuzz targets: surroundings that only remember what the analyzer did.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "analyze/analyzer.h"

namespace quaywatch::analyze {

class FakeFile : public File {
 public:
  const model::Uid& fuid() const override { return fuid_; }
  std::string_view mime_type() const override { return {}; }
  void Data(base::Bytes bytes) override { size_ += bytes.size(); }
  void DataAt(uint64_t, base::Bytes bytes) override { size_ += bytes.size(); }
  void Gap(uint64_t) override {}
  void SetFilename(std::string_view) override {}
  void SetTotalBytes(uint64_t) override {}
  void End() override {}

 private:
  model::Uid fuid_ = model::Uid::Make('F', {1, 1});
  uint64_t size_ = 0;
};

class FakeContext : public Context, public model::RecordSink {
 public:
  explicit FakeContext(const AnalyzerSpec& spec, model::Transport transport = model::Transport::kTcp)
      : state_(spec.make_state ? spec.make_state() : nullptr) {
    flow_.transport = transport;
    flow_.uid = model::Uid::Make('C', {1, 1});
    flow_.id = {*model::IpAddress::Parse("10.0.0.1"), *model::IpAddress::Parse("10.0.0.2"), {40000}, {80}};
  }

  // Each record as "log name=value name=value ...", unset columns left out.
  std::vector<std::string> lines;
  std::vector<std::string> weirds;
  std::string history;
  bool confirmed = false;
  bool violated = false;
  bool finished = false;
  std::vector<std::string> expected;  // "protocol address port"
  std::vector<std::string> learnt;    // "name address"
  std::string handed_over_to;
  std::string bytes_handed_over;

  const model::FlowInfo& flow() const override { return flow_; }
  base::Timestamp now() const override { return now_; }
  void set_now(base::Timestamp now) { now_ = now; }
  model::RecordSink& records() override { return *this; }
  WorkerState& state() override { return *state_; }
  void Weird(std::string_view name, std::string_view, std::optional<std::string_view>) override {
    weirds.emplace_back(name);
  }
  void MarkHistory(char letter) override { history += letter; }
  void Confirm() override { confirmed = true; }
  void Violate(std::string_view) override { violated = true; }
  void FlipRoles() override {
    std::swap(flow_.id.orig_h, flow_.id.resp_h);
    std::swap(flow_.id.orig_p, flow_.id.resp_p);
    history += '^';
  }
  void Finish() override { finished = true; }
  std::unique_ptr<File> OpenFile(const FileOrigin&) override { return std::make_unique<FakeFile>(); }
  Analyzer& HandOver(std::string_view protocol) override {
    handed_over_to = protocol.empty() ? "detection" : std::string(protocol);
    return rest_;
  }
  void ExpectFlow(const std::optional<model::IpAddress>&, const model::IpAddress& resp_h, uint16_t resp_p,
                  std::string_view protocol, std::shared_ptr<CarriedFile> carried) override {
    expected.push_back(std::string(protocol) + ' ' + resp_h.ToString() + ' ' + std::to_string(resp_p));
    carried_ = std::move(carried);
  }
  CarriedFile* carried_file() override { return carried_.get(); }
  void Learn(std::string_view name, const model::IpAddress& address, base::Duration) override {
    learnt.push_back(std::string(name) + ' ' + address.ToString());
  }
  void SetInactivityTimeout(base::Duration) override {}
  void SetInactivityLook(base::Duration, base::Duration) override {}

  void Write(const model::Schema& schema, const void* record, model::Clone) override;
  void WriteOnce(const model::Schema& schema, std::shared_ptr<const void> record, std::string,
                 base::Duration) override {
    Write(schema, record.get(), nullptr);
  }

 private:
  class Rest : public Analyzer {
   public:
    explicit Rest(std::string& bytes) : bytes_(bytes) {}
    void OnStream(model::Direction, base::Bytes bytes) override { bytes_ += base::AsText(bytes); }

   private:
    std::string& bytes_;
  };

  model::FlowInfo flow_;
  base::Timestamp now_ = base::FromUnixNanos(1'700'000'000'000'000'000);
  std::unique_ptr<WorkerState> state_;
  std::shared_ptr<CarriedFile> carried_;  // of the latest ExpectFlow
  Rest rest_{bytes_handed_over};
};

}  // namespace quaywatch::analyze
