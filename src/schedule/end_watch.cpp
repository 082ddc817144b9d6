#include "schedule/end_watch.h"

#include <cmath>

namespace tactus::schedule {

namespace {
// A seek back re-arms the warning; a speed that wavers around the limit doesn't.
constexpr double kRearmSeconds = 5;

// Track frames a session frame that a playing deck has or comes back to: a hand, a jog or a brake is not for long.
double lasting_speed(const World& world, int deck) {
  const msg::DeckSnapshot& d = world.snapshot.decks[deck];
  const double grid_bpm = world.decks[static_cast<std::size_t>(deck)].grid_bpm;
  if (d.sync == msg::SyncMode::off || grid_bpm <= 0) return d.tempo;
  double speed = world.snapshot.bpm / grid_bpm;  // at the power of two that is nearest to the track's own tempo
  while (speed > std::sqrt(2.0)) speed /= 2;
  while (speed > 0 && speed < std::sqrt(0.5)) speed *= 2;
  return speed;
}

}  // namespace

std::optional<double> seconds_left(const World& world, int deck) {
  const msg::DeckSnapshot& d = world.snapshot.decks[deck];
  if (d.track_id == 0 || !d.playing || d.loop_active || !(d.speed > 0) || !(d.length > 0)) return {};
  const double speed = lasting_speed(world, deck);
  if (!(speed > 0)) return {};
  return (d.length - d.position) / (speed * world.map.rate());
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
