// SPDX-License-Identifier: Apache-2.0
//
// How far a long reading is, in one line of standard error that is written over and over.
#pragma once

#include <chrono>

namespace quaywatch::app {

class ProgressBar {
 public:
  // Shows nothing in the first second, and nothing ever if standard error is no terminal or if standard
  // output writes records to the same screen.
  explicit ProgressBar(bool records_on_stdout);
  ~ProgressBar() { Clear(); }
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  // `done` between 0 and 1, negative if nobody knows. Cheap if called often.
  void Show(double done);
  void Clear();

 private:
  using Clock = std::chrono::steady_clock;

  bool wanted_;
  bool shown_ = false;
  Clock::time_point begin_;
  Clock::time_point next_;
};

}  // namespace quaywatch::app
