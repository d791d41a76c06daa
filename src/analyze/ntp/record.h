// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "model/ids.h"
#include "model/record.h"

namespace quaywatch::analyze::ntp {

struct NtpRecord {
  base::Timestamp ts;
  model::Uid uid;
  model::FlowId id;
  uint32_t version = 0;
  uint32_t mode = 0;
  std::optional<uint32_t> stratum;
  std::optional<base::Duration> poll;
  std::optional<base::Duration> precision;
  std::optional<base::Duration> root_delay;
  std::optional<base::Duration> root_disp;
  std::optional<std::string> ref_id;
  std::optional<base::Timestamp> ref_time;
  std::optional<base::Timestamp> org_time;
  std::optional<base::Timestamp> rec_time;
  std::optional<base::Timestamp> xmt_time;
  uint32_t num_exts = 0;

  static const model::Schema& Schema();
};

}  // namespace quaywatch::analyze::ntp
