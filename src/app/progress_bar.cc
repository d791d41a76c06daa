// SPDX-License-Identifier: Apache-2.0
#include "app/progress_bar.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <string>

namespace quaywatch::app {
namespace {

constexpr auto kFirst = std::chrono::seconds(1);
constexpr auto kInterval = std::chrono::milliseconds(200);
constexpr int kWidth = 24;

}  // namespace

ProgressBar::ProgressBar(bool records_on_stdout)
    : wanted_(::isatty(STDERR_FILENO) != 0 && !(records_on_stdout && ::isatty(STDOUT_FILENO) != 0)),
      begin_(Clock::now()),
      next_(begin_ + kFirst) {}

void ProgressBar::Show(double done) {
  if (!wanted_) return;
  const Clock::time_point now = Clock::now();
  if (now < next_) return;
  next_ = now + kInterval;
  const double seconds = std::chrono::duration<double>(now - begin_).count();
  std::string line = fmt::format("reading since {:.0f} s", seconds);
  if (done > 0) {
    const int filled = std::clamp(static_cast<int>(done * kWidth), 0, kWidth);
    line = fmt::format("[{:=<{}}{:<{}}] {:3.0f} %, {:.0f} s left", "", filled, "", kWidth - filled, done * 100,
                       std::max(seconds / done - seconds, 0.0));
  }
  std::fprintf(stderr, "\r\x1b[K%s", line.c_str());
  shown_ = true;
}

void ProgressBar::Clear() {
  if (!shown_) return;
  std::fputs("\r\x1b[K", stderr);
  shown_ = false;
}

}  // namespace quaywatch::app
