// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "app/command_line.h"

namespace quaywatch::app {
namespace {

constexpr size_t kLongestWord = 64;

// Insertions, deletions, changes and swaps of neighbours that make `a` of `b`.
size_t Distance(const std::string& a, const std::string& b) {
  std::vector<std::vector<size_t>> cost(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) {
    for (size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        cost[i][j] = i + j;
        continue;
      }
      const size_t change = cost[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
      }
    }
  }
  return cost[a.size()][b.size()];
}

}  // namespace

std::string DidYouMean(const std::string& word, const std::vector<std::string>& candidates) {
  if (word.size() > kLongestWord) return {};
  const std::string* best = nullptr;
  // A third of the letters may be wrong.
  size_t least = word.size() / 3 + 1;
  for (const std::string& candidate : candidates) {
    const bool begins = word.size() >= 4 && candidate.starts_with(word);
    const size_t distance = begins ? 1 : Distance(word, candidate);
    if (distance < least) {
      least = distance;
      best = &candidate;
    }
  }
  return best ? ": did you mean " + *best + "?" : std::string();
}

}  // namespace quaywatch::app
