#include "session/track_sources.h"

namespace tactus::session {

void BlockingSource::open(const std::string& path, SampleRate rate, std::function<void(OpenedTrack)> done) {
  auto track = cache_.open(path, static_cast<int>(rate.hz));
  if (track) {
    const media::Status whole = cache_.ensure(track.value(), 0, track.value()->table().frames());
    if (!whole) track = whole.error();
  }
  std::optional<analysis::TrackAnalysis> analysis;
  if (track) {
    // A track that can be played but not analysed (too short, say) plays without a grid.
    auto found = analyses_.get(path, media::Lane::normal);
    if (found) analysis = std::move(found.value());
  }
  done({std::move(track), std::move(analysis)});
}

void LiveSource::open(const std::string& path, SampleRate rate, std::function<void(OpenedTrack)> done) {
  // What is known comes first, so that the deck stands at its cue or at the first sound, with a grid.
  auto cues = std::make_shared<analysis::StoredCues>();
  analyses_.known(
      path, [cues](analysis::StoredCues stored) { *cues = std::move(stored); },
      [this, path, rate, cues, done = std::move(done)](media::Result<analysis::TrackAnalysis> found) mutable {
        std::optional<analysis::TrackAnalysis> known;
        if (found) known = std::move(found.value());
        const double start = cues->cues.cue.value_or(known ? known->first_sound : 0);
        cache_.open(
            path, static_cast<int>(rate.hz), static_cast<std::int64_t>(start * rate.hz),
            [done = std::move(done), cues, known = std::move(known)](media::Result<media::TrackPtr> track) mutable {
              done({std::move(track), std::move(known), std::move(*cues)});
            });
      });
}

void LiveSource::analyse(const std::string& path, Analysed done) {
  analyses_.get(
      path, media::Lane::normal,
      [done](media::Result<analysis::TrackAnalysis> found) {
        if (found) done(std::move(found.value()), true);
      },
      {}, [done](analysis::TrackAnalysis early) { done(std::move(early), false); });
}

}  // namespace tactus::session
