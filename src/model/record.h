// SPDX-License-Identifier: Apache-2.0
//
// What every log line is made of. A record is a plain struct; its columns are declared once, beside
// the parser that fills it, with name, type, unit and help. Writers (Zeek TSV, JSON, tables), the
// store and the documentation walk that declaration and know no protocol:
//
//   struct SyslogRecord {
//     base::Timestamp ts;
//     model::Uid uid;
//     model::FlowId id;
//     std::string message;
//     static const model::Schema& Schema();
//   };
//   const model::Schema& SyslogRecord::Schema() {
//     static const model::Schema schema("syslog", "Syslog messages", model::Columns<SyslogRecord>(
//         model::ConnColumns<SyslogRecord>(),
//         model::Col<&SyslogRecord::message>("message", "Text of the message")));
//     return schema;
//   }
#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/time.h"
#include "model/address.h"
#include "model/ids.h"

namespace quaywatch::model {

// Types of Zeek's logs, by their names there.
enum class ColumnType : uint8_t { kBool, kCount, kInt, kDouble, kTime, kInterval, kString, kEnum, kAddr, kPort };
enum class Container : uint8_t { kNone, kVector, kSet };

// "count", "time", ...
std::string_view TypeName(ColumnType type);

// A member that holds one of a fixed list of words; the text lives as long as the program.
struct Enum {
  std::string_view word;
  bool operator==(const Enum&) const = default;
};

// Elements without order; duplicates are the filler's business.
template <typename T>
struct Set {
  std::vector<T> items;
};

class Value;

// The elements of a vector or set column. Valid as long as the record.
struct List {
  const void* items = nullptr;
  size_t size = 0;
  Value (*at)(const void* items, size_t index) = nullptr;
};

// One column of one record, looked at. Views are valid as long as the record is.
class Value {
 public:
  enum class Kind : uint8_t {
    kUnset,
    kBool,
    kCount,
    kInt,
    kDouble,
    kTime,
    kCalendarTime,
    kInterval,
    kText,
    kAddress,
    kList
  };

  Value() = default;
  explicit Value(bool v) : kind_(Kind::kBool) { as_.boolean = v; }
  template <std::unsigned_integral T>
    requires(!std::same_as<T, bool>)
  explicit Value(T v) : kind_(Kind::kCount) {
    as_.count = v;
  }
  template <std::signed_integral T>
  explicit Value(T v) : kind_(Kind::kInt) {
    as_.integer = v;
  }
  explicit Value(double v) : kind_(Kind::kDouble) { as_.real = v; }
  explicit Value(base::Timestamp v) : kind_(Kind::kTime) { as_.integer = base::ToUnixNanos(v); }
  explicit Value(base::CalendarTime v) : kind_(Kind::kCalendarTime) { as_.integer = v.time_since_epoch().count(); }
  explicit Value(base::Duration v) : kind_(Kind::kInterval) { as_.integer = v.count(); }
  explicit Value(std::string_view v) : kind_(Kind::kText) { as_.text = {v.data(), v.size()}; }
  explicit Value(const std::string& v) : Value(std::string_view(v)) {}
  explicit Value(const Uid& v) : Value(v.view()) {}
  explicit Value(const Enum& v) : Value(v.word) {}
  explicit Value(const Port& v) : Value(v.number) {}
  explicit Value(const IpAddress& v) : kind_(Kind::kAddress) { as_.address = &v; }
  template <typename T>
  explicit Value(const std::optional<T>& v) : Value(v ? Value(*v) : Value()) {}
  template <typename T>
  explicit Value(const std::vector<T>& v) : kind_(Kind::kList) {
    as_.list = {&v, v.size(),
                [](const void* items, size_t i) { return Value((*static_cast<const std::vector<T>*>(items))[i]); }};
  }
  template <typename T>
  explicit Value(const Set<T>& v) : Value(v.items) {}

  Kind kind() const { return kind_; }
  bool boolean() const { return as_.boolean; }
  uint64_t count() const { return as_.count; }  // counts and ports
  // Integers; nanoseconds of times and intervals, seconds of calendar times.
  int64_t integer() const { return as_.integer; }
  double real() const { return as_.real; }
  std::string_view text() const { return {as_.text.data, as_.text.size}; }
  const IpAddress& address() const { return *as_.address; }
  const List& list() const { return as_.list; }

 private:
  Kind kind_ = Kind::kUnset;
  union {
    bool boolean;
    uint64_t count;
    int64_t integer;
    double real;
    struct {
      const char* data;
      size_t size;
    } text;
    const IpAddress* address;
    List list;
  } as_{};
};

struct Column {
  std::string_view name;
  ColumnType type;
  Container container = Container::kNone;
  std::string_view unit;  // "bytes", "packets"; empty where there is none
  std::string_view help;
  Value (*get)(const void* record) = nullptr;
  // Of a column that is no member: works the text out when somebody wants it (empty: unset), and get is
  // null. Only Quaywatch's own JSON has such columns; Zeek's formats stay Zeek's.
  std::string (*derive)(const void* record) = nullptr;
  // It says in a word or two what the originator wanted: a method, a name, a path. A text.
  bool asks = false;
  // Zeek has no such column: its formats show it only where the ends of connections are named.
  bool own = false;
};

inline Column Asks(Column column) {
  column.asks = true;
  return column;
}

inline Column Own(Column column) {
  column.own = true;
  return column;
}

// The column's type as Zeek writes it: "count", "set[string]", "vector[interval]".
std::string TypeText(const Column& column);

// A log: its name, what it is about, its columns in writing order.
class Schema {
 public:
  Schema(std::string_view name, std::string_view help, std::vector<Column> columns);
  Schema(const Schema&) = delete;
  Schema& operator=(const Schema&) = delete;

  std::string_view name() const { return name_; }
  std::string_view help() const { return help_; }
  const std::vector<Column>& columns() const { return columns_; }
  // Is it about connections, so that its two ends can be named?
  bool has_ends() const { return has_ends_; }

 private:
  std::string_view name_;
  std::string_view help_;
  std::vector<Column> columns_;
  bool has_ends_;
};

// Copies a record of one type.
using Clone = std::shared_ptr<const void> (*)(const void* record);

// Where records go. Write copies what it needs before it returns.
class RecordSink {
 public:
  virtual ~RecordSink() = default;
  // `clone` makes a copy for a sink that must keep the record for later.
  virtual void Write(const Schema& schema, const void* record, Clone clone) = 0;
  // Writes the record unless one of this schema with the same key was written within `window` of
  // packet time. The outcome is the same whatever the number of workers.
  virtual void WriteOnce(const Schema& schema, std::shared_ptr<const void> record, std::string key,
                         base::Duration window) = 0;
};

// `schema` is one of R's.
template <typename R>
void Write(RecordSink& sink, const Schema& schema, const R& record) {
  sink.Write(schema, &record, [](const void* original) -> std::shared_ptr<const void> {
    return std::make_shared<const R>(*static_cast<const R*>(original));
  });
}
template <typename R>
void Write(RecordSink& sink, const R& record) {
  Write(sink, R::Schema(), record);
}

// ---- declaring columns ---------------------------------------------------------------------------

namespace internal {

template <typename T>
struct TypeOf;
template <>
struct TypeOf<bool> {
  static constexpr ColumnType kType = ColumnType::kBool;
};
template <std::unsigned_integral T>
struct TypeOf<T> {
  static constexpr ColumnType kType = ColumnType::kCount;
};
template <std::signed_integral T>
struct TypeOf<T> {
  static constexpr ColumnType kType = ColumnType::kInt;
};
template <>
struct TypeOf<double> {
  static constexpr ColumnType kType = ColumnType::kDouble;
};
template <>
struct TypeOf<base::Timestamp> {
  static constexpr ColumnType kType = ColumnType::kTime;
};
template <>
struct TypeOf<base::CalendarTime> {
  static constexpr ColumnType kType = ColumnType::kTime;
};
template <>
struct TypeOf<base::Duration> {
  static constexpr ColumnType kType = ColumnType::kInterval;
};
template <>
struct TypeOf<std::string> {
  static constexpr ColumnType kType = ColumnType::kString;
};
template <>
struct TypeOf<std::string_view> {
  static constexpr ColumnType kType = ColumnType::kString;
};
template <>
struct TypeOf<Uid> {
  static constexpr ColumnType kType = ColumnType::kString;
};
template <>
struct TypeOf<Enum> {
  static constexpr ColumnType kType = ColumnType::kEnum;
};
template <>
struct TypeOf<IpAddress> {
  static constexpr ColumnType kType = ColumnType::kAddr;
};
template <>
struct TypeOf<Port> {
  static constexpr ColumnType kType = ColumnType::kPort;
};

template <typename T>
struct Shape : TypeOf<T> {
  static constexpr Container kContainer = Container::kNone;
};
template <typename T>
struct Shape<std::optional<T>> : Shape<T> {};
template <typename T>
struct Shape<std::vector<T>> : TypeOf<T> {
  static constexpr Container kContainer = Container::kVector;
};
template <typename T>
struct Shape<Set<T>> : TypeOf<T> {
  static constexpr Container kContainer = Container::kSet;
};

template <typename M>
struct MemberOf;
template <typename C, typename T>
struct MemberOf<T C::*> {
  using Class = C;
  using Type = T;
};

}  // namespace internal

// A column that shows one member of the record.
template <auto kMember>
Column Col(std::string_view name, std::string_view help, std::string_view unit = {}) {
  using Member = internal::MemberOf<decltype(kMember)>;
  using Shape = internal::Shape<typename Member::Type>;
  const auto get = [](const void* record) {
    return Value(static_cast<const typename Member::Class*>(record)->*kMember);
  };
  return {name, Shape::kType, Shape::kContainer, unit, help, get, nullptr};
}

// A column that shows a member of a member: Col<&R::request, &Request::uri>("uri", ...).
template <auto kOuter, auto kInner>
Column Col(std::string_view name, std::string_view help, std::string_view unit = {}) {
  using Outer = internal::MemberOf<decltype(kOuter)>;
  using Shape = internal::Shape<typename internal::MemberOf<decltype(kInner)>::Type>;
  const auto get = [](const void* record) {
    return Value(static_cast<const typename Outer::Class*>(record)->*kOuter.*kInner);
  };
  return {name, Shape::kType, Shape::kContainer, unit, help, get, nullptr};
}

// A text column that is derived from the whole record.
template <typename R, std::string (*kDerive)(const R&)>
Column DerivedCol(std::string_view name, std::string_view help) {
  Column column{name, ColumnType::kString, Container::kNone, {}, help, nullptr, nullptr};
  column.derive = [](const void* record) { return kDerive(*static_cast<const R*>(record)); };
  return column;
}

// The columns nearly every log begins with. REQUIRES: members ts, uid and id.
template <typename R>
std::vector<Column> ConnColumns() {
  return {Col<&R::ts>("ts", "When it happened, packet time"),
          Col<&R::uid>("uid", "Identifier of the connection, the same in all logs"),
          Col<&R::id, &FlowId::orig_h>("id.orig_h", "Address of the originator"),
          Col<&R::id, &FlowId::orig_p>("id.orig_p", "Port of the originator; the type for ICMP"),
          Col<&R::id, &FlowId::resp_h>("id.resp_h", "Address of the responder"),
          Col<&R::id, &FlowId::resp_p>("id.resp_p", "Port of the responder; the code for ICMP")};
}

inline void Append(std::vector<Column>& all, Column column) { all.push_back(column); }
inline void Append(std::vector<Column>& all, const std::vector<Column>& more) {
  all.insert(all.end(), more.begin(), more.end());
}

// Strings columns and groups of columns together in writing order.
template <typename... Parts>
std::vector<Column> Columns(Parts&&... parts) {
  std::vector<Column> all;
  (Append(all, std::forward<Parts>(parts)), ...);
  return all;
}

}  // namespace quaywatch::model
