// SPDX-License-Identifier: Apache-2.0
//
// Requests and responses of one connection become records. Which record a message or a file belongs to,
// when messages are missing or overtake each other, follows Zeek's HTTP scripts.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analyze/context.h"
#include "analyze/http/ranges.h"
#include "analyze/http/record.h"
#include "analyze/http/types.h"
#include "analyze/mime/entity.h"

namespace quaywatch::analyze::http {

// Requests waiting for their responses; beyond it they are given up (Zeek's HTTP::max_pending_requests).
inline constexpr size_t kMaxPending = 100;
// Files named in a record for either direction (Zeek's HTTP::max_files_orig and _resp).
inline constexpr size_t kMaxFiles = 15;
// Proxy headers kept of one request.
inline constexpr size_t kMaxProxied = 32;

struct Transaction {
  HttpRecord record;
  // The entity whose headers were seen last, of either direction.
  bool has_entity = false;
  std::optional<std::string> entity_filename;
  // Partial content may come in response.
  bool range_request = false;
};

// A body on its way to files.log. Destroying it ends the file, unless more of it may come in other
// responses.
class BodyFile {
 public:
  BodyFile(std::shared_ptr<File> file, std::shared_ptr<Transaction> transaction, model::Direction from)
      : file_(std::move(file)), transaction_(std::move(transaction)), from_(from) {}
  ~BodyFile();
  BodyFile(const BodyFile&) = delete;
  BodyFile& operator=(const BodyFile&) = delete;

  File& file() { return *file_; }
  // Other responses hold more of the file.
  void set_goes_on() { goes_on_ = true; }

 private:
  std::shared_ptr<File> file_;
  std::shared_ptr<Transaction> transaction_;
  model::Direction from_;
  bool goes_on_ = false;
};

class Transactions {
 public:
  Transactions(Context& context, Ranges& ranges) : context_(context), ranges_(ranges) {}

  // What happens in the connection, in this order for each message.
  void Request(std::string_view method, std::string uri);
  void Reply(const Version& version, uint32_t code, std::string_view reason);
  void BeginEntity(model::Direction from);
  void Header(model::Direction from, Field field, const mime::Header& header);
  void EndEntity();
  void MessageDone(model::Direction from, uint64_t body_length);
  // Writes what is left. The last call.
  void Finish();

  // A body's file. With `partial` it may be one that other responses have begun.
  std::unique_ptr<BodyFile> OpenFile(model::Direction from, bool partial);

 private:
  struct Pending {
    uint64_t number;
    std::shared_ptr<Transaction> transaction;
  };

  Transaction& Select(model::Direction from);
  const Pending* Find(uint64_t number) const;
  void Remove(uint64_t number);
  void WriteAndRemove(uint64_t number);
  void GiveUpPending();
  void RequestHeader(Transaction& transaction, Field field, const mime::Header& header);
  void Authorization(HttpRecord& record, std::string_view value);
  void EntityHeader(Field field, std::string_view value);
  void NameFile(const File& file, model::Direction from);
  std::string Url() const;

  Context& context_;
  Ranges& ranges_;
  std::vector<Pending> pending_;  // in the order of their numbers but for gaps; at most kMaxPending + 2
  // The transaction that was last spoken of; may have been written already.
  std::shared_ptr<Transaction> current_;
  std::vector<model::Uid> named_;  // files of ranges this connection has named in a record
  uint64_t current_request_ = 0;
  uint64_t current_response_ = 0;
  uint64_t depth_ = 0;
};

}  // namespace quaywatch::analyze::http
