#include "session/record_part.h"

#include <filesystem>
#include <utility>

namespace tactus::session {

namespace {
// From which a recording that begins amid a set has every stream: time for its files to be made.
constexpr double kMarkAheadSeconds = 0.05;
}  // namespace

std::unique_ptr<RecordPart> RecordPart::start(const RecordOptions& options, Session& session, std::string* error) {
  std::unique_ptr<RecordPart> part(new RecordPart(options, session.options().rate));
  if (!options.on) return part;
  session.wish_record(true);
  part->recorder_ = part->make(session.host(), error);
  return part->recorder_ ? std::move(part) : nullptr;
}

RecordPart::~RecordPart() {
  if (turner_.joinable()) turner_.join();
}

std::unique_ptr<Recorder> RecordPart::make(ctl::EngineHost& host, std::string* error) {
  rt::StreamRing* rings[rt::kStreams] = {};
  for (int s = 0; s < rt::kStreams; ++s) rings[s] = host.stream(s);
  const auto from = [this, &host] {
    const std::int64_t now = host.frame();
    const std::int64_t ahead = now + latency_ + rate_.frames(Seconds{kMarkAheadSeconds}).v;
    return now == 0 ? INT64_MIN : ahead / rt::kGrid * rt::kGrid;
  };
  const auto notice = [this](const std::string& text) {
    const std::lock_guard lock(mutex_);
    notices_.push_back(text);
  };
  return Recorder::start(options_, rings, rate_, from, notice, error);
}

void RecordPart::after_tick(Session& session, const Notice& notice) {
  turn(session, notice);
  if (recording()) mark(session);
  tell(notice);
}

// Towards what is wanted.
void RecordPart::turn(Session& session, const Notice& notice) {
  if (turner_.joinable()) {
    if (!turned_.load()) return;
    turner_.join();
    recorder_ = std::move(made_);
    if (!error_.empty()) {
      session.wish_record(false);
      notice(std::exchange(error_, {}));
    } else {
      notice(recorder_ ? "Recording into " + options_.folder.string() + "." : "The recording has ended.");
    }
  }
  if (session.record_wish() == recording()) return;
  turned_.store(false);
  marked_ = {};
  turner_ = std::thread([this, host = &session.host(), old = std::move(recorder_)]() mutable {
    if (old) {
      old.reset();
    } else {
      made_ = make(*host, &error_);
    }
    turned_.store(true);
  });
}

void RecordPart::mark(const Session& session) {
  const schedule::World& world = session.world();
  const std::int64_t leaves = world.snapshot.frame + latency_;
  for (std::size_t d = 0; d < marked_.size(); ++d) {
    const msg::DeckSnapshot& deck = world.snapshot.decks[d];
    if (deck.track_id == 0 || !deck.audible || deck.track_id == marked_[d]) continue;
    marked_[d] = deck.track_id;
    recorder_->mark(leaves, static_cast<int>(d), std::filesystem::path(world.decks[d].path).stem().string());
  }
  recorder_->told_until(leaves);
}

void RecordPart::finish(const Notice& notice) {
  if (turner_.joinable()) turner_.join();
  made_.reset();
  recorder_.reset();
  tell(notice);
}

void RecordPart::tell(const Notice& notice) {
  std::vector<std::string> texts;
  {
    const std::lock_guard lock(mutex_);
    texts.swap(notices_);
  }
  for (const std::string& text : texts) notice(text);
}

}  // namespace tactus::session
