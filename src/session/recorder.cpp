#include "session/recorder.h"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <utility>

namespace tactus::session {
namespace {

constexpr auto kWriteEvery = std::chrono::milliseconds(50);
constexpr double kSecureSeconds = 0.8;  // between refreshed headers: with a round and a sync below a second
constexpr double kRetrySeconds = 1;
constexpr double kDeafSeconds = 2;               // without word from the control thread it is waited for no more
constexpr double kLeastPartSeconds = 10;         // two tracks that come in together are one split
constexpr std::uintmax_t kLeastRoom = 64 << 20;  // bytes on the disk, to begin again
constexpr std::size_t kBatch = 4096;             // frames a write

std::string stream_name(int stream) {
  if (stream == rt::kStreamMaster) return "master";
  if (stream == rt::kStreamCue) return "cue";
  return "deck" + std::to_string(stream - rt::kStreamDeck + 1);
}

std::string time_name() {
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  ::localtime_r(&now, &local);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%d_%H-%M-%S", &local);
  return text;
}

// mm:ss:ff of 75 frames a second, as on a compact disc.
std::string cue_time(std::int64_t frame, double rate) {
  const auto at = static_cast<std::int64_t>(static_cast<double>(frame) * 75 / rate);
  char text[40];
  std::snprintf(text, sizeof text, "%02lld:%02lld:%02lld", static_cast<long long>(at / 4500),
                static_cast<long long>(at / 75 % 60), static_cast<long long>(at % 75));
  return text;
}

std::string quoted_in_sheet(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '"' || c == '\n' || c == '\r'; }, '\'');
  return "\"" + text + "\"";
}

// Whole or not at all.
void write_cue_sheet(const std::filesystem::path& audio, const std::vector<RecordMark>& marks, double rate) {
  std::filesystem::path path = audio, part = audio;
  path.replace_extension(".cue");
  part.replace_extension(".cue.part");
  {
    std::ofstream out(part);
    out << "FILE " << quoted_in_sheet(audio.filename().string()) << " WAVE\n";
    for (std::size_t i = 0; i < marks.size() && i < 99; ++i) {
      char number[16];
      std::snprintf(number, sizeof number, "%02zu", i + 1);
      out << "  TRACK " << number << " AUDIO\n    TITLE " << quoted_in_sheet(marks[i].name) << "\n    INDEX 01 "
          << cue_time(marks[i].frame, rate) << "\n";
    }
    if (!out.flush()) return;
  }
  std::error_code ignored;
  std::filesystem::rename(part, path, ignored);
}

}  // namespace

struct Recorder::Stream {
  int which = 0;
  rt::StreamRing* ring = nullptr;
  std::unique_ptr<RecordFile> file;  // null: none could be written
  std::filesystem::path path;
  int part = 0;
  bool begun = false;           // a block has come
  std::int64_t position = 0;    // the next output frame
  std::int64_t file_start = 0;  // the file's first
  std::int64_t secured = 0;     // the position at the last refresh, or try
  std::vector<float> batch;
  std::size_t marks = 0;  // of the recorder's, that the file knows
};

std::unique_ptr<Recorder> Recorder::start(const RecordOptions& options, rt::StreamRing* const* rings, SampleRate rate,
                                          const std::function<std::int64_t()>& from, Notice notice,
                                          std::string* error) {
  std::error_code code;
  std::filesystem::create_directories(options.folder, code);
  RecordOptions o = options;
  if (o.name.empty()) o.name = time_name();
  o.file.rate = static_cast<int>(rate.hz);
  std::unique_ptr<Recorder> recorder(new Recorder(o, rate, std::move(notice)));
  for (int s = 0; s < rt::kStreams; ++s) {
    if (!(options.streams >> s & 1)) continue;
    auto stream = std::make_unique<Stream>();
    stream->which = s;
    stream->ring = rings[s];
    const std::string why = recorder->begin_file(*stream);
    if (!why.empty()) {
      *error = "Nothing can be recorded into " + options.folder.string() + ": " + why;
      return nullptr;
    }
    recorder->streams_.push_back(std::move(stream));
  }
  if (from() != INT64_MIN) {
    // Nobody has listened until now: what is in the rings is the past, and keeps the present out of them.
    rt::StreamBlock past;
    for (auto& s : recorder->streams_) {
      while (s->ring->pop(past)) {
      }
    }
    recorder->from_ = from();
  }
  recorder->thread_ = std::thread([r = recorder.get()] { r->run(); });
  return recorder;
}

Recorder::Recorder(const RecordOptions& options, SampleRate rate, Notice notice)
    : options_(options), rate_(rate), notice_(std::move(notice)) {}

Recorder::~Recorder() {
  stop_.store(true);
  if (thread_.joinable()) thread_.join();
}

void Recorder::mark(std::int64_t frame, int deck, const std::string& name) {
  const std::lock_guard lock(mutex_);
  incoming_.push_back({frame, deck, name});
}

void Recorder::run() {
  ::pthread_setname_np(::pthread_self(), "tactus-record");
  while (!stop_.load()) {
    round(false);
    std::this_thread::sleep_for(kWriteEvery);
  }
  round(true);
  for (auto& s : streams_) end_file(*s);
}

void Recorder::round(bool last) {
  // What was told is looked at before its marks are taken, never after.
  const std::int64_t limit = horizon(last);
  take_marks();
  for (auto& stream : streams_) {
    Stream& s = *stream;
    if (!begin_stream(s)) continue;
    for (;;) {
      const std::int64_t split = next_split(s);
      write_until(s, std::min(limit, split));
      flush(s);
      if (s.position < split) break;
      end_file(s);
      const std::string why = begin_file(s);
      if (!why.empty()) trouble(s, why);
    }
    secure(s);
  }
  tell_missed();
}

std::int64_t Recorder::horizon(bool last) const {
  const std::int64_t told = told_.load(std::memory_order_acquire);
  std::int64_t newest = INT64_MIN, shared = INT64_MAX;
  for (const auto& s : streams_) {
    const std::size_t n = s->ring->readable();
    const rt::StreamBlock* block = n > 0 ? s->ring->peek(n - 1) : nullptr;
    if (block) newest = std::max(newest, block->frame);
    shared = std::min(shared, block ? block->frame + block->frames : s->position);
  }
  if (last) return shared;  // all end together
  if (newest == INT64_MIN) return told;
  return std::max(told, newest - static_cast<std::int64_t>(kDeafSeconds * rate_.hz));
}

void Recorder::take_marks() {
  std::vector<Mark> fresh;
  {
    const std::lock_guard lock(mutex_);
    fresh.swap(incoming_);
  }
  for (Mark& m : fresh) {
    const auto least = static_cast<std::int64_t>(kLeastPartSeconds * rate_.hz);
    const bool apart = splits_.empty() || m.frame >= splits_.back() + least;
    bool early = true;  // where every stream can still be split
    for (const auto& s : streams_) early = early && s->begun && m.frame >= std::max(s->position, s->file_start + least);
    if (options_.split_at_tracks && apart && early) splits_.push_back(m.frame);
    const auto at = std::upper_bound(marks_.begin(), marks_.end(), m.frame,
                                     [](std::int64_t frame, const Mark& other) { return frame < other.frame; });
    marks_.insert(at, std::move(m));
  }
  if (fresh.empty()) return;
  for (auto& s : streams_) update_marks(*s);
}

std::int64_t Recorder::next_split(const Stream& s) const {
  std::int64_t next = INT64_MAX;
  const auto at = std::upper_bound(splits_.begin(), splits_.end(), s.file_start);
  if (at != splits_.end()) next = *at;
  const std::int64_t every = std::llround(options_.split_minutes * 60 * rate_.hz);
  if (every > 0) next = std::min(next, (s.file_start / every + 1) * every);
  return next;
}

// --- Audio -----------------------------------------------------------------------------------------------------------

bool Recorder::begin_stream(Stream& s) {
  const rt::StreamBlock* block = s.begun ? nullptr : s.ring->read_slot();
  if (block) {
    s.begun = true;
    // One frame for all: what the decks have no sound for yet is silence.
    const std::int64_t here = block->frame < 2 * rate_.hz ? 0 : block->frame;
    s.position = s.file_start = s.secured = from_ == INT64_MIN ? here : from_;
  }
  return s.begun;
}

void Recorder::write_until(Stream& s, std::int64_t limit) {
  static const float silence[rt::kGrid] = {};
  while (const rt::StreamBlock* block = s.ring->read_slot()) {
    const std::int64_t end = block->frame + block->frames;
    if (end <= s.position) {
      s.ring->release();
      continue;
    }
    if (s.position >= limit) return;
    if (block->frame > s.position) {
      const std::int64_t gap = std::min(block->frame, limit) - s.position;
      if (s.position > 0) missed_.fetch_add(gap, std::memory_order_relaxed);
      for (std::int64_t done = 0; done < gap; done += rt::kGrid) {
        put(s, silence, silence, std::min<std::int64_t>(rt::kGrid, gap - done));
      }
      continue;
    }
    const std::int64_t from = s.position - block->frame;
    put(s, block->left + from, block->right + from, std::min(end, limit) - s.position);
    if (s.position == end) s.ring->release();
  }
}

void Recorder::put(Stream& s, const float* left, const float* right, std::int64_t frames) {
  for (std::int64_t i = 0; i < frames; ++i) {
    s.batch.push_back(left[i]);
    s.batch.push_back(right[i]);
  }
  s.position += frames;
  if (s.batch.size() >= 2 * kBatch) flush(s);
}

void Recorder::flush(Stream& s) {
  if (s.file && !s.batch.empty()) {
    const std::string why = s.file->write(s.batch);
    if (!why.empty()) trouble(s, why);
  }
  s.batch.clear();
}

// --- Files -----------------------------------------------------------------------------------------------------------

std::string Recorder::begin_file(Stream& s) {
  const bool parts = options_.split_minutes > 0 || options_.split_at_tracks;
  std::string why = "its name is taken";
  for (int tries = 0; tries < 1000 && !s.file; ++tries) {
    ++s.part;
    char number[16] = "";
    if (parts || s.part > 1) std::snprintf(number, sizeof number, "_%03d", s.part);
    const char* ending = options_.file.format == RecordFormat::wav ? ".wav" : ".flac";
    s.path = options_.folder / (options_.name + "_" + stream_name(s.which) + number + ending);
    std::error_code ignored;
    if (std::filesystem::exists(s.path, ignored)) continue;
    s.file = RecordFile::create(s.path.string(), options_.file, &why);
    if (s.file) break;
    std::filesystem::remove(s.path, ignored);  // empty, or half a header
    --s.part;
    return why;
  }
  if (!s.file) return why;
  s.file_start = s.secured = s.position;
  s.marks = 0;
  update_marks(s);
  return {};
}

void Recorder::end_file(Stream& s) {
  flush(s);
  if (!s.file) return;
  update_marks(s);
  const std::string why = s.file->finish();
  s.file.reset();
  if (!why.empty()) trouble(s, why);
}

void Recorder::secure(Stream& s) {
  const bool due = static_cast<double>(s.position - s.secured) >= kSecureSeconds * rate_.hz;
  if (s.file && due) {
    s.secured = s.position;
    const std::string why = s.file->secure();
    if (!why.empty()) trouble(s, why);
  } else if (!s.file && static_cast<double>(s.position - s.secured) >= kRetrySeconds * rate_.hz) {
    s.secured = s.position;
    // A disk that is all but full would be given one crumb of a file after the other.
    std::error_code unknown;
    const auto space = std::filesystem::space(options_.folder, unknown);
    if (!unknown && space.available < kLeastRoom) return;
    const std::string why = begin_file(s);
    const bool all = std::all_of(streams_.begin(), streams_.end(), [](const auto& other) { return !!other->file; });
    if (!why.empty() || !all) return;
    in_trouble_ = false;
    notice_("Recording goes on, in " + s.path.string() + ".");
  }
}

void Recorder::trouble(Stream& s, const std::string& why) {
  s.secured = s.position;
  if (s.file) (void)s.file->finish();
  s.file.reset();
  if (!std::exchange(in_trouble_, true)) {
    notice_("The recording stopped: " + why + ". What was recorded is kept in " + options_.folder.string() +
            ", the music goes on, and recording does once there is room.");
  }
}

void Recorder::update_marks(Stream& s) {
  std::vector<RecordMark> own;
  for (const Mark& m : marks_) {
    if (s.which >= rt::kStreamDeck && m.deck != s.which - rt::kStreamDeck) continue;
    const std::int64_t at = m.frame - s.file_start;
    if (at <= 0 && !own.empty() && own.back().frame == 0) own.pop_back();  // the one that plays when the part begins
    own.push_back({std::max<std::int64_t>(at, 0), m.name});
  }
  // A mark that lies behind the file's end is the next part's.
  const std::int64_t split = next_split(s);
  std::erase_if(own, [&](const RecordMark& m) { return m.frame + s.file_start >= split; });
  if (!s.file || own.size() == s.marks) return;
  s.marks = own.size();
  s.file->set_marks(own);
  if (options_.file.format == RecordFormat::flac) write_cue_sheet(s.path, own, rate_.hz);
}

void Recorder::tell_missed() {
  const std::int64_t missed = missed_.load(std::memory_order_relaxed);
  if (missed == told_missed_) return;
  char text[160];
  std::snprintf(text, sizeof text,
                "The disk was too slow for the recording: %.1f s of it are silence. The music wasn't touched.",
                static_cast<double>(missed - told_missed_) / rate_.hz);
  told_missed_ = missed;
  notice_(text);
}

}  // namespace tactus::session
