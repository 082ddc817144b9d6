// The peer program of midi_peer.cpp, started and ended by a test.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace tactus::test {

struct Heard {
  std::int64_t at_ns = 0;  // CLOCK_MONOTONIC
  std::string bytes;       // "90 0b 7f"
};

class MidiPartner {
 public:
  // `api` as RtMidi names it; its output's port comes so many ms after its input's.
  explicit MidiPartner(const std::string& name, const std::string& api = "jack", int later_ms = 0);
  ~MidiPartner();
  MidiPartner(const MidiPartner&) = delete;
  MidiPartner& operator=(const MidiPartner&) = delete;

  bool ready() const { return ready_; }
  void say(const std::string& line);
  // What it heard so far, after waiting until there are so many messages or the time is up.
  std::vector<Heard> heard(std::size_t at_least, std::chrono::milliseconds patience);
  // Waits until it hears exactly that; false when the time is up.
  bool hears(const std::string& bytes, std::chrono::milliseconds patience);

 private:
  bool read_line(std::string* line, std::chrono::milliseconds patience);

  int pid_ = -1, to_ = -1, from_ = -1;
  bool ready_ = false;
  std::string rest_;
  std::vector<Heard> heard_;
};

}  // namespace tactus::test
