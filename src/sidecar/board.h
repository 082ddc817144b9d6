// The StateBoard: all that a client may see of a running engine, one struct in memory that the engine writes and
// anybody it is handed to can only read. The engine never looks who reads: a frozen reader costs nothing.
//
// The memory is a memfd, sealed against shrinking and against any writable mapping but the engine's own
// (F_SEAL_FUTURE_WRITE), so a client can neither crash a reader nor forge a state. A client gets it with the answer to
// its hello. What lies where is told by fields(): clients in any language read by name, not by offset.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.h"
#include "lockfree/seqlock.h"

namespace tactus::sidecar {

constexpr std::uint32_t kBoardVersion = 8;
constexpr int kBoardDecks = 4;
constexpr int kBoardHotcues = 16;
// An engine that hasn't written for so long doesn't answer: a client that looks ten times a second says so within half
// a second.
constexpr std::int64_t kSilentNs = 400'000'000;
// What clients may keep of the library, and read again when the engine says so.
enum class LibraryKind : std::uint8_t { analyses, recordings, mappings };
constexpr std::string_view kLibraryKinds[] = {"analyses", "recordings", "mappings"};

struct BoardDeck {
  char path[512];               // UTF-8; empty: no track. Cut at a character's end if longer
  char trouble[512];            // why its audio can't be had, by file and cause; empty: all is well
  double position, length;      // seconds of the track
  double speed;                 // track seconds a second, signed
  double bpm, grid_bpm;         // sounding, and the track's own; 0 without a grid
  double beat;                  // of the track
  double loop_start, loop_end;  // seconds; negative: none
  double cue;                   // seconds; negative: none
  double hotcues[kBoardHotcues];
  double tempo, key;                    // percent, semitones: as set
  float trim, eq_low, eq_mid, eq_high;  // dB; -200: killed
  float filter, fader;
  float peak_left, peak_right;  // dB, pre-fader; highest of the last 50 to 100 ms
  std::uint8_t playing, audible, looping, slip, keylock, reverse, previewing, stems;
  std::uint8_t stems_muted;  // a bit each: vocals, drums, bass, other
  std::uint8_t sync;         // off, tempo, beat, bar, phrase
  std::uint8_t stretch;      // as asked for: r3, r3long, r2, direct
  std::uint8_t stretching;   // as it is done now: less than that while the machine can't keep up
  std::uint8_t source;       // silent, direct, voice
  std::uint32_t fallbacks, late_chunks;
};

struct BoardPending {
  char text[96], source[32];
  double beat;
  std::uint64_t id;
};

struct BoardState {
  std::uint32_t version, size;  // of this layout
  std::uint64_t epoch;          // another one for each start of the engine
  std::int64_t heartbeat_ns;    // CLOCK_MONOTONIC at the last write
  std::int64_t pid;
  std::uint64_t library_revision;  // grows when clients should read something of the library again: what, say
  std::uint64_t library[std::size(kLibraryKinds)];  // the revisions of its kinds
  std::int64_t frame;                               // of the session
  double rate;                                      // frames a second
  double latency;                                   // seconds from the engine's frame to the sound
  double beat, bpm, bar, phrase;                    // beats; bar and phrase: their lengths
  std::int32_t leader;                              // deck whose tempo the clock takes, from 1; 0: none
  std::int32_t link_peers;                          // others in Ableton Link's session; -1: Link is off
  std::int32_t midi_devices;                        // that are open, the virtual port not counted; -1: MIDI is off
  std::uint32_t on_device;                          // 0: the device is gone, the set goes on unheard
  std::uint32_t held;                               // 1: the whole set stands still
  std::uint32_t recording;                          // 1: a recording runs
  std::uint32_t awake;  // what is kept from happening while it plays: 1 suspend, 2 a closed lid's, 4 blanking
  char device[96];
  std::uint64_t xruns, blocks;
  std::uint64_t late_periods;                                        // of a device that had lost the engine: silent
  std::uint64_t degraded;                                            // steps down in stretching quality
  double cpu_mean, cpu_worst;                                        // share of the deadline, the callback's
  std::uint64_t midi_sent, midi_dropped;                             // messages; either way, for want of room
  double midi_late_median_ms, midi_late_p99_ms, midi_late_worst_ms;  // of timed messages, the last thousand
  double midi_clock_bpm, midi_clock_jitter_ms;                       // of the clock that comes in; 0: none does
  float master_left, master_right;                                   // dB, before the limiter; as those
  float master;                                                      // dB, as set
  float reduction;                                                   // dB that the limiter takes away
  float crossfader;
  std::uint32_t bypassed_nodes, clients;
  std::uint64_t intents, refused;                  // since the start
  std::uint64_t throttled, malformed;              // messages turned away before they were looked at, or that were none
  std::uint64_t journal_late, journal_lost;        // lines that were with the system later than 50 ms, or never
  double journal_worst_ms, journal_disk_worst_ms;  // from an outcome until the system, and the disk, had its line
  std::uint32_t journal_troubled;                  // 1: its disk is full, gone or doesn't answer; lines are kept
  std::uint32_t library_role;                      // session::KeeperState::Role: who may write the library just now
  char library_says[160];                          // UTF-8: its name, or why nobody can
  std::uint32_t notices;                           // plain sentences for the user so far, and the last of them
  std::int64_t notice_ns;                          // CLOCK_MONOTONIC when it was said; 0: none yet
  char notice[256];                                // UTF-8
  std::uint32_t pending_count;
  BoardPending pending[8];  // the next
  BoardDeck decks[kBoardDecks];
};
static_assert(std::is_trivially_copyable_v<BoardState>);

// One value of the board. Names are paths: "deck/1/position".
struct BoardField {
  enum class Type : std::uint8_t { u8, u32, i32, u64, i64, f32, f64, text };
  std::string name;
  Type type;
  std::uint32_t offset, size;  // bytes in BoardState
};
std::span<const BoardField> board_fields();
const BoardField* board_field(std::string_view name);
// A field of a state as a number (texts: 0) and as text (numbers in the shortest form that reads back).
double board_number(const BoardState& state, const BoardField& field);
std::string board_text(const BoardState& state, const BoardField& field);
// The kinds of which there is more, or other, in `now` than there was in `then`; all of them for another engine
// (epoch).
std::vector<std::string_view> library_changes(const BoardState& then, const BoardState& now);
// {"version": 1, "fields": [["deck/1/position", "f64", 1234], ...], "words_at": 64}: for readers in other languages.
std::string board_layout_json();

using Board = lockfree::SeqLock<BoardState>;

// The engine's side. Not realtime-safe; the control thread's.
class BoardWriter {
 public:
  // Null, and a plain sentence in `error`, where the system has no sealed memory.
  static std::unique_ptr<BoardWriter> create(std::string* error);
  ~BoardWriter();
  BoardWriter(const BoardWriter&) = delete;
  BoardWriter& operator=(const BoardWriter&) = delete;

  void write(const BoardState& state) { board_->write(state); }
  int fd() const { return fd_.get(); }

 private:
  BoardWriter(UniqueFd fd, Board* board) : fd_(std::move(fd)), board_(board) {}
  UniqueFd fd_;
  Board* board_;
};

// A client's side. Any thread.
class BoardReader {
 public:
  // Maps what came with the answer to a hello. Null when it isn't a board that this build understands.
  static std::unique_ptr<BoardReader> map(UniqueFd fd, std::string* error);
  ~BoardReader();
  BoardReader(const BoardReader&) = delete;
  BoardReader& operator=(const BoardReader&) = delete;

  // Nothing when the engine was in the way (or died amid a write): keep what you have.
  std::optional<BoardState> read() const { return board_->read(); }
  // Whether the engine has written within the last kSilentNs.
  bool alive() const;

 private:
  explicit BoardReader(const Board* board) : board_(board) {}
  const Board* board_;
};

// CLOCK_MONOTONIC.
std::int64_t monotonic_ns();

}  // namespace tactus::sidecar
