// SPDX-License-Identifier: Apache-2.0
//
// Values as people read them on a terminal.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "emit/text.h"
#include "model/identity.h"
#include "model/record.h"

namespace quaywatch::emit {

// ECMA-48, 8.3.117
inline constexpr std::string_view kDim = "\x1b[2m";
inline constexpr std::string_view kLogColor = "\x1b[36m";
inline constexpr std::string_view kBold = "\x1b[1m";
inline constexpr std::string_view kPlain = "\x1b[0m";

// nullptr if the log has no such column.
const model::Column* Find(const model::Schema& schema, std::string_view name);
// Unset where there is no column.
model::Value Get(const model::Column* column, const void* record);

void PutStyled(Text& out, std::string_view text, std::string_view style, bool color);
// Spaces from `length` to `width`.
void Pad(Text& out, size_t length, size_t width);
// "2026-01-31 12:00:00.123"
void PutTime(Text& out, std::chrono::sys_time<std::chrono::milliseconds> time);
// The first `most` bytes, whole characters, and "…" if there are more; harmless to a terminal.
void PutCutText(Text& out, std::string_view text, size_t most);

// "1.3 kB"
std::string BytesText(uint64_t bytes);
// "13 ms"
std::string DurationText(int64_t nanos);
// A conn_state in words: "closed"; empty for what is none.
std::string_view StateWords(std::string_view state);
// One end of a connection: "shop/web-7d9c:80" if it has a name, else "10.0.0.7:80", "[fd77::1]:80"; without a port
// if that is no count; empty without an address.
std::string Endpoint(const model::Identity* who, const model::Value& address, const model::Value& port);

}  // namespace quaywatch::emit
