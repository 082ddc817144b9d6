#include "doctor.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "session/keeper_process.h"

namespace tactus::app {
namespace {

constexpr std::int64_t kMiB = 1 << 20;
constexpr std::int64_t kFeederPriority = 50;       // EngineHost's; sound servers use 60 to 90
constexpr std::int64_t kMemlock = 256 * kMiB;      // engine, rings and the windows of four decks
constexpr std::int64_t kCacheSpace = 1024 * kMiB;  // analyses and waveforms of some ten thousand tracks
constexpr std::int64_t kMemory = 1024 * kMiB;

std::string mib(std::int64_t bytes) { return fmt::format("{} MB", bytes / kMiB); }

const char* kLimitsAdvice =
    "Join the group that your distribution gives these rights to (often `audio` or `realtime`: sudo usermod -aG audio "
    "$USER), or write /etc/security/limits.d/audio.conf with the lines `@audio - rtprio 95` and `@audio - memlock "
    "unlimited`; then log out and in.";

class Judge {
 public:
  explicit Judge(const Readings& m) : m_(m) {}

  std::vector<Finding> all() {
    priorities();
    memory_lock();
    governor();
    preemption();
    memory();
    usb();
    sound();
    programs();
    return std::move(findings_);
  }

 private:
  void say(Grade grade, const char* id, std::string text, std::string advice = {}) {
    findings_.push_back({grade, id, std::move(text), std::move(advice)});
  }

  void priorities() {
    if (!m_.rtprio_limit) return;
    if (m_.may_do_all || *m_.rtprio_limit >= kFeederPriority) {
      say(Grade::fine, "rtprio", "Tactus may run its audio threads ahead of all other programs.");
    } else {
      say(Grade::mend, "rtprio",
          fmt::format("Tactus may not run its audio threads ahead of other programs (priority limit {}): when the "
                      "machine is busy the sound can break up.",
                      *m_.rtprio_limit),
          kLimitsAdvice);
    }
  }

  void memory_lock() {
    if (!m_.memlock_limit) return;
    if (m_.may_do_all || *m_.memlock_limit < 0 || *m_.memlock_limit >= kMemlock) {
      say(Grade::fine, "memlock", "The engine's memory may be locked, so it is never moved to the disk.");
    } else {
      say(Grade::mend, "memlock",
          fmt::format(
              "Only {} of memory may be locked; the engine wants {}. What isn't locked can be moved to the disk "
              "and is missed for a moment when it is needed.",
              mib(*m_.memlock_limit), mib(kMemlock)),
          kLimitsAdvice);
    }
  }

  void governor() {
    if (m_.governors.empty()) return;
    const auto slow = std::count_if(m_.governors.begin(), m_.governors.end(),
                                    [](const std::string& g) { return g != "performance"; });
    if (slow == 0) {
      say(Grade::fine, "governor", "The processor runs at full speed all the time.");
      return;
    }
    const bool powersave = std::find(m_.governors.begin(), m_.governors.end(), "powersave") != m_.governors.end();
    say(Grade::hint, "governor",
        fmt::format("{} of {} processor cores save power{}; they take a moment to speed up when the music needs them.",
                    slow, m_.governors.size(), powersave ? " (powersave)" : ""),
        "Before a set: sudo cpupower frequency-set -g performance, or the power menu of the desktop.");
  }

  void preemption() {
    if (m_.kernel_preemption.empty()) return;
    if (m_.kernel_preemption == "full" || m_.kernel_preemption == "rt") {
      say(Grade::fine, "kernel", "The kernel lets audio interrupt everything else.");
    } else {
      say(Grade::hint, "kernel",
          fmt::format("The kernel's preemption is \"{}\": with blocks under about 256 frames it can hold the audio up.",
                      m_.kernel_preemption),
          "Boot with preempt=full, install a realtime or low-latency kernel, or keep to 256 frames and more.");
    }
  }

  void memory() {
    if (m_.memory_free && *m_.memory_free < kMemory) {
      say(Grade::mend, "memory", fmt::format("Only {} of memory are free.", mib(*m_.memory_free)),
          "Close other programs: browsers first.");
    }
    if (!m_.swap_used || *m_.swap_used < kMemory / 4) return;
    say(Grade::hint, "swap",
        fmt::format("{} have been moved from memory to the disk; a program that comes back from there stutters.",
                    mib(*m_.swap_used)),
        m_.swappiness && *m_.swappiness > 10
            ? "Close other programs; sudo sysctl vm.swappiness=10 makes the kernel less eager."
            : "Close other programs.");
  }

  void usb() {
    for (const std::string& name : m_.sleepy_usb_audio) {
      say(Grade::hint, "usb", fmt::format("The USB sound device {} may be put to sleep when it is quiet.", name),
          "Turn USB autosuspend off for it: echo on | sudo tee /sys/bus/usb/devices/…/power/control, or in TLP: "
          "USB_EXCLUDE_AUDIO=1.");
    }
  }

  void sound() {
    for (const std::string& driver : m_.silent_drivers) {
      say(Grade::mend, "server", fmt::format("{} is there but doesn't answer.", driver),
          "Restart it; for PipeWire: systemctl --user restart pipewire.");
    }
    std::vector<std::string> names;
    bool plays = false, at_48k = false;
    for (const Readings::Device& d : m_.devices) {
      if (d.outputs < 2) continue;
      plays = true;
      at_48k = at_48k || std::find(d.rates.begin(), d.rates.end(), 48000) != d.rates.end();
      if (std::find(names.begin(), names.end(), d.driver) == names.end()) names.push_back(d.driver);
    }
    if (!plays) {
      say(Grade::mend, "devices", "There is no device to play on.",
          "Plug in a sound card, or start JACK, PipeWire or PulseAudio; `tactus devices` lists what is found.");
      return;
    }
    say(Grade::fine, "devices", fmt::format("Sound can come out through {}.", fmt::join(names, ", ")));
    pipewire(names);
    if (!at_48k) {
      say(Grade::hint, "rate", "No device runs at 48,000 Hz: Tactus will resample to what it offers.",
          "Set the sound server to 48000 Hz, or start Tactus with --rate and the device's own.");
    }
  }

  // PipeWire speaks JACK and PulseAudio; by the latter sound is later, and blocks are larger.
  void pipewire(const std::vector<std::string>& drivers) {
    if (!m_.pipewire) return;
    if (std::find(drivers.begin(), drivers.end(), "JACK") != drivers.end()) {
      say(Grade::fine, "pipewire", "PipeWire runs, and takes programs of JACK's.");
    } else {
      say(Grade::hint, "pipewire",
          "PipeWire runs, but its JACK side can't be reached: Tactus plays through its PulseAudio side, which sounds "
          "later and needs larger blocks.",
          "Install pipewire-jack and start Tactus by it: pw-jack tactus up.");
    }
  }

  void programs() {
    if (m_.worker_runs) {
      say(Grade::fine, "worker", "The program that reads music files is there.");
    } else {
      say(Grade::mend, "worker", fmt::format("tactus-media, which reads music files, can't be run at {}.", m_.worker),
          "Install Tactus again, or set TACTUS_MEDIA to where it is.");
    }
    if (!m_.cache_writable) {
      say(Grade::mend, "cache",
          fmt::format("The cache folder {} can't be written: tracks are analysed anew each time.", m_.cache_folder),
          "Make it yours (chown), or set XDG_CACHE_HOME to a folder that is.");
    } else if (m_.cache_free && *m_.cache_free < kCacheSpace) {
      say(Grade::mend, "cache",
          fmt::format("The disk of the cache folder {} has only {} left.", m_.cache_folder, mib(*m_.cache_free)),
          "Make room: recordings and journals go to a disk too, and stop when it is full.");
    } else {
      say(Grade::fine, "cache", "Analyses can be kept on the disk.");
    }
  }

  const Readings& m_;
  std::vector<Finding> findings_;
};

const char* grade_name(Grade grade) { return grade == Grade::fine ? "fine" : grade == Grade::hint ? "hint" : "mend"; }

std::string times(std::uint64_t n) { return n == 1 ? "once" : n == 2 ? "twice" : fmt::format("{} times", n); }

}  // namespace

std::vector<Finding> judge(const Readings& machine) { return Judge(machine).all(); }

bool ready(const std::vector<Finding>& findings) {
  return std::none_of(findings.begin(), findings.end(), [](const Finding& f) { return f.grade == Grade::mend; });
}

std::vector<std::string> describe(const SessionCounters& c) {
  std::vector<std::string> out;
  if (c.xruns > 0) {
    out.push_back(
        fmt::format("The sound card ran out of audio {}, which can be heard as a click: use a larger block "
                    "(--block), or see what `tactus doctor` says.",
                    times(c.xruns)));
  }
  if (c.late_periods > 0) {
    out.push_back(
        fmt::format("The sound device was away for {} of its periods; the set went on without it.", c.late_periods));
  }
  if (c.fallbacks > 0) {
    out.push_back(
        fmt::format("Key lock was let go for a moment {}, because time-stretching fell behind: fewer decks "
                    "with key lock, or a faster processor, help.",
                    times(c.fallbacks)));
  }
  if (c.degraded > 0) {
    out.push_back(fmt::format("Time-stretching went down in quality {} to keep up.", times(c.degraded)));
  }
  if (c.below > 0) {
    out.push_back(fmt::format("At the moment the machine is too slow for full key lock on {} of the decks.", c.below));
  }
  if (c.late_chunks > 0) {
    const double ms = 1000.0 * 32 * static_cast<double>(c.late_chunks) / c.rate;
    out.push_back(
        fmt::format("{:.0f} ms of music weren't decoded in time and were faded to silence: a slow disk, or a "
                    "jump to a place that wasn't loaded yet.",
                    std::max(ms, 1.0)));
  }
  for (const std::string& why : c.unreadable) {
    out.push_back(
        fmt::format("A deck plays only what is decoded of its track: {}. See whether its disk is there; it "
                    "is tried again by itself.",
                    why));
  }
  if (c.bypassed_nodes > 0) {
    out.push_back(
        fmt::format("An effect, a filter or a stretcher gave nonsense and was bypassed {}.", times(c.bypassed_nodes)));
  }
  if (c.midi_dropped > 0) {
    out.push_back(
        fmt::format("{} MIDI messages were lost, because a device sent or took them too slowly.", c.midi_dropped));
  }
  if (c.journal_troubled) {
    out.emplace_back(
        "What happens can't be written down at the moment: the disk of the session's journal is full or doesn't "
        "answer. Make room; until then a crash would set the set back to where it was.");
  }
  if (c.journal_lost > 0) {
    out.push_back(
        fmt::format("{} lines of the journal were lost for want of room, so this run can't be played again exactly.",
                    c.journal_lost));
  }
  if (!c.library_trouble.empty()) {
    out.push_back(fmt::format("{}. What is played is kept in the journal, and taken in later.", c.library_trouble));
  }
  if (!c.on_device) out.emplace_back("There is no sound device at the moment: the set goes on unheard.");
  if (!c.kept_awake) {
    out.emplace_back(
        "The machine may suspend while it plays, since nobody here could be asked not to: turn that off in "
        "the desktop's power settings.");
  }
  if (out.empty()) out.push_back(fmt::format("{:.0f} minutes without a dropout.", c.seconds / 60));
  return out;
}

SessionCounters counters_of(const sidecar::BoardState& s) {
  SessionCounters c;
  c.rate = static_cast<int>(s.rate);
  c.seconds = s.rate > 0 ? static_cast<double>(s.frame) / s.rate : 0;
  c.xruns = s.xruns;
  c.late_periods = s.late_periods;
  c.degraded = s.degraded;
  c.bypassed_nodes = s.bypassed_nodes;
  c.midi_dropped = s.midi_dropped;
  c.journal_troubled = s.journal_troubled != 0;
  c.journal_lost = s.journal_lost;
  const std::string says = s.library_says;
  if (s.library_role == static_cast<std::uint32_t>(session::KeeperState::Role::troubled))
    c.library_trouble = "The library isn't written at the moment: " + says;
  if (s.library_role == static_cast<std::uint32_t>(session::KeeperState::Role::stuck))
    c.library_trouble = "The library waits for " + says;
  c.on_device = s.on_device != 0;
  bool plays = false;
  for (const sidecar::BoardDeck& d : s.decks) {
    c.fallbacks += d.fallbacks;
    c.late_chunks += d.late_chunks;
    c.below += d.stretching != d.stretch;
    if (d.trouble[0] != 0) c.unreadable.emplace_back(d.trouble);
    plays = plays || d.playing;
  }
  c.kept_awake = !plays || s.held || (s.awake & 1) != 0;
  return c;
}

std::string doctor_text(const std::vector<Finding>& findings, const std::vector<std::string>& session) {
  std::string out;
  for (const Finding& f : findings) {
    out += fmt::format("{} {}\n", f.grade == Grade::fine ? "ok  " : f.grade == Grade::hint ? "hint" : "MEND", f.text);
    if (!f.advice.empty()) out += fmt::format("     -> {}\n", f.advice);
  }
  if (!session.empty()) out += fmt::format("The engine that runs:\n     {}\n", fmt::join(session, "\n     "));
  return out + (ready(findings) ? "This machine is ready." : "Something is to be mended before a set.");
}

std::string doctor_json(const std::vector<Finding>& findings, const std::vector<std::string>& session) {
  nlohmann::json list = nlohmann::json::array();
  for (const Finding& f : findings) {
    list.push_back({{"grade", grade_name(f.grade)}, {"id", f.id}, {"text", f.text}, {"advice", f.advice}});
  }
  nlohmann::json all = {{"ready", ready(findings)}, {"findings", list}, {"session", nullptr}};
  if (!session.empty()) all["session"] = session;
  return all.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace tactus::app
