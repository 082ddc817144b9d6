// 04: breakbeat. A chopped-up drum kit, a squelching acid line, bright stabs, a shouted hook.
#include "demo/songs/songs.h"
#include "demo/songs/transitions.h"
#include "demo/sounds.h"

namespace tactus::demo {
namespace {

struct Form {
  Span intro, first, pause, second, lull, drop, outro;
};

void drums(Song& s, const Form& f) {
  Part& kick =
      s.part("kick", Stem::drums, make(Kick{.hz = 56, .start_hz = 260, .decay = 0.42f, .hold = 0.045f, .click = 0.5f}),
             {.gain = -5});
  kick.loose_velocity = 0;
  const char* kicks = "9.7. .... ..9. .... 9.7. .... .6.9 ....";
  const char* fill = "9.7. .... ..9. ..7.";
  Part& snare = s.part("snare", Stem::drums,
                       make(Snare{.hz = 215, .tone = 0.6f, .noise_decay = 0.36f, .noise_hz = 2500, .snap = 0.6f}),
                       {.gain = -3.5f, .reverb = 0.14f, .drive = 0.5f});
  const char* snares = ".... 9..3 .3.. 9..2 .... 9..3 .3.. 9.4.";
  const char* roll = ".... 9..3 .5.6 7.89";
  Part& hat =
      s.part("hat", Stem::drums, make(Hat{.hz = 7600, .decay = 0.11f, .metal = 0.5f, .pan = -0.2f}), {.gain = -2});
  Part& ride =
      s.part("ride", Stem::drums, make(Cymbal{.hz = 6000, .decay = 0.9f, .metal = 0.7f, .ping = 0.25f, .width = 0.3f}),
             {.gain = -12});
  Part& open =
      s.part("open hat", Stem::drums, make(Hat{.hz = 6800, .decay = 0.45f, .metal = 0.5f, .pan = -0.2f}), {.gain = -5});
  for (Span span : {f.intro, f.first, f.second, f.drop, f.outro}) {
    kick.hits(span.but_last(1), kicks).hits(span.last(1), fill);
    snare.hits(span.but_last(1), snares).hits(span.last(1), roll);
    hat.hits(span, "7.5. 7.54 7.5. 7.5. 7.5. 7.5. 754. 7.5.");
  }
  for (Span span : {f.first, f.second, f.drop}) open.hits(span, ".... ..7- .... .... .... ..7- .... ..6-");
  for (Span span : {f.second, f.drop}) ride.hits(span, "7.5. 7.5. 7.5. 7.5.");
  snare.hits(f.lull.last(2), "3.4. 4.5. 5.5. 6.6. 6666 7777 8888 8899");
  Part& tom =
      s.part("toms", Stem::drums, make(Drum{.bend = 0.5f, .decay = 0.5f, .pan = 0.3f}), {.gain = -8, .reverb = 0.2f});
  for (Span span : {f.first, f.second, f.drop}) {
    tom.hits(span.last(1), ".... .... .7.. ....", 55)
        .hits(span.last(1), ".... .... .... 7...", 50)
        .hits(span.last(1), ".... .... .... ..8.", 45);
  }
  Part& shaker = s.part("shaker", Stem::drums, make(Shaker{}), {.gain = -8});
  for (Span span : {f.first.last(8), f.second, f.pause, f.drop}) shaker.hits(span, "5364 5364 5364 5364");
}

void low_end(Song& s, const Form& f, const Harmony& h) {
  Part& bass = s.part("bass", Stem::bass,
                      make(Subtractive{.saws = 2,
                                       .detune = 9,
                                       .width = 0,
                                       .sub = 1,
                                       .sub_octave = 0,
                                       .attack = 0.004f,
                                       .decay = 0.9f,
                                       .sustain = 0.6f,
                                       .release = 0.08f,
                                       .cutoff = 340,
                                       .sweep = 2.6f,
                                       .sweep_decay = 0.35f,
                                       .resonance = 1.2f,
                                       .drive = 1.2f}),
                      {.gain = -3, .duck = 0.45f}, {.low = 33});
  const char* riff =
      "0:2! -:1 0:1 -:2 12:1! -:1 0:2 -:1 10:1 12:2 7:2' | 0:2! -:1 0:1 -:2 12:1! -:1 0:1 0:1 -:1 7:1 10:2 12:2'";
  bass.bass(f.first, h, riff).bass(f.second, h, riff).bass(f.drop, h, riff);

  Part& acid = s.part("acid", Stem::other, make(Acid{}),
                      {.gain = -7, .pan = -0.1f, .duck = 0.2f, .reverb = 0.12f, .delay = 0.25f, .high_pass = 180});
  const char* line = "A3:1! A3:1 -:1 C4:1~ A3:1 -:1 E3:1 G3:1! | A3:1 -:1 A4:1!~ G4:1 -:1 E4:1 D4:1~ C4:1 ";
  for (Span span : {f.intro.last(8), f.second, f.lull, f.drop}) acid.line(span, line);
  acid.strip.cutoff =
      Curve{}.to(f.intro.last(8).beat, 300).to(f.intro.end(), 4000).to(f.second.beat, 900).to(f.second.end(), 6000);
  acid.strip.cutoff.to(f.lull.beat, 500).to(f.lull.end(), 9000).to(f.drop.end(), 9000);
}

void harmony_parts(Song& s, const Form& f, const Harmony& h) {
  Part& stab =
      s.part("stab", Stem::other,
             make(Subtractive{.saws = 5,
                              .detune = 16,
                              .width = 0.7f,
                              .pulse = 0.4f,
                              .attack = 0.002f,
                              .decay = 0.55f,
                              .sustain = 0.25f,
                              .release = 0.2f,
                              .cutoff = 1400,
                              .sweep = 2.6f,
                              .sweep_decay = 0.4f,
                              .resonance = 0.9f}),
             {.gain = -8, .duck = 0.3f, .reverb = 0.25f, .delay = 0.2f, .high_pass = 220}, {.low = 57, .high = 79});
  for (Span span : {f.first.last(8), f.second, f.drop}) stab.chords(span, h, "8-.. ..7- .... 7-.. ..6. ..7- .8.. 7-..");

  Part& piano =
      s.part("piano", Stem::other, make(Fm{.ratio = 1, .index = 2.2f, .index_decay = 0.8f, .tine = 0.12f, .decay = 3}),
             {.gain = -7, .duck = 0.2f, .reverb = 0.25f, .high_pass = 170}, {.low = 57, .high = 77});
  piano.loose_ms = 3;
  piano.chords(f.pause, h, "8--- ..7- ..7- ..7-")
      .chords(f.lull, h, "8--- ..7- ..7- ..7-")
      .chords(f.drop, h, "7--- ..6- .... ..6-");
  piano.chords(f.first.first(8), h, "7--- ---- ---- ----");

  Part& pad = s.part(
      "pad", Stem::other,
      make(Subtractive{
          .saws = 7, .detune = 15, .width = 0.95f, .attack = 0.5f, .sustain = 0.9f, .release = 1.5f, .cutoff = 3200}),
      {.gain = -11, .duck = 0.4f, .reverb = 0.45f, .high_pass = 260}, {.low = 60, .high = 84});
  pad.sustain(f.pause, h, 0.8f).sustain(f.lull, h, 0.85f).sustain(f.drop, h, 0.65f);
  pad.strip.cutoff =
      Curve{}.to(f.pause.beat, 900).to(f.pause.end(), 9000).to(f.lull.beat, 1200).to(f.lull.end(), 14000);

  Part& lead = s.part("lead synth", Stem::other,
                      make(Subtractive{.saws = 3,
                                       .detune = 10,
                                       .width = 0.5f,
                                       .attack = 0.01f,
                                       .sustain = 0.8f,
                                       .release = 0.25f,
                                       .cutoff = 2600,
                                       .sweep = 1,
                                       .sweep_decay = 0.3f,
                                       .vibrato = 14}),
                      {.gain = -11, .duck = 0.2f, .reverb = 0.3f, .delay = 0.4f, .high_pass = 300});
  lead.line(f.drop,
            "E5:3 D5:1 C5:2 D5:2 E5:6 -:2 | G5:3 E5:1 D5:2 C5:2 A4:6 -:2 | F5:3 E5:1 D5:2 C5:2 D5:6 -:2 | B4:3 C5:1 "
            "D5:2 B4:2 A4:6 -:2");
}

void voices(Song& s, const Form& f, const Harmony& h) {
  Part& shout =
      s.part("shout", Stem::vocals, make(Singer{.attack = 0.012f, .release = 0.1f, .vibrato = 8, .bright = 4}),
             {.gain = -5, .reverb = 0.2f, .delay = 0.35f, .drive = 0.5f, .high_pass = 220});
  const char* hook = "-:4 A4:2=ha -:1 C5:1=da -:2 D5:2=ha -:4 | -:4 A4:1=da A4:1=da C5:2=ha -:2 E5:3=ha~ D5:1=a -:2";
  shout.line(f.first.last(8), hook).line(f.second.last(8), hook).line(f.drop, hook);
  Part& soul = s.part("soul", Stem::vocals, make(Singer{.attack = 0.05f, .release = 0.3f, .vibrato = 30}),
                      {.gain = -6, .duck = 0.1f, .reverb = 0.4f, .delay = 0.3f, .high_pass = 180});
  const char* tune =
      "E5:6=o~ D5:2=o~ C5:4=a~ A4:4=a | C5:4=o~ A4:2=o~ G4:2=o~ A4:6=u -:2 | D5:6=a~ E5:2=a~ F5:4=o~ E5:4=o | D5:4=o~ "
      "B4:4=o~ A4:6=u -:2";
  soul.line(f.pause, tune).line(f.lull, tune);
  Part& choir =
      s.part("choir", Stem::vocals, make_choir(Singer{.attack = 0.3f, .release = 0.6f, .width = 1}),
             {.gain = -13, .duck = 0.3f, .reverb = 0.5f, .high_pass = 260}, {.low = 60, .high = 77, .voices = 3});
  choir.sustain(f.lull, h, 0.8f).sustain(f.drop.last(8), h, 0.7f);
}

}  // namespace

Song breakbeat() {
  Song s;
  s.number = 4;
  s.title = "Paper Rockets";
  s.artist = "Odd Meridian";
  s.genre = "Breakbeat";
  s.bpm = 126;
  s.key = {"A", true};
  s.lead_in = 0.3125;
  s.swing = 0.52;
  s.rate = 48000;
  s.bits = 16;
  s.seed = 4;
  s.bus(Stem::drums).reverb = {.seconds = 0.7f, .size = 0.5f, .damping = 7500};
  s.bus(Stem::vocals).reverb = {.seconds = 2.2f, .predelay = 0.03f};
  s.bus(Stem::other).reverb = {.seconds = 2, .damping = 6000};
  Form f;
  f.intro = s.section("intro", 16, 0.3f);
  f.first = s.section("groove", 16, 0.7f);
  f.pause = s.section("break", 8, 0.4f);
  f.second = s.section("groove", 16, 0.85f);
  f.lull = s.section("break", 8, 0.4f);
  f.drop = s.section("drop", 16, 1);
  f.outro = s.section("outro", 8, 0.3f);
  s.highlight = 64;
  const Harmony h = harmony("Am9 Fmaj7 Dm9 Em7");
  drums(s, f);
  low_end(s, f, h);
  harmony_parts(s, f, h);
  voices(s, f, h);
  transitions(s, {.rises = {f.intro.last(2), f.pause.last(4), f.lull.last(4)},
                  .falls = {f.pause.beat, f.second.beat, f.drop.beat, f.outro.beat},
                  .crashes = {f.first.beat, f.second.beat, f.drop.beat, f.drop.from(8, 8).beat, f.outro.beat},
                  .booms = {f.pause.beat, f.lull.beat}});
  return s;
}

}  // namespace tactus::demo
