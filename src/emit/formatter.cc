// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "emit/connection_table.h"
#include "emit/line.h"
#include "emit/log_writer.h"
#include "emit/table.h"

namespace quaywatch::emit {
namespace {

struct Log {
  Log(const model::Schema& log_schema, bool is_selected, const Options& options)
      : schema(&log_schema), selected(is_selected) {
    if (options.format == Format::kTable) layout = std::make_unique<TableLayout>(log_schema, options.color);
    if (!options.log_dir.empty()) text = std::make_unique<Text>();
  }

  const model::Schema* schema;
  bool selected;
  std::unique_ptr<TableLayout> layout;  // of tables
  std::unique_ptr<Text> text;           // null if all logs share one
};

}  // namespace

class Formatter::Impl {
 public:
  explicit Impl(const Options& options) : options_(options) {}

  void Write(const model::Schema& schema, const void* record, const model::Parties& ends) {
    Log& log = LogOf(schema);
    if (!log.selected) return;
    Text& out = log.text ? *log.text : all_;
    const size_t before = out.size();
    const model::Parties* parties = options_.names ? &ends : nullptr;
    switch (options_.format) {
      case Format::kZeekTsv:
        PutTsvLine(out, schema, record, parties);
        break;
      case Format::kZeekJson:
        PutZeekJsonLine(out, schema, record, parties);
        break;
      case Format::kJson:
        PutJsonLine(out, schema, record, parties);
        break;
      case Format::kTable:
        log.layout->PutLine(out, record, ends, widths_);
        break;
      case Format::kConnections:
        if (!connections_.PutLine(out, schema, record, ends)) return;
        break;
    }
    out.Put('\n');
    size_ += out.size() - before;
  }

  size_t size() const { return size_; }

  std::vector<Block> Take() {
    std::vector<Block> blocks;
    if (all_.size() > 0) blocks.push_back({nullptr, all_.Take()});
    for (Log& log : logs_) {
      if (log.text && log.text->size() > 0) blocks.push_back({log.schema, log.text->Take()});
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
    const auto& names = options_.logs;
    const bool selected = names.empty() || std::ranges::find(names, schema.name()) != names.end();
    return logs_.emplace_back(schema, selected, options_);
  }

  Options options_;
  std::vector<Log> logs_;
  Text all_;
  TableWidths widths_;
  ConnectionTable connections_{options_.color};
  size_t last_ = 0;
  size_t size_ = 0;
};

Formatter::Formatter(const Options& options) : impl_(std::make_unique<Impl>(options)) {}
Formatter::Formatter(Formatter&&) noexcept = default;
Formatter::~Formatter() = default;
void Formatter::Write(const model::Schema& schema, const void* record, const model::Parties& parties) {
  impl_->Write(schema, record, parties);
}
size_t Formatter::size() const { return impl_->size(); }
std::vector<Block> Formatter::Take() { return impl_->Take(); }

}  // namespace quaywatch::emit
