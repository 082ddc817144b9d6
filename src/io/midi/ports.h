// MIDI ports: opens the devices that are wanted, as they come and go, and a pair of virtual ports for other programs;
// takes in what they send, and sends what is due when it is due. RtMidi underneath, on every API that it has.
//
// Nothing here makes the caller wait for a device: opening, closing and looking for ports is done by one thread of its
// own, sending by another, and what comes in lies in a lock-free queue. A MIDI server that hangs stops MIDI only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "io/midi/message.h"

namespace tactus::io {

constexpr int kVirtualDevice = 0;  // the pair of ports that other programs connect to

struct MidiPortsOptions {
  std::string api;                // as midi_apis() names them; empty: ALSA's sequencer where there is one, else JACK
  std::string client = "Tactus";  // what other programs see
  bool virtual_ports = true;
  std::int64_t rescan_ms = 1000;  // how often ports are looked for
  bool every_input = false;       // opens all there are, whoever is wanted: for learning
};

// A device is opened when a port's name contains one of these, in any case (lower case here).
using PortPattern = std::vector<std::string>;

struct MidiReceived {
  int device = 0;
  std::int64_t at_ns = 0;  // CLOCK_MONOTONIC when the driver gave it to us
  MidiMessage message;
};

struct MidiChange {
  int device = 0;    // > 0; never given twice
  int pattern = -1;  // of those wanted; -1: opened as one of every input
  std::string name;  // of its port
  bool here = false;
};

struct MidiPortNames {
  std::string api;  // in force; empty: none answers
  std::vector<std::string> in, out;
};

// How late timed messages were, in milliseconds, of the last thousand.
struct MidiPunctuality {
  std::uint64_t sent = 0, dropped = 0;
  double median_ms = 0, p99_ms = 0, worst_ms = 0;
};

// What this build knows: "alsa", "jack", ...
std::vector<std::string> midi_apis();

class MidiPorts {
 public:
  // `wake`: something came in; from a thread of its own, may be called at any time until this ends. Null, and why in
  // `error`, when there is no such API. A server that isn't there is waited for.
  static std::unique_ptr<MidiPorts> start(const MidiPortsOptions& options, std::function<void()> wake,
                                          std::string* error);
  virtual ~MidiPorts() = default;

  // --- any one thread ---

  // Opens these, and closes those that aren't wanted any more. Soon, not at once.
  virtual void want(std::vector<PortPattern> patterns) = 0;
  // The next message that came in. False: there is none.
  virtual bool receive(MidiReceived& received) = 0;
  // Devices that came or went since the last call.
  virtual std::vector<MidiChange> take_changes() = 0;

  // --- any thread ---

  // Sends at `due_ns` of CLOCK_MONOTONIC, at once if that has passed. False, and the message dropped, when too many
  // wait already. Messages to a device that has gone are dropped.
  virtual bool send(int device, const MidiMessage& message, std::int64_t due_ns = 0) = 0;
  // As they were when last looked for.
  virtual MidiPortNames names() const = 0;
  virtual MidiPunctuality punctuality() const = 0;
  // Messages that came in faster than they were taken, and were dropped.
  virtual std::uint64_t lost() const = 0;
};

}  // namespace tactus::io
