// SPDX-License-Identifier: Apache-2.0
//
// A stream of bytes, cut anywhere, into lines.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace quaywatch::enrich::docker {

class Lines {
 public:
  // Longer lines are left out and counted.
  static constexpr size_t kMaxLine = 1 << 20;

  // Calls `on_line(std::string_view)` with each line that is complete now and not blank, without its end.
  template <typename OnLine>
  void Add(std::string_view bytes, OnLine on_line) {
    while (!bytes.empty()) {
      const size_t end = bytes.find('\n');
      const std::string_view piece = bytes.substr(0, end);
      if (skipping_ || piece.size() > kMaxLine - held_.size()) {
        if (!skipping_) ++skipped_;
        skipping_ = true;
        held_ = {};
      } else {
        held_ += piece;
      }
      if (end == std::string_view::npos) return;
      if (!skipping_ && held_.find_first_not_of(" \t\r") != std::string::npos) on_line(std::string_view(held_));
      held_.clear();
      skipping_ = false;
      bytes.remove_prefix(end + 1);
    }
  }

  uint64_t skipped() const { return skipped_; }

 private:
  std::string held_;
  bool skipping_ = false;
  uint64_t skipped_ = 0;
};

}  // namespace quaywatch::enrich::docker
