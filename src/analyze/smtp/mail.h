// SPDX-License-Identifier: Apache-2.0
//
// One mail's content: its header becomes columns of the record, its parts become files.
#pragma once

#include <memory>
#include <set>
#include <string>

#include "analyze/context.h"
#include "analyze/lines.h"
#include "analyze/mime/entity.h"
#include "analyze/smtp/record.h"
#include "model/flow.h"

namespace quaywatch::analyze::smtp {

// Zeek's max_rcptto_addresses, max_to_addresses, max_cc_addresses.
inline constexpr size_t kMaxAddresses = 1000;
// Zeek's max_path_length.
inline constexpr size_t kMaxPath = 1000;

// What is known of the mail being sent; a record once the server has taken it, or nothing follows.
struct Transaction {
  SmtpRecord record;
  // Columns of the record that are sets.
  std::optional<std::set<std::string>> rcptto, to, cc;
  bool active = false;  // the client did something that is worth a record
  uint32_t entities = 0;
};

// Fills the columns that stem from a header of the mail itself.
void TakeHeader(Context& context, const mime::Header& header, Transaction& transaction);

class Mail : public mime::Message, private LineSink {
 public:
  // `transaction` is the flow's current one, whichever that is when something happens. `depth` counts the
  // flow's entities. All outlive this.
  Mail(Context& context, Transaction& transaction, uint32_t& depth, model::Direction from);

  void Begin() { top_.Begin(); }
  // A line of DATA, or a piece of a line if not `ended`.
  void Line(std::string_view line, bool ended) { top_.Deliver(line, ended); }
  // Bytes of a chunk (BDAT), cut anywhere.
  void Chunk(base::Bytes bytes) { chunks_.Feed(bytes); }
  void Gap(uint64_t length);
  void End();

 private:
  void OnBegin(mime::Entity& entity) override;
  void OnHeader(mime::Entity& entity, const mime::Header& header) override;
  void OnData(mime::Entity& entity, std::string_view data) override;
  void OnEnd(mime::Entity& entity) override;
  void OnLine(std::string_view line, bool ended) override;
  void OpenFile();

  Transaction& transaction_;
  uint32_t& depth_;
  const model::Direction from_;
  std::string filename_;  // of the entity that is being read
  std::unique_ptr<File> file_;
  LineOddities oddities_;
  Lines chunks_;
  bool ending_ = false;
  mime::Entity top_;
};

}  // namespace quaywatch::analyze::smtp
