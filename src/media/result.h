// How media functions fail: a value or an Error that names the file and the cause, never an exception.
#pragma once

#include <string>
#include <utility>
#include <variant>

namespace tactus::media {

struct Error {
  std::string file;   // as the caller named it
  std::string cause;  // one plain sentence without the file's name, e.g. "the file is empty"
  std::string text() const { return file.empty() ? cause : file + ": " + cause; }
};

// Either a T or an Error. value() requires ok(), error() requires !ok().
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return ok(); }
  T& value() & noexcept { return *std::get_if<0>(&state_); }
  const T& value() const& noexcept { return *std::get_if<0>(&state_); }
  T&& value() && noexcept { return std::move(*std::get_if<0>(&state_)); }
  T* operator->() noexcept { return std::get_if<0>(&state_); }
  const T* operator->() const noexcept { return std::get_if<0>(&state_); }
  const Error& error() const noexcept { return *std::get_if<1>(&state_); }

 private:
  std::variant<T, Error> state_;
};

// Done, or why not.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Error error) : failed_(true), error_(std::move(error)) {}

  bool ok() const noexcept { return !failed_; }
  explicit operator bool() const noexcept { return ok(); }
  const Error& error() const noexcept { return error_; }

 private:
  bool failed_ = false;
  Error error_;
};

}  // namespace tactus::media
