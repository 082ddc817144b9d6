// The sounds of the demo crate, all synthesised: each struct holds one instrument's settings, and `make` turns it into
// a Maker. Levels: one note at full velocity peaks near 0.5 (drums near 0.9), before the channel strip.
// Times in seconds (decays and releases: by 60 dB), frequencies in Hz, detune in cents.
#pragma once

#include "demo/instrument.h"

namespace tactus::demo {

// Subtractive synthesis: pads, strings, leads, brass, plucks and basses.
struct Subtractive {
  int saws = 1;      // 1 to 9, spread over the stereo field by `width`
  float detune = 0;  // cents of the outermost saws
  float width = 0;   // 0 = mono
  float pulse = 0;   // level of a pulse wave
  float pulse_width = 0.5f;
  float sub = 0;  // level of a sine one octave down (sub_octave 0: at the pitch)
  int sub_octave = -1;
  float attack = 0.005f, decay = 0.3f, sustain = 0.7f, release = 0.2f;
  float cutoff = 2000;  // of the low-pass at rest
  float sweep = 0;      // octaves that the envelope opens it
  float sweep_attack = 0.002f, sweep_decay = 0.2f, sweep_sustain = 0;
  float resonance = 0.7f;  // Q
  float tracking = 0.3f;   // octaves of cutoff for an octave of pitch above C4
  float vibrato = 0;       // cents, after a third of a second
  float drive = 0;         // 0 = clean
};
Maker make(const Subtractive& sound);

// Two-operator frequency modulation (Chowning 1973): electric pianos, bells, mallets, hollow stabs.
struct Fm {
  float ratio = 1, index = 1.5f, index_decay = 0.6f, index_floor = 0.2f;
  float tine = 0, tine_ratio = 14, tine_decay = 0.12f;  // the metal of an electric piano's attack
  float attack = 0.002f, decay = 2.5f, sustain = 0, release = 0.25f;
  float tremolo = 0, tremolo_hz = 4.6f;  // stereo
  float width = 0.3f;                    // slow detune between the sides
};
Maker make(const Fm& sound);

// Drawbars 16', 8', 4', 2 2/3', 2' with a percussive click: house organ.
struct Organ {
  float bars[5] = {0.5f, 1, 0.4f, 0.25f, 0.15f};
  float attack = 0.002f, decay = 0.6f, sustain = 0.5f, release = 0.08f, click = 0.3f;
};
Maker make(const Organ& sound);

// A plucked string (Karplus and Strong 1983) with an optional envelope wah: funk guitar, muted plucks.
struct String {
  float decay = 0.8f, damping = 0.5f, release = 0.05f, wah = 0, pick = 0.13f;
};
Maker make(const String& sound);

// A resonant mono bass line with accents (velocity above 0.8) and slides (notes that touch).
struct Acid {
  float cutoff = 300, sweep = 3.2f, decay = 0.22f, resonance = 7, drive = 1.5f, pulse = 0;
  float glide = 0.06f;
};
Maker make(const Acid& sound);

// A sung voice: two detuned glottal sources through formants (female averages of Peterson and Barney 1952), with
// vibrato, breath and consonant-like starts. Event::tone is a syllable(). Notes that touch are tied.
struct Singer {
  float attack = 0.03f, release = 0.12f, breath = 0.06f;
  float vibrato = 22, vibrato_delay = 0.25f;
  float detune = 7, width = 0.25f, glide = 0.05f, bright = 0;  // bright: dB added to formants 3 and 4
};
Maker make(const Singer& sound);        // one singer
Maker make_choir(const Singer& sound);  // a singer for each note
// "a", "o", "u", "e", "i", with "d", "b", "y", "w", "h" before; throws std::invalid_argument for anything else.
int syllable(const char* text);

// --- drums (pitch matters only where said; Event::length matters only to hats)
struct Kick {
  float hz = 50, start_hz = 330, sweep = 0.04f, decay = 0.6f, hold = 0.06f, click = 0.35f, drive = 2.4f;
};
Maker make(const Kick& sound);
struct Snare {
  float hz = 190, tone = 0.55f, tone_decay = 0.25f, noise = 0.6f, noise_decay = 0.35f, noise_hz = 2400, snap = 0.4f;
};
Maker make(const Snare& sound);
struct Clap {
  float hz = 1250, decay = 0.38f, spread = 0.010f, width = 0.5f;
};
Maker make(const Clap& sound);
struct Hat {
  float hz = 8200, decay = 0.09f, metal = 0.6f, tune = 1, pan = 0;
};
Maker make(const Hat& sound);
struct Cymbal {  // crash and ride
  float hz = 4500, decay = 2.2f, metal = 0.5f, tune = 1.4f, ping = 0, width = 0.7f, attack = 0.001f;
};
Maker make(const Cymbal& sound);
struct Drum {  // toms, congas, rims, blocks: pitch is Event::pitch
  float bend = 0.4f, bend_time = 0.06f, decay = 0.4f, slap = 0.2f, slap_hz = 2500, overtone = 0.2f, pan = 0;
};
Maker make(const Drum& sound);
struct Shaker {
  float hz = 6500, decay = 0.1f, attack = 0.012f, pan = 0.2f;
};
Maker make(const Shaker& sound);

// --- transitions: over the whole length of the event
struct Riser {
  float from_hz = 400, to_hz = 9000, tone = 0.2f;
};
Maker make(const Riser& sound);
struct Impact {
  float hz = 42, decay = 2.5f, noise = 0.3f;
};
Maker make(const Impact& sound);

}  // namespace tactus::demo
