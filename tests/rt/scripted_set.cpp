#include "scripted_set.h"

#include "engine_set.h"

namespace tactus::test {

std::vector<SetEntry> scripted_sets() {
  std::vector<SetEntry> sets = planted_sets();
  sets.push_back({"engine", "four decks, feeders, every command, parameter and effect", make_engine_set});
  return sets;
}

}  // namespace tactus::test
