// Notes and controllers that are to be sent on the beat: the scheduler's second output. External gear follows a ramp
// with the engine's own curves.
//
// As MidiClockOut: pure, asked for one window of frames after the other. One thread; not realtime-safe.
#pragma once

#include <cstdint>
#include <vector>

#include "io/midi/clock_out.h"
#include "schedule/host_action.h"

namespace tactus::session {

class MidiSchedule {
 public:
  static constexpr std::size_t kMost = 4096;     // notes and ramps that wait or sound
  static constexpr double kStepSeconds = 0.005;  // a ramp sends no more often

  // False, and nothing done, when too much waits.
  bool note(const msg::When& when, const schedule::ask::MidiNote& note);
  // Takes the place of a ramp of the same controller when it begins. The first value of a controller that nothing was
  // sent to before is its target: where it stands isn't known.
  bool cc(const msg::When& when, const schedule::ask::MidiCc& cc);
  // Appends what is due in frames [from, to), in order of time.
  void events(const music::TempoMap& map, double from, double to, std::vector<io::TimedMidi>& out);
  // Note-offs of all that sounds; what waits is forgotten.
  void silence(double frame, std::vector<io::TimedMidi>& out);

 private:
  struct Note {
    msg::When when;
    schedule::ask::MidiNote note;
    double off_beat = 0;
    bool sounds = false, over = false;
  };
  struct Ramp {
    msg::When when;
    schedule::ask::MidiCc cc;
    bool begun = false, over = false;
    double from = 0;  // value
    double begin_frame = 0, begin_beat = 0, next_frame = 0;
  };
  void begin(const music::TempoMap& map, double from, double to, std::vector<io::TimedMidi>& out);
  void advance(Ramp& ramp, const music::TempoMap& map, double until, std::vector<io::TimedMidi>& out);
  void play(Note& note, const music::TempoMap& map, double from, double to, std::vector<io::TimedMidi>& out);
  void send(const schedule::ask::MidiCc& cc, double value, double frame, std::vector<io::TimedMidi>& out);
  static std::size_t slot(const schedule::ask::MidiCc& cc) {
    return static_cast<std::size_t>(cc.channel * 128 + cc.controller);
  }

  std::vector<Note> notes_;
  std::vector<Ramp> ramps_;
  std::vector<double> value_ = std::vector<double>(16 * 128, -1);             // last set; -1: unknown
  std::vector<std::int16_t> sent_ = std::vector<std::int16_t>(16 * 128, -1);  // last sent; -1: nothing
};

}  // namespace tactus::session
