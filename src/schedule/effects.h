// What the scheduler must know of the effects: their names, and their parameters' names, ranges and places.
// An interface, so that the effects built into a program decide and this folder need not know them.
#pragma once

#include <span>
#include <string_view>

namespace tactus::schedule {

struct EffectParam {
  std::string_view name;  // as in an address
  std::string_view unit;
  double min = 0, max = 1, initial = 0;
};

struct EffectType {
  std::string_view name;
  std::span<const EffectParam> params;  // a parameter's place here is msg::Command::sub
};

class EffectCatalog {
 public:
  virtual ~EffectCatalog() = default;
  virtual std::span<const EffectType> effects() const = 0;

  // Null when there is none of that name.
  const EffectType* find(std::string_view name) const {
    for (const EffectType& e : effects())
      if (e.name == name) return &e;
    return nullptr;
  }
};

}  // namespace tactus::schedule
