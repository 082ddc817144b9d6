#include "io/audio/quiet_cerr.h"

#include <algorithm>
#include <iostream>
#include <iterator>
#include <mutex>
#include <streambuf>
#include <string_view>
#include <utility>

namespace tactus::io {

namespace {

// How the lines of RtAudio and RtMidi begin.
constexpr std::string_view kPrefixes[] = {"RtApi", "RtMidi", "MidiIn", "MidiOut"};
constexpr std::size_t kKept = 8192;  // characters; a driver that repeats itself must not fill the memory

bool begins_prefix(std::string_view text) {
  return std::any_of(std::begin(kPrefixes), std::end(kPrefixes),
                     [&](std::string_view p) { return p.starts_with(text); });
}
bool is_prefix(std::string_view text) {
  return std::find(std::begin(kPrefixes), std::end(kPrefixes), text) != std::end(kPrefixes);
}

// Characters wait only while they could still become a line of theirs: line feeds and a beginning of a prefix.
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
      // They wrap their lines in empty ones: one before, one after.
      at_line_start_ = swallow_blank_ = !dropping_;
      return;
    }
    if (at_line_start_ && begun_.empty() && c == '\n') {
      if (!std::exchange(swallow_blank_, false)) held_ += c;
      return;
    }
    begun_ += c;
    if (at_line_start_ && begins_prefix(begun_)) {
      held_ += c;
      if (is_prefix(begun_)) {
        if (kept_.size() < kKept) kept_ += begun_;
        held_.clear();
        begun_.clear();
        dropping_ = true;
      }
      return;
    }
    to_->sputn(held_.data(), static_cast<std::streamsize>(held_.size()));
    to_->sputc(c);
    held_.clear();
    begun_.clear();
    swallow_blank_ = false;
    at_line_start_ = c == '\n';
  }

  std::streambuf* to_;
  std::mutex mutex_;
  std::string held_, kept_;
  std::string begun_;  // of a prefix, at the end of held_
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
