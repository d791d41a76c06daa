// SPDX-License-Identifier: Apache-2.0
#include "analyze/fake_context.h"

#include <fmt/format.h>

namespace quaywatch::analyze {
namespace {

std::string ToText(const model::Value& value) {
  using Kind = model::Value::Kind;
  switch (value.kind()) {
    case Kind::kUnset:
      return "-";
    case Kind::kBool:
      return value.boolean() ? "T" : "F";
    case Kind::kCount:
      return fmt::format("{}", value.count());
    case Kind::kInt:
      return fmt::format("{}", value.integer());
    case Kind::kDouble:
      return fmt::format("{}", value.real());
    case Kind::kTime:
    case Kind::kInterval:
      return fmt::format("{:.6f}", static_cast<double>(value.integer()) / 1e9);
    case Kind::kCalendarTime:
      return fmt::format("{}.000000", value.integer());
    case Kind::kText:
      return std::string(value.text());
    case Kind::kAddress:
      return value.address().ToString();
    case Kind::kList: {
      std::string all = "[";
      for (size_t i = 0; i < value.list().size; ++i) {
        all += (i > 0 ? "," : "") + ToText(value.list().at(value.list().items, i));
      }
      return all + "]";
    }
  }
  return {};
}

}  // namespace

void FakeContext::Write(const model::Schema& schema, const void* record, model::Clone) {
  std::string line(schema.name());
  for (const model::Column& column : schema.columns()) {
    if (column.get == nullptr) continue;
    const model::Value value = column.get(record);
    if (value.kind() != model::Value::Kind::kUnset) line += fmt::format(" {}={}", column.name, ToText(value));
  }
  lines.push_back(std::move(line));
}

}  // namespace quaywatch::analyze
