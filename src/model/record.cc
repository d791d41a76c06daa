// SPDX-License-Identifier: Apache-2.0
#include "model/record.h"

#include <algorithm>

namespace quaywatch::model {

Schema::Schema(std::string_view name, std::string_view help, std::vector<Column> columns)
    : name_(name),
      help_(help),
      columns_(std::move(columns)),
      has_ends_(std::ranges::find(columns_, "id.orig_h", &Column::name) != columns_.end()) {}

std::string_view TypeName(ColumnType type) {
  switch (type) {
    case ColumnType::kBool:
      return "bool";
    case ColumnType::kCount:
      return "count";
    case ColumnType::kInt:
      return "int";
    case ColumnType::kDouble:
      return "double";
    case ColumnType::kTime:
      return "time";
    case ColumnType::kInterval:
      return "interval";
    case ColumnType::kString:
      return "string";
    case ColumnType::kEnum:
      return "enum";
    case ColumnType::kAddr:
      return "addr";
    case ColumnType::kPort:
      return "port";
  }
  return "string";
}

std::string TypeText(const Column& column) {
  const std::string element(TypeName(column.type));
  switch (column.container) {
    case Container::kNone:
      break;
    case Container::kVector:
      return "vector[" + element + "]";
    case Container::kSet:
      return "set[" + element + "]";
  }
  return element;
}

}  // namespace quaywatch::model
