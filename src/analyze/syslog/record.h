// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "model/ids.h"
#include "model/record.h"

namespace quaywatch::analyze::syslog {

struct SyslogRecord {
  base::Timestamp ts;
  model::Uid uid;
  model::FlowId id;
  model::Enum proto;
  std::string_view facility;  // live as long as the program
  std::string_view severity;
  std::string message;

  static const model::Schema& Schema();
};

}  // namespace quaywatch::analyze::syslog
