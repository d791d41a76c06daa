// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "emit/line.h"
#include "emit/log_writer.h"

namespace quaywatch::emit {
namespace {

using PutLine = void (*)(Text& out, const model::Schema& schema, const void* record);

PutLine LineOf(Format format) {
  switch (format) {
    case Format::kZeekTsv:
      return PutTsvLine;
    case Format::kZeekJson:
      return PutZeekJsonLine;
    case Format::kJson:
    case Format::kTable:
      return PutJsonLine;
  }
  return PutTsvLine;
}

struct Log {
  const model::Schema* schema;
  bool selected;
  std::unique_ptr<Text> text = std::make_unique<Text>();
};

}  // namespace

class Formatter::Impl {
 public:
  explicit Impl(const Options& options) : put_line_(LineOf(options.format)), names_(options.logs) {}

  void Write(const model::Schema& schema, const void* record) {
    Log& log = LogOf(schema);
    if (!log.selected) return;
    const size_t before = log.text->size();
    put_line_(*log.text, schema, record);
    log.text->Put('\n');
    size_ += log.text->size() - before;
  }

  size_t size() const { return size_; }

  std::vector<Block> Take() {
    std::vector<Block> blocks;
    for (Log& log : logs_) {
      if (log.text->size() > 0) blocks.push_back({log.schema, log.text->Take()});
    }
    size_ = 0;
    return blocks;
  }

 private:
  // A few dozen logs, and records of one log often follow each other: a search from the last hit.
  Log& LogOf(const model::Schema& schema) {
    if (last_ < logs_.size() && logs_[last_].schema == &schema) return logs_[last_];
    const auto found = std::ranges::find(logs_, &schema, &Log::schema);
    last_ = static_cast<size_t>(found - logs_.begin());
    if (found != logs_.end()) return *found;
    const bool selected = names_.empty() || std::ranges::find(names_, schema.name()) != names_.end();
    return logs_.emplace_back(&schema, selected);
  }

  PutLine put_line_;
  std::vector<std::string> names_;
  std::vector<Log> logs_;
  size_t last_ = 0;
  size_t size_ = 0;
};

Formatter::Formatter(const Options& options) : impl_(std::make_unique<Impl>(options)) {}
Formatter::~Formatter() = default;
void Formatter::Write(const model::Schema& schema, const void* record) { impl_->Write(schema, record); }
size_t Formatter::size() const { return impl_->size(); }
std::vector<Block> Formatter::Take() { return impl_->Take(); }

}  // namespace quaywatch::emit
