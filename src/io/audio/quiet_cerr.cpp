#include "io/audio/quiet_cerr.h"

#include <iostream>
#include <mutex>
#include <streambuf>
#include <string_view>
#include <utility>

namespace tactus::io {

namespace {

constexpr std::string_view kPrefix = "RtApi";
constexpr std::size_t kKept = 8192;  // characters; a driver that repeats itself must not fill the memory

// Characters wait only while they could still become a line of RtAudio's: line feeds and a beginning of the prefix.
class Filter final : public std::streambuf {
 public:
  explicit Filter(std::streambuf* to) : to_(to) {}

  std::string take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(kept_, {});
  }

 protected:
  int_type overflow(int_type c) override {
    if (traits_type::eq_int_type(c, traits_type::eof())) return traits_type::not_eof(c);
    const std::lock_guard lock(mutex_);
    put(traits_type::to_char_type(c));
    return c;
  }
  std::streamsize xsputn(const char* text, std::streamsize n) override {
    const std::lock_guard lock(mutex_);
    for (std::streamsize i = 0; i < n; ++i) put(text[i]);
    return n;
  }
  int sync() override {
    const std::lock_guard lock(mutex_);
    return to_->pubsync();
  }

 private:
  void put(char c) {
    if (dropping_) {
      if (kept_.size() < kKept) kept_ += c;
      dropping_ = c != '\n';
      // RtAudio wraps its lines in empty ones: one before, one after.
      at_line_start_ = swallow_blank_ = !dropping_;
      return;
    }
    if (at_line_start_ && matched_ == 0 && c == '\n') {
      if (!std::exchange(swallow_blank_, false)) held_ += c;
      return;
    }
    if (at_line_start_ && c == kPrefix[matched_]) {
      held_ += c;
      if (++matched_ == kPrefix.size()) {
        if (kept_.size() < kKept) kept_ += kPrefix;
        held_.clear();
        matched_ = 0;
        dropping_ = true;
      }
      return;
    }
    to_->sputn(held_.data(), static_cast<std::streamsize>(held_.size()));
    to_->sputc(c);
    held_.clear();
    matched_ = 0;
    swallow_blank_ = false;
    at_line_start_ = c == '\n';
  }

  std::streambuf* to_;
  std::mutex mutex_;
  std::string held_, kept_;
  std::size_t matched_ = 0;  // characters of the prefix at the end of held_
  bool at_line_start_ = true, dropping_ = false, swallow_blank_ = false;
};

Filter& filter() {
  // Never destroyed: std::cerr is used until the very end.
  static Filter* const only = [] {
    auto* made = new Filter(std::cerr.rdbuf());
    std::cerr.rdbuf(made);
    return made;
  }();
  return *only;
}

}  // namespace

void quiet_cerr() { filter(); }

std::string take_quieted() { return filter().take(); }

}  // namespace tactus::io
