// 05: techno. A hard kick, a rolling low end under it, a hollow stab in dotted echoes, one slow chord turning over.
#include "demo/songs/songs.h"
#include "demo/songs/transitions.h"
#include "demo/sounds.h"

namespace tactus::demo {
namespace {

struct Form {
  Span intro, build, peak, pause, peak2, outro;
};

void drums(Song& s, const Form& f) {
  Part& kick = s.part("kick", Stem::drums,
                      make(Kick{.hz = 46, .start_hz = 360, .decay = 0.6f, .hold = 0.07f, .click = 0.5f, .drive = 3.5f}),
                      {.gain = -6});
  kick.loose_velocity = 0;
  for (Span span : {f.intro, f.build, f.peak, f.peak2, f.outro}) kick.hits(span.but_last(1), "9... 9... 9... 9...");
  for (Span span : {f.intro, f.peak2, f.outro}) kick.hits(span.last(1), "9... 9... 9... 9...");
  for (Span span : {f.build, f.peak}) kick.hits(span.last(1), "9... 9... 9... ....");
  Part& clap = s.part("clap", Stem::drums, make(Clap{.hz = 1500, .decay = 0.45f}), {.gain = -7, .reverb = 0.25f});
  for (Span span : {f.intro.last(8), f.build, f.peak, f.peak2, f.outro.first(8)})
    clap.hits(span, ".... 8... .... 8...");
  Part& open =
      s.part("open hat", Stem::drums, make(Hat{.hz = 7000, .decay = 0.5f, .metal = 0.7f}), {.gain = -5, .duck = 0.25f});
  for (Span span : {f.intro.last(12), f.build, f.peak, f.peak2, f.outro.first(12)})
    open.hits(span, "..8- ..8- ..8- ..8-");
  Part& hat = s.part("hat", Stem::drums, make(Hat{.hz = 9000, .decay = 0.07f, .metal = 0.7f, .pan = 0.2f}),
                     {.gain = -6, .duck = 0.2f});
  for (Span span : {f.intro.last(4), f.build, f.peak, f.pause.last(8), f.peak2, f.outro.first(8)})
    hat.hits(span, "5463 5463 5463 5464");
  Part& ride = s.part("ride", Stem::drums,
                      make(Cymbal{.hz = 5500, .decay = 0.8f, .metal = 0.75f, .ping = 0.15f, .width = 0.35f}),
                      {.gain = -14, .duck = 0.3f});
  for (Span span : {f.peak.last(8), f.peak2}) ride.hits(span, "7.6. 7.6. 7.6. 7.6.");
  Part& tom = s.part("tom", Stem::drums, make(Drum{.bend = 0.3f, .decay = 0.35f, .slap = 0.15f, .pan = -0.35f}),
                     {.gain = -10, .duck = 0.2f, .reverb = 0.35f, .delay = 0.2f});
  // Threes against fours: it comes round every three bars.
  for (Span span : {f.build, f.peak, f.peak2, f.outro.first(8)}) tom.hits(span, "..6 ... .5. ..6 ..4 ...", 52);
  Part& rim =
      s.part("rim", Stem::drums, make(Drum{.bend = 0.1f, .decay = 0.08f, .slap = 0.4f, .slap_hz = 4200, .pan = 0.4f}),
             {.gain = -13, .reverb = 0.3f, .delay = 0.3f});
  for (Span span : {f.intro.last(8), f.build, f.peak, f.peak2, f.outro}) rim.hits(span, "...5 ..6. ...4 .5..", 88);
}

void low_end(Song& s, const Form& f, const Harmony& h) {
  Part& rumble = s.part("rumble", Stem::bass,
                        make(Subtractive{.saws = 1,
                                         .sub = 1.2f,
                                         .sub_octave = 0,
                                         .attack = 0.008f,
                                         .decay = 0.5f,
                                         .sustain = 0.6f,
                                         .release = 0.08f,
                                         .cutoff = 150,
                                         .sweep = 1.6f,
                                         .sweep_decay = 0.2f,
                                         .drive = 1.4f}),
                        {.gain = -2, .duck = 0.8f}, {.low = 28});
  const char* roll = "-:1 0:1' 0:1! 0:1 -:1 0:1' 0:1! 0:1 -:1 0:1' 0:1! 0:1 -:1 0:1' 12:1! 0:1";
  for (Span span : {f.build, f.peak, f.peak2}) rumble.bass(span, h, roll);
  rumble.bass(f.outro.first(8), harmony("Em"), roll);
}

void machines(Song& s, const Form& f, const Harmony& h) {
  Part& stab =
      s.part("stab", Stem::other,
             make(Subtractive{.saws = 3,
                              .detune = 11,
                              .width = 0.6f,
                              .pulse = 0.4f,
                              .attack = 0.002f,
                              .decay = 0.4f,
                              .sustain = 0.1f,
                              .release = 0.2f,
                              .cutoff = 900,
                              .sweep = 2.5f,
                              .sweep_decay = 0.3f,
                              .resonance = 1.6f}),
             {.gain = -8, .duck = 0.45f, .reverb = 0.3f, .delay = 0.5f, .high_pass = 230}, {.low = 55, .high = 76});
  for (Span span : {f.intro.last(8), f.build, f.peak, f.peak2})
    stab.chords(span, h, "...7 .... ..6. .... ...7 .... ..6. .5..");
  stab.chords(f.pause, h, "...7 .... .... ....").chords(f.outro.first(12), harmony("Em7"), "...6 .... .... ....");
  stab.strip.cutoff =
      Curve{}.to(f.intro.last(8).beat, 400).to(f.build.beat, 1500).to(f.peak.beat, 9000).to(f.peak.end(), 12000);
  stab.strip.cutoff.to(f.pause.beat + 1, 900)
      .to(f.pause.end(), 12000)
      .to(f.peak2.end(), 12000)
      .to(f.outro.first(12).end(), 400);

  Part& sequence = s.part("sequence", Stem::other,
                          make(Subtractive{.saws = 1,
                                           .pulse = 0.5f,
                                           .attack = 0.001f,
                                           .decay = 0.25f,
                                           .sustain = 0.1f,
                                           .release = 0.06f,
                                           .cutoff = 700,
                                           .sweep = 2.8f,
                                           .sweep_decay = 0.2f,
                                           .resonance = 3}),
                          {.gain = -9, .pan = 0.15f, .duck = 0.35f, .reverb = 0.15f, .delay = 0.35f, .high_pass = 250},
                          {.low = 52, .high = 71, .voices = 4});
  const char* steps = "0.20 .1.3 0.2. 1.40";
  for (Span span : {f.build.last(8), f.peak, f.pause.last(8), f.peak2}) sequence.arp(span, h, steps, 0.8f);
  sequence.strip.cutoff = Curve{}.to(f.build.last(8).beat, 500).to(f.peak.beat, 5000).to(f.peak.end(), 9000);
  sequence.strip.cutoff.to(f.pause.last(8).beat, 400).to(f.pause.end(), 12000).to(f.peak2.end(), 14000);

  Part& bell = s.part("bell", Stem::other, make(Fm{.ratio = 2.76f, .index = 1.6f, .index_decay = 0.5f, .decay = 1.6f}),
                      {.gain = -13, .pan = -0.3f, .duck = 0.3f, .reverb = 0.5f, .delay = 0.5f, .high_pass = 500});
  for (Span span : {f.peak.last(8), f.peak2}) bell.line(span, "-:6 B5:2 -:8 -:6 G5:2 -:4 F#5:4 -:6 E5:2 -:8 -:16");

  Part& pad = s.part(
      "pad", Stem::other,
      make(Subtractive{
          .saws = 7, .detune = 18, .width = 1, .attack = 1.5f, .sustain = 0.95f, .release = 2.5f, .cutoff = 2200}),
      {.gain = -9, .duck = 0.6f, .reverb = 0.5f, .high_pass = 240}, {.low = 55, .high = 79});
  pad.sustain(f.pause, h, 0.9f).sustain(f.peak2, h, 0.6f).sustain(f.peak.last(8), h, 0.5f);
  pad.strip.cutoff = Curve{}.to(f.pause.beat, 500).to(f.pause.end(), 9000);
}

void voices(Song& s, const Form& f, const Harmony& h) {
  Part& chop = s.part("chops", Stem::vocals, make(Singer{.attack = 0.01f, .release = 0.12f, .vibrato = 0, .bright = 2}),
                      {.gain = -6, .duck = 0.2f, .reverb = 0.3f, .delay = 0.5f, .high_pass = 200});
  const char* words =
      "-:10 E4:1=ha -:1 G4:1=ho -:3 | -:16 | -:10 E4:1=ha -:1 B4:1=ha -:1 A4:2=ho | -:6 G4:1=da -:3 E4:2=ho -:4";
  for (Span span : {f.build.last(8), f.peak, f.peak2}) chop.line(span, words);
  Part& drone = s.part(
      "drone", Stem::vocals,
      make_choir(Singer{.attack = 0.9f, .release = 1.5f, .breath = 0.15f, .vibrato = 12, .detune = 14, .width = 0.9f}),
      {.gain = -9, .duck = 0.5f, .reverb = 0.55f, .high_pass = 160}, {.low = 52, .high = 71, .voices = 3});
  drone.sustain(f.pause, h, 0.9f).sustain(f.peak2.last(8), h, 0.6f);
  for (Note& n : drone.notes) n.tone = syllable(static_cast<int>(n.beat / 8) % 2 == 0 ? "o" : "u");
  Part& call =
      s.part("call", Stem::vocals, make(Singer{.attack = 0.15f, .release = 0.5f, .vibrato = 30, .vibrato_delay = 0.6f}),
             {.gain = -7, .reverb = 0.5f, .delay = 0.4f, .high_pass = 200});
  call.line(f.pause, "B4:12=a~ A4:4=a~ | G4:10=o -:6 | E4:6=o~ F#4:2=o~ G4:6=u~ F#4:2=u | E4:12=u -:4");
}

}  // namespace

Song techno() {
  Song s;
  s.number = 5;
  s.title = "Substation";
  s.artist = "Kelvin Drift";
  s.genre = "Techno";
  s.bpm = 128;
  s.key = {"E", true};
  s.lead_in = 0.05;
  s.rate = 44100;
  s.bits = 16;
  s.seed = 5;
  s.bus(Stem::drums).reverb = {.seconds = 1.2f, .size = 0.8f, .damping = 5000};
  s.bus(Stem::vocals).reverb = {.seconds = 3.2f, .size = 1.3f, .predelay = 0.035f};
  s.bus(Stem::other).reverb = {.seconds = 3, .size = 1.3f};
  Form f;
  f.intro = s.section("intro", 16, 0.4f);
  f.build = s.section("build", 16, 0.65f);
  f.peak = s.section("drop", 16, 0.9f);
  f.pause = s.section("break", 16, 0.35f);
  f.peak2 = s.section("drop", 16, 1);
  f.outro = s.section("outro", 16, 0.4f);
  s.highlight = 64;
  const Harmony h = harmony("Em7:16 Cmaj7:8 Am7:4 Em7:4");
  drums(s, f);
  low_end(s, f, harmony("Em"));
  machines(s, f, h);
  voices(s, f, h);
  transitions(s, {.rises = {f.build.last(4), f.pause.last(8)},
                  .falls = {f.peak.beat, f.pause.beat, f.peak2.beat, f.outro.beat},
                  .crashes = {f.build.beat, f.peak.beat, f.peak2.beat, f.outro.beat},
                  .booms = {f.pause.beat}});
  return s;
}

}  // namespace tactus::demo
