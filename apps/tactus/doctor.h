// Whether this machine is ready for a set: readings of the system, judged by a pure function, in plain words.
//
// judge() and describe() are pure; read_machine() reads /proc, /sys, the environment and the audio servers and may
// block for some seconds. Not realtime-safe; any one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sidecar/board.h"

namespace tactus::app {

// What could not be read is absent or empty, and then nothing is said about it.
struct Readings {
  std::optional<std::int64_t> rtprio_limit;   // highest FIFO priority that this user may ask for, 0 to 99
  std::optional<std::int64_t> memlock_limit;  // bytes that may be locked; -1: any number
  bool may_do_all = false;                    // has CAP_SYS_NICE and CAP_IPC_LOCK: the two limits don't bind
  std::vector<std::string> governors;         // of each core that shows one
  std::string kernel_preemption;              // "full", "voluntary", "none", ...
  std::optional<std::int64_t> swappiness;     // 0 to 200
  std::optional<std::int64_t> swap_used;      // bytes
  std::optional<std::int64_t> memory_free;    // bytes available without swapping
  std::vector<std::string> sleepy_usb_audio;  // names of USB sound devices that may be suspended when idle
  struct Device {
    std::string driver, name;
    int outputs = 0;
    std::vector<int> rates;  // frames a second
  };
  std::vector<Device> devices;
  std::vector<std::string> silent_drivers;  // sound servers that didn't answer
  bool pipewire = false;                    // a PipeWire server takes connections
  std::string worker;                       // path of tactus-media
  bool worker_runs = false;                 // it is there and may be executed
  std::string cache_folder;
  bool cache_writable = false;
  std::optional<std::int64_t> cache_free;  // bytes
};

enum class Grade { fine, hint, mend };  // hint: works, could be better; mend: a set is at risk

struct Finding {
  Grade grade = Grade::fine;
  std::string id;      // for programs: "rtprio", "memlock", ...
  std::string text;    // one sentence: what is so
  std::string advice;  // what to do; empty when fine
};

// Only what could be read is judged, in a fixed order.
std::vector<Finding> judge(const Readings& machine);
// No finding says `mend`.
bool ready(const std::vector<Finding>& findings);

// Counters of a running session, since it began.
struct SessionCounters {
  double seconds = 0;                   // played
  std::uint64_t xruns = 0;              // times the sound card ran out of audio, as the driver says
  std::uint64_t late_periods = 0;       // periods of a device that had lost the engine: silent
  std::uint64_t fallbacks = 0;          // times a deck lost key lock for a moment
  std::uint64_t degraded = 0;           // steps down in stretching quality
  int below = 0;                        // decks that stretch in less than the quality asked for, at the moment
  std::uint64_t late_chunks = 0;        // 32-frame steps that weren't decoded in time: silence
  std::vector<std::string> unreadable;  // of each deck whose audio can't be had: why, by file and cause
  std::uint64_t bypassed_nodes = 0;     // times an effect, a filter or a stretcher gave nonsense
  std::uint64_t midi_dropped = 0;       // MIDI messages, for want of room
  bool journal_troubled = false;        // its disk is full, gone or doesn't answer
  std::uint64_t journal_lost = 0;       // lines that it had no room for
  std::string library_trouble;          // why the library can't be written; empty: it can
  bool on_device = true;                // false: it has no device at the moment
  bool kept_awake = true;               // false: it plays, and the machine might suspend
  int rate = 48000;                     // frames a second
};

// A sentence for each thing that went wrong and what helps; one that all is well when nothing did.
std::vector<std::string> describe(const SessionCounters& counters);
// As a running engine shows them.
SessionCounters counters_of(const sidecar::BoardState& state);

// `session`: what describe() says of the one that runs; empty: none does.
std::string doctor_text(const std::vector<Finding>& findings, const std::vector<std::string>& session);
// {"ready": true, "findings": [{"grade", "id", "text", "advice"}], "session": ["..."]}; null where none runs.
std::string doctor_json(const std::vector<Finding>& findings, const std::vector<std::string>& session);

Readings read_machine();

}  // namespace tactus::app
