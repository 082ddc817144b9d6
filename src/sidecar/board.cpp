#include "sidecar/board.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <map>
#include <vector>

namespace tactus::sidecar {

namespace {

template <typename T>
constexpr BoardField::Type type_of() {
  using Type = BoardField::Type;
  if constexpr (std::is_same_v<T, std::uint8_t>) return Type::u8;
  if constexpr (std::is_same_v<T, std::uint32_t>) return Type::u32;
  if constexpr (std::is_same_v<T, std::int32_t>) return Type::i32;
  if constexpr (std::is_same_v<T, std::uint64_t>) return Type::u64;
  if constexpr (std::is_same_v<T, std::int64_t>) return Type::i64;
  if constexpr (std::is_same_v<T, float>) return Type::f32;
  if constexpr (std::is_same_v<T, double>) return Type::f64;
}

// Finds the place of each member in an object that exists, so no offset is written down twice.
class Table {
 public:
  Table() {
    static BoardState s;
    base_ = reinterpret_cast<const char*>(&s);
    add("version", s.version), add("size", s.size), add("epoch", s.epoch), add("heartbeat_ns", s.heartbeat_ns);
    add("pid", s.pid), add("library_revision", s.library_revision), add("frame", s.frame), add("rate", s.rate);
    add("latency", s.latency), add("beat", s.beat), add("bpm", s.bpm), add("bar", s.bar), add("phrase", s.phrase);
    add("leader", s.leader), add("link_peers", s.link_peers), add("midi_devices", s.midi_devices),
        add("on_device", s.on_device), add("held", s.held), add("recording", s.recording), add("awake", s.awake),
        text("device", s.device), add("xruns", s.xruns);
    add("blocks", s.blocks), add("late_periods", s.late_periods), add("degraded", s.degraded),
        add("cpu_mean", s.cpu_mean), add("cpu_worst", s.cpu_worst);
    add("midi_sent", s.midi_sent), add("midi_dropped", s.midi_dropped);
    add("midi_late_median_ms", s.midi_late_median_ms), add("midi_late_p99_ms", s.midi_late_p99_ms);
    add("midi_late_worst_ms", s.midi_late_worst_ms);
    add("midi_clock_bpm", s.midi_clock_bpm), add("midi_clock_jitter_ms", s.midi_clock_jitter_ms);
    add("master_left", s.master_left), add("master_right", s.master_right), add("master", s.master);
    add("reduction", s.reduction);
    add("crossfader", s.crossfader), add("bypassed_nodes", s.bypassed_nodes), add("clients", s.clients);
    add("intents", s.intents), add("refused", s.refused), add("throttled", s.throttled), add("malformed", s.malformed),
        add("pending_count", s.pending_count);
    add("journal_late", s.journal_late), add("journal_lost", s.journal_lost);
    add("journal_worst_ms", s.journal_worst_ms), add("journal_disk_worst_ms", s.journal_disk_worst_ms);
    add("journal_troubled", s.journal_troubled);
    add("library_role", s.library_role), text("library_says", s.library_says);
    add("notices", s.notices), add("notice_ns", s.notice_ns), text("notice", s.notice);
    for (std::size_t k = 0; k < std::size(kLibraryKinds); ++k) {
      add("library/" + std::string(kLibraryKinds[k]), s.library[k]);
    }
    for (int i = 0; i < 8; ++i) {
      const std::string at = "pending/" + std::to_string(i + 1) + "/";
      text(at + "text", s.pending[i].text), text(at + "source", s.pending[i].source);
      add(at + "beat", s.pending[i].beat), add(at + "id", s.pending[i].id);
    }
    for (int d = 0; d < kBoardDecks; ++d) deck("deck/" + std::to_string(d + 1) + "/", s.decks[d]);
  }
  std::vector<BoardField> fields;

 private:
  template <typename T>
  void add(const std::string& name, const T& member) {
    put(name, type_of<T>(), &member, sizeof member);
  }
  template <std::size_t N>
  void text(const std::string& name, const char (&member)[N]) {
    put(name, BoardField::Type::text, member, N);
  }
  void put(const std::string& name, BoardField::Type type, const void* at, std::size_t size) {
    fields.push_back({name, type, static_cast<std::uint32_t>(static_cast<const char*>(at) - base_),
                      static_cast<std::uint32_t>(size)});
  }
  void deck(const std::string& at, const BoardDeck& d) {
    text(at + "path", d.path), text(at + "trouble", d.trouble), add(at + "position", d.position),
        add(at + "length", d.length);
    add(at + "speed", d.speed), add(at + "bpm", d.bpm), add(at + "grid_bpm", d.grid_bpm), add(at + "beat", d.beat);
    add(at + "loop_start", d.loop_start), add(at + "loop_end", d.loop_end), add(at + "cue", d.cue);
    for (int k = 0; k < kBoardHotcues; ++k) add(at + "hotcue/" + std::to_string(k + 1), d.hotcues[k]);
    add(at + "tempo", d.tempo), add(at + "key", d.key), add(at + "trim", d.trim), add(at + "eq/low", d.eq_low);
    add(at + "eq/mid", d.eq_mid), add(at + "eq/high", d.eq_high), add(at + "filter", d.filter);
    add(at + "fader", d.fader), add(at + "peak_left", d.peak_left), add(at + "peak_right", d.peak_right);
    add(at + "playing", d.playing), add(at + "audible", d.audible), add(at + "looping", d.looping);
    add(at + "slip", d.slip), add(at + "keylock", d.keylock), add(at + "reverse", d.reverse);
    add(at + "previewing", d.previewing), add(at + "stems", d.stems), add(at + "stems_muted", d.stems_muted);
    add(at + "sync", d.sync), add(at + "stretch", d.stretch), add(at + "stretching", d.stretching);
    add(at + "source", d.source);
    add(at + "fallbacks", d.fallbacks), add(at + "late_chunks", d.late_chunks);
  }
  const char* base_ = nullptr;
};

template <typename T>
T value_at(const BoardState& state, const BoardField& f) {
  T v;
  std::memcpy(&v, reinterpret_cast<const char*>(&state) + f.offset, sizeof v);
  return v;
}

constexpr const char* kTypeNames[] = {"u8", "u32", "i32", "u64", "i64", "f32", "f64", "text"};
constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL;

}  // namespace

std::span<const BoardField> board_fields() {
  static const Table table;
  return table.fields;
}

const BoardField* board_field(std::string_view name) {
  static const auto index = [] {
    std::map<std::string_view, const BoardField*> m;
    for (const BoardField& f : board_fields()) m.emplace(f.name, &f);
    return m;
  }();
  const auto found = index.find(name);
  return found == index.end() ? nullptr : found->second;
}

double board_number(const BoardState& state, const BoardField& f) {
  switch (f.type) {
    case BoardField::Type::u8:
      return value_at<std::uint8_t>(state, f);
    case BoardField::Type::u32:
      return value_at<std::uint32_t>(state, f);
    case BoardField::Type::i32:
      return value_at<std::int32_t>(state, f);
    case BoardField::Type::u64:
      return static_cast<double>(value_at<std::uint64_t>(state, f));
    case BoardField::Type::i64:
      return static_cast<double>(value_at<std::int64_t>(state, f));
    case BoardField::Type::f32:
      return static_cast<double>(value_at<float>(state, f));
    case BoardField::Type::f64:
      return value_at<double>(state, f);
    case BoardField::Type::text:
      break;
  }
  return 0;
}

std::string board_text(const BoardState& state, const BoardField& f) {
  const auto shortest = [](auto v) {
    char buffer[40];
    return std::string(buffer, std::to_chars(buffer, buffer + sizeof buffer, v).ptr);
  };
  switch (f.type) {
    case BoardField::Type::text: {
      const char* p = reinterpret_cast<const char*>(&state) + f.offset;
      return std::string(p, ::strnlen(p, f.size));
    }
    case BoardField::Type::u64:
      return shortest(value_at<std::uint64_t>(state, f));
    case BoardField::Type::i64:
      return shortest(value_at<std::int64_t>(state, f));
    case BoardField::Type::f32:
      return shortest(value_at<float>(state, f));
    case BoardField::Type::f64:
      return shortest(value_at<double>(state, f));
    default:
      return shortest(static_cast<std::int64_t>(board_number(state, f)));
  }
}

std::vector<std::string_view> library_changes(const BoardState& then, const BoardState& now) {
  std::vector<std::string_view> kinds;
  for (std::size_t k = 0; k < std::size(kLibraryKinds); ++k) {
    if (then.epoch != now.epoch || then.library[k] != now.library[k]) kinds.push_back(kLibraryKinds[k]);
  }
  return kinds;
}

std::string board_layout_json() {
  std::string json = "{\"version\": " + std::to_string(kBoardVersion) +
                     ", \"size\": " + std::to_string(sizeof(BoardState)) +
                     ", \"sequence_at\": 0, \"state_at\": 8, \"fields\": [";
  bool first = true;
  for (const BoardField& f : board_fields()) {
    json += std::string(first ? "" : ", ") + "[\"" + f.name + "\", \"" + kTypeNames[static_cast<int>(f.type)] + "\", " +
            std::to_string(f.offset) + ", " + std::to_string(f.size) + "]";
    first = false;
  }
  return json + "]}";
}

std::int64_t monotonic_ns() {
  timespec t{};
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1'000'000'000LL + t.tv_nsec;
}

std::unique_ptr<BoardWriter> BoardWriter::create(std::string* error) {
  const auto fail = [&](const char* what) {
    *error = std::string("no memory to show the state in: ") + what + ": " + std::strerror(errno);
    return nullptr;
  };
  UniqueFd fd(::memfd_create("tactus-board", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd) return fail("memfd_create");
  if (::ftruncate(fd.get(), sizeof(Board)) != 0) return fail("ftruncate");
  void* memory = ::mmap(nullptr, sizeof(Board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd.get(), 0);
  if (memory == MAP_FAILED) return fail("mmap");
  // From here on nobody can map it to write but who already has.
  if (::fcntl(fd.get(), F_ADD_SEALS, kSeals) != 0) {
    const int why = errno;
    ::munmap(memory, sizeof(Board));
    errno = why;
    return fail("seals");
  }
  return std::unique_ptr<BoardWriter>(new BoardWriter(std::move(fd), new (memory) Board));
}

BoardWriter::~BoardWriter() { ::munmap(board_, sizeof(Board)); }

std::unique_ptr<BoardReader> BoardReader::map(UniqueFd fd, std::string* error) {
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0 || info.st_size != static_cast<off_t>(sizeof(Board)) ||
      (::fcntl(fd.get(), F_GET_SEALS) & F_SEAL_SHRINK) == 0) {
    *error = "the engine shows its state in another layout than this program knows; are both of one version?";
    return nullptr;
  }
  void* memory = ::mmap(nullptr, sizeof(Board), PROT_READ, MAP_SHARED, fd.get(), 0);
  if (memory == MAP_FAILED) {
    *error = std::string("the engine's state can't be mapped: ") + std::strerror(errno);
    return nullptr;
  }
  return std::unique_ptr<BoardReader>(new BoardReader(static_cast<const Board*>(memory)));
}

BoardReader::~BoardReader() { ::munmap(const_cast<Board*>(board_), sizeof(Board)); }

bool BoardReader::alive() const {
  const auto state = board_->read();
  return state && state->version == kBoardVersion && monotonic_ns() - state->heartbeat_ns < kSilentNs;
}

}  // namespace tactus::sidecar
