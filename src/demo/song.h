// A score: what the demo crate's composers write and the renderer plays. Beats count from the first downbeat, 4 to a
// bar; levels in dB; nothing here makes sound. Built by one thread; patterns that don't parse throw
// std::invalid_argument (they are our own, and a test builds them all).
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "demo/effects.h"
#include "demo/harmony.h"
#include "demo/instrument.h"

namespace tactus::demo {

enum class Stem { vocals, drums, bass, other };
constexpr int kStems = 4;
constexpr std::array<const char*, kStems> kStemNames{"vocals", "drums", "bass", "other"};

struct Note {
  double beat = 0;
  double beats = 1;
  float pitch = 60;    // MIDI
  float velocity = 1;  // 0 to 1
  int tone = 0;        // see Event
};

// A run of bars. `beat` is where it starts.
struct Span {
  double beat = 0;
  int bars = 0;
  double end() const { return beat + 4.0 * bars; }
  Span from(int bar, int count) const { return {beat + 4.0 * bar, count}; }
  Span first(int count) const { return from(0, count); }
  Span last(int count) const { return from(bars - count, count); }
  Span but_last(int count) const { return from(0, bars - count); }
  Span but_first(int count) const { return from(count, bars - count); }
  Span with(const Span& next) const { return {beat, bars + next.bars}; }  // `next` follows at once
};

// Straight lines between points {beat, value}; constant before the first and after the last; empty: always `rest`.
struct Curve {
  float rest = 0;
  std::vector<std::pair<double, float>> points = {};
  // Ascending beats. A jump is two points at one beat.
  Curve& to(double beat, float value) {
    points.emplace_back(beat, value);
    return *this;
  }
  float at(double beat) const;
};

// A part's channel.
struct Strip {
  float gain = 0;       // dB
  float pan = 0;        // -1 left to 1 right
  float width = 1;      // 0 mono, 1 as played, up to 1.5
  float duck = 0;       // 0 to 1: how far a kick pushes it down
  float reverb = 0;     // send, linear
  float delay = 0;      // send, linear
  float drive = 0;      // 0 clean to 3
  float chorus = 0;     // 0 to 1
  float high_pass = 0;  // Hz; 0 none
  float resonance = 0.8f;
  Curve fade = {};         // dB
  Curve cutoff = {};       // Hz of a low-pass, moving in octaves; no points: none
  Curve throws = {1, {}};  // factor on the delay send
};

// How chords are laid out in a part.
struct Voicing {
  int low = 52, high = 76, voices = 4;
};

struct Part {
  std::string name;
  Stem stem = Stem::other;
  Maker maker;
  Strip strip;
  Voicing voicing;
  float loose_velocity = 0.08f;  // humanisation: share of the velocity
  float loose_ms = 0;            // and of time, either way; 0 keeps the grid to the frame
  bool swung = true;
  std::vector<Note> notes;

  // Sixteenths: a digit starts a note of that velocity (9 = full), '-' holds it, '.' rests, ' ' and '|' are for the
  // eye. Repeats to fill the span.
  Part& hits(Span span, std::string_view pattern, float pitch = 60);
  // Words "PITCH:SIXTEENTHS", '-' as a rest; "A4:2", "A4:2=da" with a syllable; a trailing '!' accents, '\'' softens,
  // '~' ties to the next note. Repeats.
  Part& line(Span span, std::string_view text, int transpose = 0);
  // Each chord, voice-led, in the rhythm of `pattern` as in hits(). Repeats both.
  Part& chords(Span span, const Harmony& harmony, std::string_view pattern);
  // Each chord held until the next.
  Part& sustain(Span span, const Harmony& harmony, float velocity = 0.8f);
  // line() with semitones above the chord's root instead of names: "0:2 -:1 12:1". The root lies in
  // [voicing.low, voicing.low + 11].
  Part& bass(Span span, const Harmony& harmony, std::string_view text);
  // Sixteenths as in hits(), where a digit is the chord's n-th voice from below, an octave up when there are fewer.
  Part& arp(Span span, const Harmony& harmony, std::string_view pattern, float velocity = 0.75f);
  // One note.
  Part& add(double beat, double beats, float pitch = 60, float velocity = 1, int tone = 0);
  // Drops what starts in the span: room for a fill.
  Part& clear(Span span);
};

struct Section {
  std::string name;
  Span span;
  float energy = 0.5f;  // 0 to 1
};

struct Bus {
  float gain = 0;  // dB
  ReverbSettings reverb = {};
  DelaySettings delay = {};
  float limit = -4;  // dB: the stem's own peak limiter
};

struct Song {
  int number = 1;
  std::string title, artist, genre;
  double bpm = 120;
  Key key;
  double lead_in = 0.1;  // seconds before the first downbeat
  double swing = 0.5;    // where the second sixteenth of each eighth falls; 0.5 straight
  int rate = 48000;
  int bits = 24;
  float loudness = -11;  // LUFS aimed at, if the true peak allows
  std::uint32_t seed = 1;
  int highlight = 0;  // first bar of the best part: where a short version starts
  std::array<Bus, kStems> buses{{{.limit = -8}, {.limit = -6}, {.limit = -10}, {.limit = -8.5f}}};
  std::vector<Section> sections;
  std::deque<Part> parts;  // a deque: references stay good

  Span section(std::string name, int bars, float energy);
  Part& part(std::string name, Stem stem, Maker maker, const Strip& strip = {}, const Voicing& voicing = {});
  int bars() const;
  Bus& bus(Stem stem) { return buses[static_cast<std::size_t>(stem)]; }
  std::string file_stem() const;  // "03 - Artist - Title"
};

// The beat at which a note written at `beat` sounds: the off-beat sixteenths late, all others where they are.
double swung(double beat, double swing);

// All songs, in playing order; `number` counts from 1.
std::vector<Song> all_songs();

}  // namespace tactus::demo
