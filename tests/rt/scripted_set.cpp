#include "scripted_set.h"

namespace tactus::test {

// A set of the real engine is one more row here.
std::vector<SetEntry> scripted_sets() { return planted_sets(); }

}  // namespace tactus::test
