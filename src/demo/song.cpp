#include "demo/song.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <sstream>
#include <stdexcept>

#include "demo/sounds.h"

namespace tactus::demo {
namespace {

constexpr double kSixteenth = 0.25;
constexpr double kTie = 1e-4;  // beats that a tied note reaches into the next one

struct Step {
  double beat, beats;
  int digit;
};

// The notes of a digit pattern, relative to its start, and its length in beats.
std::pair<std::vector<Step>, double> parse_steps(std::string_view pattern) {
  std::vector<Step> steps;
  int at = 0;
  bool holding = false;
  for (char c : pattern) {
    if (c == ' ' || c == '|') continue;
    if (c >= '0' && c <= '9') {
      steps.push_back({at * kSixteenth, kSixteenth, c - '0'});
      holding = true;
    } else if (c == '-' && holding) {
      steps.back().beats += kSixteenth;
    } else if (c == '.') {
      holding = false;
    } else {
      throw std::invalid_argument("bad pattern: " + std::string(pattern));
    }
    ++at;
  }
  if (at == 0) throw std::invalid_argument("an empty pattern");
  return {steps, at * kSixteenth};
}

// Calls f(beat, step) for each step of the pattern repeated over the span; notes are cut at its end.
template <typename F>
void repeat(const Span& span, std::string_view pattern, F f) {
  const auto [steps, length] = parse_steps(pattern);
  for (double start = span.beat; start < span.end() - 1e-9; start += length)
    for (Step s : steps) {
      const double beat = start + s.beat;
      if (beat >= span.end() - 1e-9) return;
      s.beats = std::min(s.beats, span.end() - beat);
      f(beat, s);
    }
}

struct Word {
  std::string name;  // "-" is a rest
  double beats = kSixteenth;
  float velocity = 0.75f;
  bool tied = false;
  int tone = 0;
};

std::vector<Word> parse_line(std::string_view text) {
  std::vector<Word> words;
  std::istringstream in{std::string(text)};
  for (std::string token; in >> token;) {
    if (token == "|") continue;
    Word w;
    for (; token.back() == '!' || token.back() == '\'' || token.back() == '~'; token.pop_back()) {
      if (token.back() == '!') w.velocity = 1.0f;
      if (token.back() == '\'') w.velocity = 0.5f;
      if (token.back() == '~') w.tied = true;
    }
    if (const auto equals = token.find('='); equals != std::string::npos) {
      w.tone = syllable(token.substr(equals + 1).c_str());
      token.resize(equals);
    }
    const auto colon = token.find(':');
    w.name = token.substr(0, colon);
    if (colon != std::string::npos) w.beats = kSixteenth * std::stod(token.substr(colon + 1));
    words.push_back(w);
  }
  if (words.empty()) throw std::invalid_argument("an empty line");
  return words;
}

template <typename PitchOf>
void sing(std::vector<Note>& notes, const Span& span, std::string_view text, PitchOf pitch_of) {
  const std::vector<Word> words = parse_line(text);
  double beat = span.beat;
  while (beat < span.end() - 1e-9)
    for (const Word& w : words) {
      if (beat >= span.end() - 1e-9) return;
      if (w.name != "-") {
        // A hair short of the next note unless tied: two notes of one pitch are then two.
        const double held = w.tied ? w.beats + kTie : std::max(w.beats - 0.03, 0.1);
        notes.push_back({beat, std::min(held, span.end() - beat), pitch_of(w.name, beat), w.velocity, w.tone});
      }
      beat += w.beats;
    }
}

// The chord that sounds at `beat`, and its voicing and time left.
class Changes {
 public:
  Changes(const Span& span, const Harmony& harmony, const Voicing& v) : start_(span.beat), length_(harmony.beats()) {
    std::vector<int> hand;
    // Twice around, so that the loop's first voicing follows from its last.
    for (int pass = 0; pass < 2; ++pass) {
      double at = 0;
      if (pass == 1) steps_.clear();
      for (const auto& s : harmony.steps) {
        hand = voice(s.chord, hand, v.low, v.high, v.voices);
        at += s.beats;
        steps_.push_back({s.chord.root, hand, at});
      }
    }
  }
  struct Now {
    int root;
    const std::vector<int>& notes;
    double left;  // beats until the next chord
  };
  Now at(double beat) const {
    constexpr double kHair = 1e-6;  // rounding must not find the last instant of the chord before
    const double in = std::fmod(beat - start_ + kHair, length_);
    for (const auto& s : steps_)
      if (in < s.until) return {s.root, s.notes, s.until - in + kHair};
    return {steps_.back().root, steps_.back().notes, 0};
  }

 private:
  struct Placed {
    int root;
    std::vector<int> notes;
    double until;
  };
  std::vector<Placed> steps_;
  double start_, length_;
};

}  // namespace

float Curve::at(double beat) const {
  if (points.empty()) return rest;
  if (beat <= points.front().first) return points.front().second;
  const auto after =
      std::upper_bound(points.begin(), points.end(), beat, [](double b, const auto& p) { return b < p.first; });
  if (after == points.end()) return points.back().second;
  const auto& [b1, v1] = *after;
  const auto& [b0, v0] = *std::prev(after);
  return b1 > b0 ? v0 + (v1 - v0) * static_cast<float>((beat - b0) / (b1 - b0)) : v1;
}

Part& Part::hits(Span span, std::string_view pattern, float pitch) {
  repeat(span, pattern, [&](double beat, const Step& s) {
    notes.push_back({beat, s.beats, pitch, static_cast<float>(s.digit) / 9.0f, 0});
  });
  return *this;
}

Part& Part::line(Span span, std::string_view text, int transpose) {
  sing(notes, span, text, [&](const std::string& word, double) { return static_cast<float>(note(word) + transpose); });
  return *this;
}

Part& Part::chords(Span span, const Harmony& h, std::string_view pattern) {
  const Changes changes(span, h, voicing);
  repeat(span, pattern, [&](double beat, const Step& s) {
    for (int p : changes.at(beat).notes)
      notes.push_back({beat, s.beats, static_cast<float>(p), static_cast<float>(s.digit) / 9.0f, 0});
  });
  return *this;
}

Part& Part::sustain(Span span, const Harmony& h, float velocity) {
  const Changes changes(span, h, voicing);
  for (double beat = span.beat; beat < span.end() - 1e-6;) {
    const auto now = changes.at(beat);
    const double beats = std::min(now.left, span.end() - beat);
    for (int p : now.notes) notes.push_back({beat, beats, static_cast<float>(p), velocity, 0});
    beat += beats;
  }
  return *this;
}

Part& Part::bass(Span span, const Harmony& h, std::string_view text) {
  const Changes changes(span, h, Voicing{});
  sing(notes, span, text, [&](const std::string& word, double beat) {
    const int root = voicing.low + (changes.at(beat).root - voicing.low % 12 + 12) % 12;
    return static_cast<float>(root + std::stoi(word));
  });
  return *this;
}

Part& Part::arp(Span span, const Harmony& h, std::string_view pattern, float velocity) {
  const Changes changes(span, h, voicing);
  repeat(span, pattern, [&](double beat, const Step& s) {
    const auto& chord = changes.at(beat).notes;
    const int n = static_cast<int>(chord.size());
    const float accent = std::fmod(beat + 1e-9, 1.0) < 0.01 ? 1.0f : 0.8f;
    notes.push_back({beat, s.beats,
                     static_cast<float>(chord[static_cast<std::size_t>(s.digit % n)] + 12 * (s.digit / n)),
                     velocity * accent, 0});
  });
  return *this;
}

Part& Part::add(double beat, double beats, float pitch, float velocity, int tone) {
  notes.push_back({beat, beats, pitch, velocity, tone});
  return *this;
}

Part& Part::clear(Span span) {
  std::erase_if(notes, [&](const Note& n) { return n.beat >= span.beat - 1e-9 && n.beat < span.end() - 1e-9; });
  return *this;
}

Span Song::section(std::string name, int count, float energy) {
  const Span span{4.0 * bars(), count};
  sections.push_back({std::move(name), span, energy});
  return span;
}

Part& Song::part(std::string name, Stem stem, Maker maker, const Strip& strip, const Voicing& voicing) {
  parts.push_back({});
  Part& p = parts.back();
  p.name = std::move(name);
  p.stem = stem;
  p.maker = std::move(maker);
  p.strip = strip;
  p.voicing = voicing;
  return p;
}

int Song::bars() const {
  int sum = 0;
  for (const Section& s : sections) sum += s.span.bars;
  return sum;
}

std::string Song::file_stem() const {
  char digits[16];
  std::snprintf(digits, sizeof digits, "%02d", number);
  return std::string(digits) + " - " + artist + " - " + title;
}

double swung(double beat, double swing) {
  const double eighth = std::floor(beat * 2.0 + 1e-9);
  const double in = std::max(0.0, beat * 2.0 - eighth);  // 0 to 1 within the eighth
  const double moved = in < 0.5 ? in * 2.0 * swing : swing + (in - 0.5) * 2.0 * (1.0 - swing);
  return (eighth + moved) / 2.0;
}

}  // namespace tactus::demo
