// What a person is asked while a controller is learned, and the file that comes of it.
#include <algorithm>
#include <cctype>
#include <regex>

#include "io/midi/learner.h"

namespace tactus::io {

namespace {

using Wanted = ControlLearner::Wanted;

struct Row {
  const char* title;
  Wanted wanted;
  const char* lines;  // N is the deck
  double step = 0;
};

constexpr Row kDeck[] = {
    {"PLAY", Wanted::key, "do = \"/deck/N/play @beat\"\nstate = \"deck/N/playing\"\ndo_on = \"/deck/N/pause\"\n"},
    {"CUE", Wanted::key, "do = \"/deck/N/cue {}\"\n"},
    {"SYNC", Wanted::key, "do = \"/deck/N/sync beat\"\nstate = \"deck/N/sync > 0\"\ndo_on = \"/deck/N/sync off\"\n"},
    {"hot cue 1", Wanted::key, "do = \"/deck/N/hotcue/1 {}\"\nstate = \"deck/N/hotcue/1 >= 0\"\n"},
    {"hot cue 2", Wanted::key, "do = \"/deck/N/hotcue/2 {}\"\nstate = \"deck/N/hotcue/2 >= 0\"\n"},
    {"hot cue 3", Wanted::key, "do = \"/deck/N/hotcue/3 {}\"\nstate = \"deck/N/hotcue/3 >= 0\"\n"},
    {"hot cue 4", Wanted::key, "do = \"/deck/N/hotcue/4 {}\"\nstate = \"deck/N/hotcue/4 >= 0\"\n"},
    {"loop of 4 beats", Wanted::key,
     "do = \"/deck/N/loop/beats 4\"\nstate = \"deck/N/looping\"\ndo_on = \"/deck/N/loop/exit\"\n"},
    {"pre-listen (headphones)", Wanted::key,
     "do = \"/deck/N/cue_bus 1\"\nstate = \"/deck/N/cue_bus\"\ndo_on = \"/deck/N/cue_bus 0\"\n"},
    {"volume fader", Wanted::knob, "do = \"/deck/N/fader {}\"\n", 0.02},
    {"tempo fader", Wanted::knob, "do = \"/deck/N/tempo {}\"\nrange = [-8, 8]\n", 0.1},
    {"trim (gain) knob", Wanted::knob, "do = \"/deck/N/trim {}\"\n", 0.5},
    {"treble (HI) knob", Wanted::knob, "do = \"/deck/N/eq/high {}\"\n", 0.5},
    {"mid knob", Wanted::knob, "do = \"/deck/N/eq/mid {}\"\n", 0.5},
    {"bass (LOW) knob", Wanted::knob, "do = \"/deck/N/eq/low {}\"\n", 0.5},
    {"filter knob", Wanted::knob, "do = \"/deck/N/filter {}\"\n", 0.02},
};

constexpr Row kMixer[] = {
    {"Crossfader", Wanted::knob, "do = \"/mixer/crossfader {}\"\n", 0.02},
    {"Master level", Wanted::knob, "do = \"/mixer/master {}\"\n", 0.5},
    {"Headphones level", Wanted::knob, "do = \"/mixer/headphones {}\"\n", 0.5},
    {"Headphones: cue or master", Wanted::knob, "do = \"/mixer/cue_mix {}\"\n", 0.02},
};

std::string with_deck(std::string lines, int deck) {
  for (std::size_t at = 0; (at = lines.find("/N/", at)) != std::string::npos;)
    lines[at + 1] = static_cast<char>('0' + deck);
  return lines;
}

// A text as TOML writes it, on one line.
std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (std::iscntrl(static_cast<unsigned char>(c)) == 0) out += c;
  }
  return out + "\"";
}

std::string step_text(double step) {
  std::string text = std::to_string(step);
  text.erase(text.find_last_not_of('0') + 1);
  return text.back() == '.' ? text + "0" : text;
}

std::string jog(const LearnedControl* touch, const LearnedControl& turn) {
  std::string text =
      "\n# " + turn.question.title + "\n[[jog]]\ndeck = " + std::to_string(turn.question.turn_deck) + "\n";
  if (touch) text += "touch = \"" + trigger_text(touch->trigger) + "\"\n";
  text += "turn = \"" + trigger_text(turn.trigger) + "\"\n";
  if (turn.ticks > 0) text += "ticks = " + std::to_string(turn.ticks) + "\n";
  return text;
}

}  // namespace

std::vector<LearnQuestion> learn_questions(int decks) {
  std::vector<LearnQuestion> list;
  for (int n = 1; n <= std::clamp(decks, 1, 4); ++n) {
    const std::string deck = "Deck " + std::to_string(n) + ", ";
    for (const Row& row : kDeck) {
      list.push_back({deck + row.title, row.wanted, with_deck(row.lines, n), row.step, 0, 0});
    }
    list.push_back({deck + "jog wheel: the key or surface that feels the hand", Wanted::key, "", 0, n, 0});
    list.push_back({deck + "jog wheel", Wanted::turn, "", 0, 0, n});
  }
  for (const Row& row : kMixer) list.push_back({row.title, row.wanted, row.lines, row.step, 0, 0});
  return list;
}

std::string device_part(const std::string& port) {
  static const std::regex number(" [0-9]+:[0-9]+$");
  const std::string name = std::regex_replace(port, number, "");
  const auto colon = name.rfind(':');
  const auto begin = colon == std::string::npos ? 0 : name.find_first_not_of(' ', colon + 1);
  return begin == std::string::npos ? name : name.substr(begin);
}

std::string learned_mapping(const std::string& name, const std::string& device,
                            const std::vector<LearnedControl>& controls) {
  std::string text =
      "# Learned by `tactus map learn`. docs/mappings.md tells what else can be written here.\n"
      "tactus_mapping = 1\nname = " +
      quoted(name) + "\ndevices = [" + quoted(device) + "]\n";
  for (const LearnedControl& c : controls) {
    if (c.question.touch_deck > 0) continue;  // written with the wheel that it belongs to
    if (c.question.turn_deck > 0) {
      const auto touch = std::find_if(controls.begin(), controls.end(), [&c](const LearnedControl& t) {
        return t.question.touch_deck == c.question.turn_deck;
      });
      text += jog(touch == controls.end() ? nullptr : &*touch, c);
      continue;
    }
    text +=
        "\n# " + c.question.title + "\n[[control]]\nmidi = \"" + trigger_text(c.trigger) + "\"\n" + c.question.lines;
    if (c.trigger.relative()) {
      const auto range = text.rfind("range = ");
      if (range != std::string::npos && range > text.rfind("[[control]]")) text.erase(range);  // an encoder has no ends
      text += "step = " + step_text(c.question.step) + "\n";
    }
    if (c.trigger.msb_last) text += "completes = \"msb\"\n";
  }
  return text;
}

}  // namespace tactus::io
