// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/record.h"

namespace quaywatch::pipeline {

// A line of weird.log.
struct WeirdRecord {
  base::Timestamp ts;
  std::optional<model::Uid> uid;
  std::optional<model::FlowId> id;  // ports 0 for two hosts without a flow
  std::string name;
  std::optional<std::string> addl;
  bool notice = false;
  std::string_view peer = "zeek";  // what Zeek calls a sensor that was given no name
  std::optional<std::string> source;

  static const model::Schema& Schema();
};

// How often one name is written: each time it is about another connection, or less.
struct WeirdRule {
  bool ignore = false;
  bool once_per_originator = false;
  bool notice = false;
};
WeirdRule RuleOf(std::string_view name);

// What makes two weirds the same, and for how long (Zeek's rules).
std::string KeyOf(const WeirdRecord& weird, const WeirdRule& rule);
base::Duration WindowOf(const WeirdRule& rule);

}  // namespace quaywatch::pipeline
