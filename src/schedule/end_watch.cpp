#include "schedule/end_watch.h"

namespace tactus::schedule {

namespace {
// A seek back re-arms the warning; a speed that wavers around the limit doesn't.
constexpr double kRearmSeconds = 5;
}  // namespace

std::optional<double> seconds_left(const World& world, int deck) {
  const msg::DeckSnapshot& d = world.snapshot.decks[deck];
  if (d.track_id == 0 || !d.playing || d.loop_active || !(d.speed > 0) || !(d.length > 0)) return {};
  return (d.length - d.position) / (d.speed * world.map.rate());
}

std::vector<EndWatch::Warning> EndWatch::update(const World& world) {
  std::vector<Warning> warnings;
  for (int n = 0; n < msg::kMaxDecks; ++n) {
    Deck& deck = decks_[static_cast<std::size_t>(n)];
    const std::uint64_t track = world.snapshot.decks[n].track_id;
    if (deck.track != track) deck = {track, false};
    const std::optional<double> left = seconds_left(world, n);
    if (!left) continue;
    if (*left > warning_ + kRearmSeconds) deck.warned = false;
    if (*left > warning_ || deck.warned) continue;
    deck.warned = true;
    warnings.push_back({n, *left});
  }
  return warnings;
}

}  // namespace tactus::schedule
