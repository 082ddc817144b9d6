// MIDI in a running session: controllers play it by their mappings, its lights show it, gear follows its clock, notes
// and ramps, and another machine's clock may lead it.
//
// The control thread's, all of it: ports, drivers and mapping files have threads and a process of their own, which this
// never waits for.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/midi/clock_in.h"
#include "io/midi/clock_out.h"
#include "io/midi/mapper.h"
#include "io/midi/ports.h"
#include "session/block_time.h"
#include "session/mapping_shelf.h"
#include "session/midi_schedule.h"
#include "session/session.h"
#include "sidecar/board.h"

namespace tactus::session {

struct MidiOptions {
  std::string program;  // tactus-midi
  io::MidiPortsOptions ports;
  std::vector<BundledMapping> bundled;
  std::filesystem::path mappings;     // the user's folder
  std::vector<std::string> out;       // parts of port names: gear that notes, controllers and the clock are sent to
  std::vector<std::string> clock_in;  // the same of those whose clock may lead, beside the virtual port
  bool clock_out = false;
  double offset_ms = 0;  // our sound is heard so much later than the device says, -500 to 500
};

class MidiPart {
 public:
  using Notice = std::function<void(const std::string&)>;

  // `wake`: messages came in, attend() should be called soon; from any thread until this ends. Null, and a plain
  // sentence in `error`, when the ports' process can't be started.
  static std::unique_ptr<MidiPart> start(const MidiOptions& options, SampleRate rate, std::function<void()> wake,
                                         std::string* error);
  ~MidiPart();

  // For Session::Observer::midi.
  std::string take(const schedule::HostAction& action);
  // When woken: what came in, as intents.
  void attend(Session& session, const sidecar::BoardState& board, const Notice& notice);
  // Once a control period, before Session::tick.
  void tick(Session& session, const sidecar::BoardState& board, const BlockStamp& stamp, const Notice& notice);
  // What is known of it, into the board; and which mappings there are, when that has changed.
  void show(sidecar::BoardState* board) const;

 private:
  struct Device {
    std::string name;
    schedule::Source source;
    std::shared_ptr<const io::Mapping> mapping;
    std::unique_ptr<io::Mapper> mapper;
    bool gear = false, clock = false;
    std::int64_t told_ns = INT64_MIN / 2;  // of a refusal
  };
  MidiPart(const MidiOptions& options, SampleRate rate);

  void take_changes(Session& session, const Notice& notice);
  void take_mappings(Session& session, const Notice& notice);
  void map_device(Session& session, Device& device, const Notice& notice);
  void want();
  void submit(Session& session, Device& device, const Notice& notice);
  void follow_clock(Session& session, const Notice& notice);
  void send_due(Session& session);
  void send(const io::TimedMidi& timed);

  const MidiOptions options_;
  const SampleRate rate_;
  MappingShelf shelf_;
  std::shared_ptr<const MappingList> list_;
  std::uint64_t lists_ = 0;  // how often it has changed
  std::atomic<int> deaths_{0};
  int deaths_told_ = 0;
  std::map<int, Device> devices_;
  std::vector<schedule::Intent> intents_;
  std::vector<io::MidiMessage> messages_;
  std::vector<io::TimedMidi> due_;
  std::int64_t lights_ns_ = 0;

  BlockStamp time_;  // the last block's that is known
  io::MidiClockIn clock_in_;
  int clock_device_ = -1;
  bool clock_locked_ = false, clock_ran_ = false;
  io::MidiClockOut clock_out_;
  MidiSchedule schedule_;
  std::vector<schedule::HostAction> transports_;  // of the clock, asked for since the last tick
  double sent_until_ = -1;
  std::unique_ptr<io::MidiPorts> ports_;  // ends first: its threads tell the rest
};

}  // namespace tactus::session
