// A running set as a mapper sees it, made of whatever a test says it is.
#pragma once

#include <map>
#include <string>

#include "io/midi/mapper.h"
#include "schedule/parse.h"

namespace tactus::io::test {

class FakeView : public MapperView {
 public:
  // Fields get a number when they are first asked for.
  int find(std::string_view name) {
    if (!name.starts_with("deck/") && !name.starts_with("master") && name != "crossfader") return -1;
    const auto [at, is_new] = numbers_.try_emplace(std::string(name), static_cast<int>(values_.size()));
    if (is_new) values_.push_back(0);
    return at->second;
  }
  FieldFinder finder() {
    return [this](std::string_view name) { return find(name); };
  }
  void set(std::string_view name, double value) { values_[static_cast<std::size_t>(find(name))] = value; }

  double field(int f) const override { return values_.at(static_cast<std::size_t>(f)); }
  std::optional<double> setting(const schedule::Intent& intent) const override {
    const auto found = settings.find(schedule::address_text(intent));
    return found == settings.end() ? std::nullopt : std::optional(found->second);
  }

  std::map<std::string, double> settings;  // by address

 private:
  std::map<std::string, int> numbers_;
  std::vector<double> values_;
};

}  // namespace tactus::io::test
