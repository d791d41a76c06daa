// SPDX-License-Identifier: Apache-2.0
//
// Errors of the outside world (files, sockets, configuration): a value or a message for a person.
// Hostile bytes are never an Error: they are a weird or a counter. Our own mistakes are assert()s.
#pragma once

#include <expected>
#include <string>
#include <utility>

namespace quaywatch::base {

// One line for a person: what failed, where, and what can be done about it.
struct Error {
  std::string message;
};

template <typename T = void>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> Fail(std::string message) { return std::unexpected(Error{std::move(message)}); }

}  // namespace quaywatch::base
