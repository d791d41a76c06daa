// SPDX-License-Identifier: Apache-2.0
#include "emit/asked.h"

#include <fmt/format.h>

namespace quaywatch::emit {

using model::Value;

const Asked::Columns& Asked::ColumnsOf(const model::Schema& schema) {
  const auto [entry, is_new] = columns_.try_emplace(&schema);
  if (!is_new) return entry->second;
  for (const model::Column& column : schema.columns()) {
    if (column.name == "uid" && column.get != nullptr) entry->second.uid = &column;
    if (column.asks) entry->second.asks.push_back(&column);
  }
  return entry->second;
}

void Asked::Note(const model::Schema& schema, const void* record) {
  const Columns& columns = ColumnsOf(schema);
  if (columns.uid == nullptr || columns.asks.empty()) return;
  const Value uid = columns.uid->get(record);
  if (uid.kind() != Value::Kind::kText) return;
  std::string key(uid.text());
  const auto known = questions_.find(key);
  if (known != questions_.end()) {
    ++known->second.more;
    return;
  }
  if (questions_.size() >= kMaxConnections) return;
  std::string text;
  for (const model::Column* column : columns.asks) {
    const Value value = column->get(record);
    if (value.kind() != Value::Kind::kText || value.text().empty()) continue;
    if (!text.empty()) text += ' ';
    text += value.text().substr(0, kMaxText);
  }
  if (text.empty()) return;
  if (text.size() > kMaxText) text = text.substr(0, kMaxText) + "…";
  questions_.emplace(std::move(key), Question{std::move(text), 0});
}

std::string Asked::Take(std::string_view uid) {
  auto node = questions_.extract(std::string(uid));
  if (node.empty()) return {};
  const Question& question = node.mapped();
  return question.more == 0 ? question.first : fmt::format("{} (+{})", question.first, question.more);
}

}  // namespace quaywatch::emit
