// SPDX-License-Identifier: Apache-2.0
//
// One record as one line, without its newline, at the end of `out`; one function per format.
#pragma once

#include "emit/text.h"
#include "model/identity.h"
#include "model/record.h"

namespace quaywatch::emit {

// `parties`: who the two ends of the record's connection are; null if records are written without names. With
// names, logs that have ends have model::PartyColumns() after their own columns in every format.
//
// In Zeek's formats the time in the first column is cut to microseconds and all others are rounded, as Zeek
// does with packet times and computed ones.

// Zeek's ASCII writer (#separator \x09, #set_separator ",", #empty_field (empty), #unset_field -).
void PutTsvLine(Text& out, const model::Schema& schema, const void* record, const model::Parties* parties);
// The lines above a log's first record, and the one below its last. Times in UTC.
std::string TsvHeader(const model::Schema& schema, bool names, base::Timestamp opened);
std::string TsvFooter(base::Timestamp closed);

// Zeek's JSON writer: unset columns left out, names flat ("id.orig_h"), times in seconds.
void PutZeekJsonLine(Text& out, const model::Schema& schema, const void* record, const model::Parties* parties);
// Quaywatch's JSON: the log's name first ("log":"conn"), times as "2026-01-31T12:00:00.123456789Z".
void PutJsonLine(Text& out, const model::Schema& schema, const void* record, const model::Parties* parties);

}  // namespace quaywatch::emit
