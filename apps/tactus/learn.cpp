#include "learn.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <map>

#include "command.h"
#include "io/midi/learner.h"
#include "io/midi/ports.h"
#include "keys.h"
#include "mappings.h"
#include "sidecar/board.h"

namespace tactus::app {

namespace {

namespace fs = std::filesystem;

constexpr int kKeyMs = 20;

const char* doing(io::ControlLearner::Wanted wanted) {
  switch (wanted) {
    case io::ControlLearner::Wanted::key:
      return "press it once";
    case io::ControlLearner::Wanted::knob:
      return "move it slowly from end to end, and back";
    case io::ControlLearner::Wanted::turn:
      break;
  }
  return "turn it a little to the right, then to the left";
}

// A file's name made of a port's.
std::string file_name(const std::string& device) {
  std::string name;
  for (const char c : device) {
    const auto letter = static_cast<unsigned char>(c);
    if (std::isalnum(letter)) {
      name += static_cast<char>(std::tolower(letter));
    } else if (!name.empty() && name.back() != '-') {
      name += '-';
    }
  }
  while (name.ends_with('-')) name.pop_back();
  return (name.empty() ? "learned" : name) + ".toml";
}

class Walk {
 public:
  Walk(io::MidiPorts& ports, Keys& keys, int decks)
      : ports_(ports), keys_(keys), questions_(io::learn_questions(decks)) {}

  // False: it was ended by a signal, and nothing is to be written.
  bool go();
  std::vector<io::LearnedControl> learned() const;
  // The one that the first answer came from.
  const std::string& device() const { return device_name_; }

 private:
  enum class Step { next, back, quit, stop };
  Step ask(std::size_t index);
  Step count_ticks(io::LearnedControl& control);
  // What came in since the last time; only from the device that the first answer came from.
  template <typename Take>
  void hear(Take take);
  // The step that a key asks for, if one was pressed.
  std::optional<Step> key();
  std::string used_for(std::size_t index, const io::MidiTrigger& t) const;

  io::MidiPorts& ports_;
  Keys& keys_;
  const std::vector<io::LearnQuestion> questions_;
  std::map<std::size_t, io::LearnedControl> answers_;  // by question
  std::map<int, std::string> names_;
  int device_ = -1, heard_ = -1;
  std::string device_name_;
};

template <typename Take>
void Walk::hear(Take take) {
  for (const io::MidiChange& c : ports_.take_changes()) {
    if (c.here) {
      names_[c.device] = c.name;
      fmt::print("({} is there)\n", c.name);
    } else if (c.device == device_) {
      fmt::print("({} was unplugged; plug it in again)\n", c.name);
      device_ = -1;
    }
  }
  io::MidiReceived in;
  while (ports_.receive(in)) {
    if (device_ >= 0 && in.device != device_) continue;
    heard_ = in.device;
    take(in);
  }
}

std::optional<Walk::Step> Walk::key() {
  const int key = keys_.wait(kKeyMs);
  if (stop_asked() || key < 0) return Step::stop;
  if (key == '\n' || key == '\r' || key == 's') return Step::next;
  if (key == 'b') return Step::back;
  if (key == 'q') return Step::quit;
  return {};
}

std::string Walk::used_for(std::size_t index, const io::MidiTrigger& t) const {
  for (const auto& [other, control] : answers_) {
    if (other != index && control.trigger == t) return control.question.title;
  }
  return {};
}

Walk::Step Walk::ask(std::size_t index) {
  const io::LearnQuestion& question = questions_[index];
  fmt::print("[{}/{}] {}: {}\n", index + 1, questions_.size(), question.title, doing(question.wanted));
  std::fflush(stdout);
  io::ControlLearner learner(question.wanted);
  std::string hint, told;
  for (;;) {
    if (const auto step = key()) return *step;
    hear([&](const io::MidiReceived& in) { learner.on_message(in.message, in.at_ns); });
    const auto trigger = learner.learned(sidecar::monotonic_ns(), &hint);
    if (!trigger) {
      if (!hint.empty() && hint != told) fmt::print("      {}\n", hint);
      std::fflush(stdout);
      if (!hint.empty()) told = hint;
      continue;
    }
    if (const std::string other = used_for(index, *trigger); !other.empty()) {
      fmt::print("      {}: that is {} already; Enter skips\n", io::trigger_text(*trigger), other);
      std::fflush(stdout);
      learner.forget();
      continue;
    }
    if (device_ < 0 && (device_name_.empty() || io::device_part(names_[heard_]) == device_name_)) {
      device_ = heard_;
      device_name_ = io::device_part(names_[heard_]);
    }
    fmt::print("      {}\n", io::trigger_text(*trigger));
    io::LearnedControl& control = answers_[index] = {question, *trigger, 0};
    return question.turn_deck > 0 ? count_ticks(control) : Step::next;
  }
}

Walk::Step Walk::count_ticks(io::LearnedControl& control) {
  fmt::print("      now once round, exactly, and let go (Enter: it isn't known)\n");
  std::fflush(stdout);
  io::TickCounter counter(control.trigger);
  for (;;) {
    if (const auto step = key()) return *step;
    hear([&](const io::MidiReceived& in) { counter.on_message(in.message, in.at_ns); });
    if ((control.ticks = counter.ticks(sidecar::monotonic_ns())) == 0) continue;
    fmt::print("      {} ticks a revolution\n", control.ticks);
    return Step::next;
  }
}

bool Walk::go() {
  for (std::size_t i = 0; i < questions_.size();) {
    switch (ask(i)) {
      case Step::next:
        ++i;
        break;
      case Step::back:
        i -= i > 0 ? 1 : 0;
        answers_.erase(i);
        break;
      case Step::quit:
        return true;
      case Step::stop:
        return false;
    }
  }
  return true;
}

std::vector<io::LearnedControl> Walk::learned() const {
  std::vector<io::LearnedControl> list;
  for (const auto& [index, control] : answers_) list.push_back(control);
  return list;
}

// What came of it, beside no file that is there.
int write(const LearnOptions& o, const Walk& walk) {
  const std::vector<io::LearnedControl> controls = walk.learned();
  if (controls.empty()) {
    fmt::print("Nothing was learned, so no file was written.\n");
    return kOk;
  }
  const fs::path path = o.output.empty() ? mappings_folder() / file_name(walk.device()) : fs::path(o.output);
  std::error_code code;
  if (path.has_parent_path()) fs::create_directories(path.parent_path(), code);
  const std::string text = io::learned_mapping(walk.device(), walk.device(), controls);
  // 'x': a file that came to be while we asked is somebody's, too.
  std::FILE* file = std::fopen(path.c_str(), "wx");
  const bool good = file && std::fwrite(text.data(), 1, text.size(), file) == text.size();
  if ((file && std::fclose(file) != 0) || !good) {
    fmt::print(stderr, "tactus: {}: {}\nWhat was learned:\n{}", path.string(), std::strerror(errno), text);
    return kFailed;
  }
  fmt::print("{} controls are in {}.\n", controls.size(), path.string());
  if (path.parent_path() == mappings_folder()) {
    fmt::print("`tactus engine --midi` plays by it. Save it again after a change: it is read at once.\n");
  } else {
    fmt::print("Copy it to {} to play by it.\n", mappings_folder().string());
  }
  return kOk;
}

}  // namespace

int learn(const LearnOptions& o) {
  install_stop_signals();
  Keys keys;
  std::error_code none;
  if (!keys.active()) {
    fmt::print(stderr, "tactus: learning asks a person: it needs a terminal\n");
    return kUsage;
  }
  if (!o.output.empty() && fs::exists(o.output, none)) {
    fmt::print(stderr, "tactus: {} is there already; it won't be overwritten\n", o.output);
    return kFailed;
  }
  std::string error;
  io::MidiPortsOptions options;
  options.api = o.api;
  options.client = "Tactus learn";
  options.virtual_ports = false;
  options.every_input = true;
  const auto ports = io::MidiPorts::start(
      options, [] {}, &error);
  if (!ports) {
    fmt::print(stderr, "tactus: {}\n", error);
    return kFailed;
  }
  fmt::print("Move what is asked for. Enter skips it, b goes back, q ends and writes what was learned.\n");
  Walk walk(*ports, keys, o.decks);
  if (!walk.go()) {
    fmt::print("Stopped; nothing was written.\n");
    return kStopped;
  }
  return write(o, walk);
}

}  // namespace tactus::app
