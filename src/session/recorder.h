// Records a running set: master, cue bus and each deck, each into files of its own, all on one time line, so that files
// of the same part begin and end with the same frame. docs/recording.md is the user's side of it.
//
// The audio thread fills bounded rings and never waits (engine/rt/stream_tap.h); one thread here empties them into
// files. When the disk can't keep up, what was missed is silence of the same length, and is counted; when it is full,
// files are closed as they are, and new ones begin once there is room. The music goes on in any case.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "engine/rt/stream_tap.h"
#include "session/record_file.h"

namespace tactus::session {

struct RecordOptions {
  std::filesystem::path folder;
  std::uint32_t streams = 1u << rt::kStreamMaster;  // bits by rt::Stream
  RecordFile::Options file = {};
  double split_minutes = 0;      // 0: not by time
  bool split_at_tracks = false;  // a new part where a track begins to be heard
  std::string name = {};         // files are called NAME_master.flac; empty: date and time
  bool on = false;               // from the start
};

// "master,cue,decks" or "deck2"; "minutes:60", "tracks", "no"; "flac", "wav". False, and a sentence in `error`.
bool parse_record_what(const std::string& text, int decks, RecordOptions* options, std::string* error);
bool parse_record_split(const std::string& text, RecordOptions* options, std::string* error);
bool parse_record_format(const std::string& text, RecordOptions* options, std::string* error);

class Recorder {
 public:
  using Notice = std::function<void(const std::string&)>;

  // `rings`: by rt::Stream; those of options.streams must be there, and outlive this. `notice`: plain sentences, on the
  // recorder's thread. `from`: asked once the files are there: the first output frame that is wanted, a little ahead of
  // what is being rendered, or INT64_MIN before anything is. Blocks on the disk. Null, and a plain sentence in `error`,
  // when the first files can't be made.
  static std::unique_ptr<Recorder> start(const RecordOptions& options, rt::StreamRing* const* rings, SampleRate rate,
                                         const std::function<std::int64_t()>& from, Notice notice, std::string* error);
  // Writes what is in the rings, and completes the files.
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  // --- the control thread ---

  // A track began to be heard on a deck at this output frame; the files of the master, the cue and that deck say so.
  void mark(std::int64_t frame, int deck, const std::string& name);
  // All marks before this output frame were told; the recorder writes no further than that, so that it can still split
  // there (unless it hears nothing for two seconds).
  void told_until(std::int64_t frame) { told_.store(frame, std::memory_order_release); }

  // Any thread: frames of silence in place of what was missed, in all streams.
  std::int64_t missed() const { return missed_.load(std::memory_order_relaxed); }

 private:
  struct Stream;
  struct Mark {
    std::int64_t frame;
    int deck;
    std::string name;
  };

  Recorder(const RecordOptions& options, SampleRate rate, Notice notice);
  void run();
  void round(bool last);
  void take_marks();
  std::int64_t horizon(bool last) const;
  bool begin_stream(Stream& s);
  void write_until(Stream& s, std::int64_t limit);
  void put(Stream& s, const float* left, const float* right, std::int64_t frames);
  void flush(Stream& s);
  std::int64_t next_split(const Stream& s) const;
  std::string begin_file(Stream& s);
  void end_file(Stream& s);
  void secure(Stream& s);
  void trouble(Stream& s, const std::string& why);
  void update_marks(Stream& s);
  void tell_missed();

  const RecordOptions options_;
  const SampleRate rate_;
  const Notice notice_;
  std::vector<std::unique_ptr<Stream>> streams_;
  std::vector<Mark> marks_;           // the recorder's
  std::vector<std::int64_t> splits_;  // at tracks, ascending
  std::int64_t from_ = INT64_MIN;
  bool in_trouble_ = false;
  std::int64_t told_missed_ = 0;

  std::mutex mutex_;
  std::vector<Mark> incoming_;
  std::atomic<std::int64_t> told_{INT64_MIN}, missed_{0};
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace tactus::session
