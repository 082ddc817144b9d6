#include "session/record_part.h"

#include <filesystem>

namespace tactus::session {

std::unique_ptr<RecordPart> RecordPart::start(const RecordOptions& options, Session& session, std::string* error) {
  const SampleRate rate = session.options().rate;
  std::unique_ptr<RecordPart> part(new RecordPart(rate));
  rt::StreamRing* rings[rt::kStreams] = {};
  for (int s = 0; s < rt::kStreams; ++s) rings[s] = session.host().stream(s);
  part->recorder_ = Recorder::start(
      options, rings, rate,
      [p = part.get()](const std::string& text) {
        const std::lock_guard lock(p->mutex_);
        p->notices_.push_back(text);
      },
      error);
  if (!part->recorder_) return nullptr;
  return part;
}

void RecordPart::after_tick(const Session& session, const std::function<void(const std::string&)>& notice) {
  const schedule::World& world = session.world();
  const std::int64_t leaves = world.snapshot.frame + latency_;
  for (std::size_t d = 0; d < marked_.size(); ++d) {
    const msg::DeckSnapshot& deck = world.snapshot.decks[d];
    if (deck.track_id == 0 || !deck.audible || deck.track_id == marked_[d]) continue;
    marked_[d] = deck.track_id;
    recorder_->mark(leaves, static_cast<int>(d), std::filesystem::path(world.decks[d].path).stem().string());
  }
  recorder_->told_until(leaves);
  tell(notice);
}

void RecordPart::finish(const std::function<void(const std::string&)>& notice) {
  recorder_.reset();
  tell(notice);
}

void RecordPart::tell(const std::function<void(const std::string&)>& notice) {
  std::vector<std::string> texts;
  {
    const std::lock_guard lock(mutex_);
    texts.swap(notices_);
  }
  for (const std::string& text : texts) notice(text);
}

}  // namespace tactus::session
