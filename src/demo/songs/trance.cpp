// 06: trance. Plucked sixteenths that open slowly, a long breakdown with a sung theme, then all saws at once.
#include "demo/songs/songs.h"
#include "demo/songs/transitions.h"
#include "demo/sounds.h"

namespace tactus::demo {
namespace {

struct Form {
  Span intro, build, pause, rise, drop, drop2, outro;
};

void drums(Song& s, const Form& f) {
  Part& kick = s.part("kick", Stem::drums,
                      make(Kick{.hz = 50, .start_hz = 380, .decay = 0.5f, .click = 0.6f, .drive = 3}), {.gain = -6});
  kick.loose_velocity = 0;
  for (Span span : {f.intro, f.build, f.drop, f.drop2, f.outro}) kick.hits(span, "9... 9... 9... 9...");
  Part& clap = s.part("clap", Stem::drums, make(Clap{.hz = 1400}), {.gain = -6, .reverb = 0.2f});
  for (Span span : {f.intro.last(8), f.build, f.drop, f.drop2, f.outro.first(8)})
    clap.hits(span, ".... 8... .... 8...");
  Part& snare = s.part("snare", Stem::drums, make(Snare{.hz = 185, .tone = 0.5f, .noise_hz = 2600}),
                       {.gain = -9, .reverb = 0.25f});
  snare.hits(f.rise.first(4), "6... 6... 6... 6...")
      .hits(f.rise.from(4, 2), "6.6. 6.6. 7.7. 7.7.")
      .hits(f.rise.last(2), "6666 6777 7788 8899");
  for (Span span : {f.drop, f.drop2}) snare.hits(span.last(1), ".... .... .... 7.78");
  Part& open =
      s.part("open hat", Stem::drums, make(Hat{.hz = 7500, .decay = 0.4f, .metal = 0.5f}), {.gain = -4, .duck = 0.2f});
  for (Span span : {f.intro.last(12), f.build, f.drop, f.drop2, f.outro.first(12)})
    open.hits(span, "..8- ..8- ..8- ..8-");
  Part& hat =
      s.part("hat", Stem::drums, make(Hat{.hz = 9000, .decay = 0.06f, .pan = -0.2f}), {.gain = -6, .duck = 0.15f});
  for (Span span : {f.intro, f.build, f.drop, f.drop2, f.outro}) hat.hits(span, "5364 5364 5364 5364");
  Part& ride =
      s.part("ride", Stem::drums, make(Cymbal{.hz = 6500, .decay = 0.7f, .metal = 0.6f, .ping = 0.15f, .width = 0.3f}),
             {.gain = -14, .duck = 0.3f});
  ride.hits(f.drop2, "..7. ..7. ..7. ..7.");
  Part& shaker = s.part("shaker", Stem::drums, make(Shaker{.pan = 0.4f}), {.gain = -11});
  for (Span span : {f.build, f.drop, f.drop2}) shaker.hits(span, "4374 4374 4374 4374");
}

void low_end(Song& s, const Form& f, const Harmony& h) {
  Part& bass = s.part("bass", Stem::bass,
                      make(Subtractive{.saws = 1,
                                       .sub = 0.8f,
                                       .sub_octave = 0,
                                       .attack = 0.003f,
                                       .decay = 0.4f,
                                       .sustain = 0.5f,
                                       .release = 0.05f,
                                       .cutoff = 420,
                                       .sweep = 2.4f,
                                       .sweep_decay = 0.22f,
                                       .resonance = 1,
                                       .drive = 0.8f}),
                      {.gain = -1, .duck = 0.75f}, {.low = 33});
  const char* roll = "-:1 0:1' 0:1! 0:1 -:1 0:1' 12:1! 0:1 -:1 0:1' 0:1! 0:1 -:1 0:1' 12:1! 12:1";
  for (Span span : {f.build, f.drop, f.drop2}) bass.bass(span, h, roll);
}

void saws(Song& s, const Form& f, const Harmony& h) {
  Part& pluck = s.part("pluck", Stem::other,
                       make(Subtractive{.saws = 3,
                                        .detune = 9,
                                        .width = 0.6f,
                                        .attack = 0.001f,
                                        .decay = 0.5f,
                                        .sustain = 0.05f,
                                        .release = 0.25f,
                                        .cutoff = 1500,
                                        .sweep = 2.6f,
                                        .sweep_decay = 0.3f,
                                        .resonance = 1}),
                       {.gain = -8, .duck = 0.35f, .reverb = 0.3f, .delay = 0.4f, .high_pass = 280},
                       {.low = 62, .high = 81, .voices = 3});
  const char* up = "0.12 .102 3.21 .012";
  for (Span span : {f.intro.last(8), f.build, f.pause.last(8), f.rise, f.drop, f.drop2}) pluck.arp(span, h, up);
  pluck.arp(f.outro.first(8), h, up, 0.6f);
  pluck.strip.cutoff = Curve{}
                           .to(f.intro.last(8).beat, 350)
                           .to(f.build.beat, 1500)
                           .to(f.build.end(), 9000)
                           .to(f.pause.last(8).beat, 600);
  pluck.strip.cutoff.to(f.rise.end(), 12000).to(f.drop2.end(), 14000).to(f.outro.first(8).end(), 350);

  Part& pad = s.part(
      "pad", Stem::other,
      make(Subtractive{
          .saws = 7, .detune = 14, .width = 1, .attack = 0.8f, .sustain = 0.95f, .release = 1.8f, .cutoff = 3000}),
      {.gain = -9, .duck = 0.6f, .reverb = 0.45f, .high_pass = 220}, {.low = 57, .high = 81});
  pad.sustain(f.pause, h, 0.8f).sustain(f.rise, h, 0.9f).sustain(f.build.last(8), h, 0.5f);
  pad.strip.cutoff = Curve{}.to(f.pause.beat, 1200).to(f.pause.end(), 5000).to(f.rise.end(), 15000);

  Part& wall = s.part("supersaw", Stem::other,
                      make(Subtractive{.saws = 7,
                                       .detune = 19,
                                       .width = 0.95f,
                                       .attack = 0.004f,
                                       .decay = 1,
                                       .sustain = 0.8f,
                                       .release = 0.3f,
                                       .cutoff = 6500}),
                      {.gain = -9, .duck = 0.7f, .reverb = 0.3f, .high_pass = 240}, {.low = 59, .high = 83});
  for (Span span : {f.drop, f.drop2}) wall.chords(span, h, "8-- 8-- 8-- 8-- 8- 8-");

  Part& lead = s.part("lead synth", Stem::other,
                      make(Subtractive{.saws = 5,
                                       .detune = 13,
                                       .width = 0.6f,
                                       .sub = 0.25f,
                                       .sub_octave = -1,
                                       .attack = 0.005f,
                                       .sustain = 0.85f,
                                       .release = 0.3f,
                                       .cutoff = 5500,
                                       .vibrato = 10}),
                      {.gain = -9, .duck = 0.35f, .reverb = 0.35f, .delay = 0.4f, .high_pass = 300});
  const char* theme =
      "F#5:3! D5:3 B4:2 C#5:4 D5:4 | B4:3! D5:3 G5:2 F#5:6 E5:2 | F#5:3! A5:3 F#5:2 E5:4 D5:4 | C#5:3! E5:3 A4:2 B4:4 "
      "C#5:4 | "
      "D5:3! F#5:3 B5:2 A5:4 F#5:4 | G5:3! F#5:3 D5:2 E5:6 D5:2 | F#5:3! D5:3 A4:2 D5:4 E5:4 | C#5:4 B4:4 A4:4 C#5:4";
  lead.line(f.drop, theme).line(f.drop2, theme);
  Part& octave = s.part("lead octave", Stem::other, lead.maker,
                        {.gain = -15, .duck = 0.35f, .reverb = 0.35f, .delay = 0.4f, .high_pass = 500});
  octave.line(f.drop2, theme, 12);
  Part& piano = s.part("piano", Stem::other, make(Fm{.index = 2, .index_decay = 0.9f, .tine = 0.15f, .decay = 4}),
                       {.gain = -7, .reverb = 0.35f, .delay = 0.2f, .high_pass = 180}, {.low = 55, .high = 78});
  piano.loose_ms = 4;
  piano.arp(f.pause, h, "0.1. 2.3. 2.1. 2.3.", 0.7f);
}

void voices(Song& s, const Form& f, const Harmony& h) {
  Part& lead = s.part("lead", Stem::vocals, make(Singer{.attack = 0.07f, .release = 0.4f, .vibrato = 26}),
                      {.gain = -4, .reverb = 0.45f, .delay = 0.35f, .high_pass = 200});
  const char* song =
      "F#4:6=o~ A4:2=o~ B4:6=a -:2 | D5:6=o~ C#5:2=o~ B4:6=u -:2 | A4:6=a~ B4:2=a~ D5:6=o -:2 | C#5:6=o~ B4:2=o~ "
      "A4:6=u -:2 | "
      "B4:6=o~ C#5:2=o~ D5:6=a -:2 | E5:6=a~ D5:2=a~ B4:6=o -:2 | F#5:6=a~ E5:2=a~ D5:6=o -:2 | C#5:4=o~ B4:4=o~ "
      "A4:4=u~ C#5:4=u";
  lead.line(f.pause, song).line(f.rise, song);
  Part& choir =
      s.part("choir", Stem::vocals, make_choir(Singer{.attack = 0.3f, .release = 0.7f, .width = 1}),
             {.gain = -11, .duck = 0.45f, .reverb = 0.5f, .high_pass = 240}, {.low = 59, .high = 78, .voices = 3});
  choir.sustain(f.pause.last(8), h, 0.7f).sustain(f.rise, h, 0.8f).sustain(f.drop2, h, 0.7f);
  Part& chop = s.part("chops", Stem::vocals, make(Singer{.attack = 0.01f, .release = 0.08f, .bright = 3}),
                      {.gain = -7, .duck = 0.25f, .reverb = 0.25f, .delay = 0.4f, .high_pass = 250});
  const char* ah = "-:2 F#5:1=da -:3 F#5:1=da -:1 D5:2=da -:6 | -:2 D5:1=da -:3 D5:1=da -:1 B4:2=da -:6";
  chop.line(f.build.last(8), ah).line(f.drop, ah).line(f.drop2, ah);
}

}  // namespace

Song trance() {
  Song s;
  s.number = 6;
  s.title = "Ten Thousand Lanterns";
  s.artist = "Aurelia Fen";
  s.genre = "Trance";
  s.bpm = 132;
  s.key = {"B", true};
  s.lead_in = 0.2;
  s.rate = 48000;
  s.bits = 24;
  s.seed = 6;
  s.bus(Stem::drums).reverb = {.seconds = 1, .size = 0.7f, .damping = 6500};
  s.bus(Stem::vocals).reverb = {.seconds = 3, .size = 1.2f, .predelay = 0.03f};
  s.bus(Stem::other).reverb = {.seconds = 2.6f, .size = 1.2f, .damping = 6500};
  Form f;
  f.intro = s.section("intro", 16, 0.35f);
  f.build = s.section("build", 16, 0.7f);
  f.pause = s.section("break", 16, 0.35f);
  f.rise = s.section("rise", 8, 0.6f);
  f.drop = s.section("drop", 16, 1);
  f.drop2 = s.section("drop", 16, 1);
  f.outro = s.section("outro", 16, 0.35f);
  s.highlight = 56;
  const Harmony h = harmony("Bm G D A Bm G Em F#m");
  drums(s, f);
  low_end(s, f, h);
  saws(s, f, h);
  voices(s, f, h);
  transitions(s, {.rises = {f.build.last(4), f.rise},
                  .falls = {f.build.beat, f.pause.beat, f.drop.beat, f.outro.beat},
                  .crashes = {f.build.beat, f.drop.beat, f.drop2.beat, f.outro.beat},
                  .booms = {f.pause.beat}});
  return s;
}

}  // namespace tactus::demo
