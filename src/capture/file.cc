// SPDX-License-Identifier: Apache-2.0
#include "capture/file.h"

#include <fmt/format.h>

#include <map>
#include <optional>

#include "capture/filter.h"
#include "capture/format.h"
#include "capture/input.h"
#include "capture/window.h"

namespace quaywatch::capture {
namespace {

// Packets that may be passed over before the caller gets a chance to stop or to show how far it is.
constexpr uint64_t kFilteredBeforeIdle = 65536;

std::string NotACapture(const std::string& name, base::Bytes begin) {
  struct Packing {
    std::string_view magic, program;
  };
  constexpr Packing kOthers[] = {
      {"\3757zX", "xz"}, {"BZh", "bzip2"}, {"\x04\x22\x4d\x18", "lz4"}, {"PK\x03\x04", "unzip"}};
  for (const Packing& packing : kOthers) {
    if (!base::AsText(begin).starts_with(packing.magic)) continue;
    return fmt::format("{} is packed in a way that is not read; unpack it with {} first (gzip and zstd are read)", name,
                       packing.program);
  }
  return fmt::format(
      "{} is not a capture: it begins with {:02x}, and pcap and pcapng files (plain, gzip or zstd) are "
      "read; editcap converts others",
      name, fmt::join(begin, " "));
}

class FileSource final : public Source {
 public:
  FileSource(std::unique_ptr<Input> input, std::string filter)
      : window_(std::move(input)), expression_(std::move(filter)) {}

  base::Result<> Open() {
    const std::string& name = window_.input().name();
    const base::Bytes begin = window_.Peek(4);
    if (begin.size() < 4 && !window_.input().error().empty()) {
      return base::Fail("cannot read " + name + ": " + window_.input().error());
    }
    if (begin.empty()) {
      return base::Fail(name + " is empty; a capture has at least a file header: check how it was made");
    }
    if (!IsPcap(begin) && !IsPcapng(begin)) return base::Fail(NotACapture(name, begin));
    auto format = IsPcap(begin) ? OpenPcap(window_) : OpenPcapng(window_);
    if (!format) return std::unexpected(format.error());
    format_ = std::move(*format);
    // A wrong filter is told before the first packet, whatever the link type.
    if (expression_.empty()) return {};
    if (auto filter = Filter::Compile(expression_, format_->first_link()); !filter) {
      return std::unexpected(filter.error());
    }
    return {};
  }

  Next Read(model::RawPacket& packet) override {
    if (!damage_.empty()) return Next::kDamaged;
    for (;;) {
      const Next next = format_->Read(packet);
      if (next != Next::kPacket) [[unlikely]] {
        if (next == Next::kDamaged) damage_ = DescribeDamage();
        return next;
      }
      if (!expression_.empty() && !Passes(packet)) {
        if (++counters_.filtered % kFilteredBeforeIdle == 0) return Next::kIdle;
        continue;
      }
      ++counters_.received;
      counters_.bytes += packet.data.size();
      return Next::kPacket;
    }
  }

  const std::string& damage() const override { return damage_; }
  Counters counters() const override {
    Counters counters = counters_;
    counters.unsupported = format_->unsupported();
    return counters;
  }
  double progress() const override { return window_.input().progress(); }

 private:
  // A filter that makes no sense for a link type (a later interface's) lets nothing of it pass.
  bool Passes(const model::RawPacket& packet) {
    auto it = filters_.find(packet.link);
    if (it == filters_.end()) {
      auto filter = Filter::Compile(expression_, packet.link);
      it = filters_.emplace(packet.link, filter ? std::optional(std::move(*filter)) : std::nullopt).first;
    }
    return it->second && it->second->Matches(packet.data, packet.wire_length);
  }

  std::string DescribeDamage() const {
    return fmt::format("{} is damaged at packet {}, byte {}: {}; packets read before: {}", window_.input().name(),
                       format_->packets() + 1, format_->damage_offset(), format_->damage(), format_->packets());
  }

  Window window_;
  std::string expression_;
  std::unique_ptr<Format> format_;
  std::map<model::LinkType, std::optional<Filter>> filters_;
  Counters counters_;
  std::string damage_;
};

base::Result<std::unique_ptr<Source>> Make(std::unique_ptr<Input> input, const std::string& filter) {
  auto source = std::make_unique<FileSource>(std::move(input), filter);
  if (auto opened = source->Open(); !opened) return std::unexpected(opened.error());
  return source;
}

}  // namespace

base::Result<std::unique_ptr<Source>> OpenFile(const std::string& path, const std::string& filter) {
  auto input = Input::Open(path);
  if (!input) return std::unexpected(input.error());
  return Make(std::move(*input), filter);
}

base::Result<std::unique_ptr<Source>> OpenDescriptor(int fd, const std::string& name, const std::string& filter,
                                                     int max_window_log) {
  return Make(std::make_unique<Input>(fd, name, max_window_log), filter);
}

}  // namespace quaywatch::capture
