// SPDX-License-Identifier: Apache-2.0
#include "analyze/files/file_tracker.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "analyze/files/digest.h"
#include "analyze/files/mime.h"
#include "analyze/files/ocsp.h"
#include "analyze/files/record.h"
#include "analyze/files/reorder.h"

namespace quaywatch::analyze::files {
namespace {

// Offsets beyond this are made up; keeps sums from overflowing.
constexpr uint64_t kMaxOffset = uint64_t{1} << 62;
// Flows besides the first that a file is recorded for.
constexpr size_t kMaxOtherFlows = 256;
// Pieces kept out of order, beside kReorderLimit bytes.
constexpr size_t kMaxPieces = 4096;

constexpr std::string_view kCertificate = "X509";
constexpr std::string_view kOcspReply = "OCSP_REPLY";

// What else Zeek looks at files of a type with.
std::string_view AnalyzerOfType(std::string_view mime_type) {
  if (mime_type == "application/x-dosexec") return "PE";
  if (mime_type == "application/ocsp-response") return kOcspReply;
  return {};
}

model::Uid MakeFuid(const model::Uid& uid, model::Direction from, uint32_t ordinal) {
  const uint64_t seed = uint64_t{ordinal} << 1 | static_cast<uint64_t>(from);
  return model::Uid::Make('F', base::Hash128Of(uid.view(), seed));
}

class TrackedFile : public File {
 public:
  TrackedFile(const FileOrigin& origin, const model::FlowInfo& flow, uint32_t ordinal, const Surroundings& surroundings)
      : surroundings_(surroundings), origin_type_(origin.mime_type) {
    record_.fuid = MakeFuid(flow.uid, origin.from, ordinal);
    record_.uid = flow.uid;
    record_.id = flow.id;
    record_.source = origin.source;
    record_.depth = origin.depth;
    record_.filename = origin.filename;
    record_.total_bytes = origin.total_bytes;
    record_.parent_fuid = origin.parent;
    record_.is_orig = origin.from == model::Direction::kOrig;
    record_.local_orig = IsLocal(flow);
    if (!origin.analyzer.empty()) record_.analyzers.items.push_back(origin.analyzer);
    hashes_ = surroundings.hashes;
    hashes_.sha1 |= origin.want_sha1;
    hashes_.sha256 |= origin.want_sha256;
  }

  ~TrackedFile() override {
    Wake();
    if (!begun_) return;
    const bool seen_to_end = ended_;
    Conclude();
    WriteRecord(/*timed_out=*/!seen_to_end);
  }

  const model::Uid& fuid() const override { return record_.fuid; }
  std::string_view mime_type() const override { return record_.mime_type.value_or(std::string_view()); }

  void AddFlow(const model::FlowInfo& flow) override {
    const bool known = flow.uid == record_.uid || std::ranges::find(others_, flow.uid, &Other::uid) != others_.end();
    if (!known && others_.size() < kMaxOtherFlows) others_.push_back({flow.uid, flow.id, IsLocal(flow)});
  }

  void Data(base::Bytes bytes) override {
    Touch();
    Take(offset_, bytes);
  }

  void DataAt(uint64_t offset, base::Bytes bytes) override {
    Touch();
    Take(offset, bytes);
  }

  void Gap(uint64_t length) override {
    Touch();
    if (ended_) return;
    length = std::min(length, kMaxOffset - offset_);
    if (reordering_) {
      FlushReorderedTo(offset_ + length);
    } else {
      Miss(length);
    }
    EndIfComplete();
  }

  void SetFilename(std::string_view name) override { record_.filename.emplace(name); }
  void SetTotalBytes(uint64_t total) override { record_.total_bytes = total; }

  void End() override {
    Wake();
    if (begun_) Conclude();
  }

 private:
  // Something happens to the file.
  void Touch() {
    Wake();
    last_active_ = surroundings_.now;
    if (begun_) return;
    begun_ = true;
    record_.mime_type.reset();
    record_.ts = last_active_;
    next_check_ = last_active_ + kFileTimeout;
    if (!origin_type_.empty()) SetType(origin_type_);
    if (hashes_.md5) md5_.emplace(DigestKind::kMd5);
    if (hashes_.sha1) sha1_.emplace(DigestKind::kSha1);
    if (hashes_.sha256) sha256_.emplace(DigestKind::kSha256);
  }

  // Time has passed. Zeek looks at each file every kFileTimeout since it began, not since its latest byte.
  void Wake() {
    if (!begun_ || ended_) return;
    while (next_check_ <= surroundings_.now) {
      if (next_check_ - last_active_ >= kFileTimeout) {
        Conclude();
        WriteRecord(/*timed_out=*/true);
        return Restart();
      }
      next_check_ += kFileTimeout;
    }
  }

  void Restart() {
    begun_ = false;
    ended_ = false;
    typed_ = false;
    reordering_ = false;
    offset_ = 0;
    head_.clear();
    response_.reset();
    record_.total_bytes.reset();
    record_.seen_bytes = record_.missing_bytes = record_.overflow_bytes = 0;
    record_.md5.reset();
    record_.sha1.reset();
    record_.sha256.reset();
    md5_.reset();
    sha1_.reset();
    sha256_.reset();
  }

  void Take(uint64_t offset, base::Bytes bytes) {
    if (ended_ || offset > kMaxOffset - bytes.size()) return;
    if (!reordering_ && offset == offset_) {
      Deliver(bytes);
    } else {
      reordering_ = true;
      if (reorder_.bytes() > kReorderLimit || reorder_.pieces() > kMaxPieces)
        record_.overflow_bytes += FlushReordered();
      if (offset == offset_ && (reorder_.empty() || offset + bytes.size() <= reorder_.first_offset())) {
        Deliver(bytes);
      } else {
        reorder_.Add(offset_, offset, bytes);
      }
      DeliverInOrder();
    }
    EndIfComplete();
  }

  void DeliverInOrder() {
    while (!reorder_.empty() && reorder_.first_offset() <= offset_) Deliver(reorder_.TakeFirst().bytes);
  }

  // Delivers all pieces, calling what lies between them missing; returns how much that is.
  uint64_t FlushReordered() {
    uint64_t missing = 0;
    while (!reorder_.empty()) {
      const uint64_t gap = reorder_.first_offset() - offset_;
      missing += gap;
      if (gap > 0) Miss(gap);
      Deliver(reorder_.TakeFirst().bytes);
    }
    return missing;
  }

  void FlushReorderedTo(uint64_t end) {
    while (!reorder_.empty() && reorder_.first_offset() < end) {
      if (const uint64_t gap = reorder_.first_offset() - offset_; gap > 0) Miss(gap);
      Deliver(reorder_.TakeFirst().bytes);
    }
    if (offset_ < end) Miss(end - offset_);
    DeliverInOrder();
  }

  void Deliver(base::Bytes bytes) {
    offset_ += bytes.size();
    record_.seen_bytes += bytes.size();
    if (response_) Collect(bytes);
    if (!typed_) Sniff(bytes);
    if (md5_) md5_->Update(bytes);
    if (sha1_) sha1_->Update(bytes);
    if (sha256_) sha256_->Update(bytes);
  }

  void Miss(uint64_t length) {
    // What came before is all there will be of the beginning.
    if (!typed_) FindType(head_);
    response_.reset();
    md5_.reset();
    sha1_.reset();
    sha256_.reset();
    offset_ += length;
    record_.missing_bytes += length;
  }

  void Sniff(base::Bytes bytes) {
    const bool whole = record_.total_bytes && offset_ >= *record_.total_bytes;
    if (head_.empty() && (whole || bytes.size() >= kSniffLimit)) return FindType(bytes);
    const size_t room = std::min(kSniffLimit - head_.size(), bytes.size());
    head_.insert(head_.end(), bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(room));
    if (!whole && head_.size() < kSniffLimit) return;
    FindType(head_);
    if (response_) Collect(bytes.subspan(room));
  }

  void FindType(base::Bytes head) {
    SetType(DetectMimeType(head));
    if (response_) Collect(head);
    head_.clear();
  }

  void SetType(std::string_view mime_type) {
    typed_ = true;
    if (mime_type.empty()) return;
    record_.mime_type = mime_type;
    const std::string_view analyzer = AnalyzerOfType(mime_type);
    auto& analyzers = record_.analyzers.items;
    if (!analyzer.empty() && std::ranges::find(analyzers, analyzer) == analyzers.end()) analyzers.push_back(analyzer);
    if (analyzer == kOcspReply) response_.emplace();
  }

  void Collect(base::Bytes bytes) {
    if (response_->size() + bytes.size() > kMaxOcspResponse) return response_.reset();
    response_->insert(response_->end(), bytes.begin(), bytes.end());
  }

  void WriteAnswers() {
    for (OcspRecord& answer : ParseOcspResponse(*response_)) {
      answer.ts = record_.ts;
      answer.id = record_.fuid;
      model::Write(surroundings_.records, answer);
    }
    response_.reset();
  }

  void EndIfComplete() {
    if (!ended_ && record_.total_bytes && offset_ >= *record_.total_bytes) Conclude();
  }

  // No more bytes: everything that can be known is known now.
  void Conclude() {
    if (ended_) return;
    FlushReordered();
    if (!typed_) FindType(head_);
    ended_ = true;
    if (response_) WriteAnswers();
    if (md5_) record_.md5 = md5_->Finish();
    if (sha1_) record_.sha1 = sha1_->Finish();
    if (sha256_) record_.sha256 = sha256_->Finish();
  }

  void WriteRecord(bool timed_out) {
    const auto& analyzers = record_.analyzers.items;
    if (std::ranges::find(analyzers, kCertificate) != analyzers.end()) return;
    record_.timedout = timed_out;
    record_.duration = last_active_ - record_.ts;
    model::Write(surroundings_.records, record_);
    if (others_.empty()) return;
    FileRecord record = record_;
    for (const Other& other : others_) {
      record.uid = other.uid;
      record.id = other.id;
      record.local_orig = other.local;
      model::Write(surroundings_.records, record);
    }
  }

  bool IsLocal(const model::FlowInfo& flow) const { return record_.is_orig ? flow.local_orig : flow.local_resp; }

  struct Other {
    model::Uid uid;
    model::FlowId id;
    bool local;
  };

  const Surroundings& surroundings_;
  const std::string_view origin_type_;
  FileRecord record_;
  Hashes hashes_;
  std::vector<Other> others_;  // flows that carry it besides the first
  bool begun_ = false;         // a byte or gap was seen
  bool ended_ = false;
  bool typed_ = false;  // type known, or known to be unknown
  bool reordering_ = false;
  uint64_t offset_ = 0;  // bytes delivered or given up
  base::Timestamp last_active_;
  base::Timestamp next_check_;
  std::vector<uint8_t> head_;                     // at most kSniffLimit bytes
  std::optional<std::vector<uint8_t>> response_;  // of OCSP, while it may be whole
  Reorder reorder_;
  std::optional<Digest> md5_, sha1_, sha256_;
};

}  // namespace

std::unique_ptr<File> MakeFile(const FileOrigin& origin, const model::FlowInfo& flow, uint32_t ordinal,
                               const Surroundings& surroundings) {
  return std::make_unique<TrackedFile>(origin, flow, ordinal, surroundings);
}

}  // namespace quaywatch::analyze::files
