// 07: liquid drum and bass at 174. Long major ninths over a fast kit, a deep sub, a voice at half the speed.
#include "demo/songs/songs.h"
#include "demo/songs/transitions.h"
#include "demo/sounds.h"

namespace tactus::demo {
namespace {

struct Form {
  Span intro, build, drop, pause, drop2, outro;
};

void drums(Song& s, const Form& f) {
  Part& kick = s.part(
      "kick", Stem::drums,
      make(Kick{.hz = 58, .start_hz = 300, .decay = 0.38f, .hold = 0.04f, .click = 0.5f, .drive = 2.8f}), {.gain = -5});
  kick.loose_velocity = 0;
  Part& snare = s.part(
      "snare", Stem::drums,
      make(Snare{.hz = 200, .tone = 0.7f, .tone_decay = 0.22f, .noise_decay = 0.3f, .noise_hz = 2900, .snap = 0.7f}),
      {.gain = -4, .reverb = 0.12f, .drive = 0.6f});
  Part& ghost =
      s.part("ghosts", Stem::drums, make(Snare{.hz = 240, .tone = 0.4f, .noise_decay = 0.16f, .noise_hz = 3400}),
             {.gain = -8, .pan = -0.15f});
  for (Span span : {f.intro, f.drop, f.drop2, f.outro}) {
    kick.hits(span.but_last(1), "9... .... ..9. .... 9... .... ..9. ..5.").hits(span.last(1), "9... ..7. ..9. ....");
    snare.hits(span.but_last(1), ".... 9... .... 9...").hits(span.last(1), ".... 9... .... 9.79");
  }
  kick.hits(f.build, "9... .... .... ....");
  snare.hits(f.build.last(4), ".... 7... .... 7...");
  for (Span span : {f.intro.last(8), f.drop, f.drop2, f.outro.first(8)})
    ghost.hits(span, "...3 ..4. .4.3 ...4 ..3. ..4. .4.. ..54");
  Part& hat =
      s.part("hat", Stem::drums, make(Hat{.hz = 8000, .decay = 0.1f, .metal = 0.45f, .pan = 0.2f}), {.gain = -6});
  for (Span span : {f.intro, f.build.last(8), f.drop, f.drop2, f.outro}) hat.hits(span, "7.5. 7.54 7.5. 7.5.");
  Part& ride =
      s.part("ride", Stem::drums, make(Cymbal{.hz = 6000, .decay = 0.8f, .metal = 0.65f, .ping = 0.2f, .width = 0.35f}),
             {.gain = -14});
  for (Span span : {f.drop.last(16), f.drop2}) ride.hits(span, "7.5. 7.5. 7.5. 7.5.");
  Part& shaker = s.part("shaker", Stem::drums, make(Shaker{.decay = 0.08f, .pan = -0.35f}), {.gain = -10});
  for (Span span : {f.build, f.drop, f.pause.last(8), f.drop2}) shaker.hits(span, "4273 4273 4273 4273");
}

void low_end(Song& s, const Form& f, const Harmony& h) {
  Part& sub = s.part("sub", Stem::bass,
                     make(Subtractive{.saws = 0,
                                      .sub = 1.5f,
                                      .sub_octave = 0,
                                      .attack = 0.008f,
                                      .decay = 2,
                                      .sustain = 0.8f,
                                      .release = 0.12f,
                                      .cutoff = 200,
                                      .drive = 0.8f}),
                     {.gain = -3, .duck = 0.5f}, {.low = 29});
  Part& reese = s.part("reese", Stem::bass,
                       make(Subtractive{.saws = 3,
                                        .detune = 16,
                                        .width = 0,
                                        .attack = 0.01f,
                                        .sustain = 0.85f,
                                        .release = 0.15f,
                                        .cutoff = 480,
                                        .sweep = 1.4f,
                                        .sweep_attack = 0.15f,
                                        .sweep_decay = 0.8f,
                                        .sweep_sustain = 0.3f,
                                        .drive = 0.8f}),
                       {.gain = -7, .duck = 0.4f, .high_pass = 90}, {.low = 41});
  const char* line = "0:6! -:2 0:2 -:4 7:2' | 0:4! -:4 0:4 7:2 12:2'";
  for (Span span : {f.drop, f.drop2}) {
    sub.bass(span, h, line);
    reese.bass(span, h, line);
  }
  sub.bass(f.build.last(8), h, "0:14");
  sub.bass(f.pause.last(8), h, "0:14");
}

void harmony_parts(Song& s, const Form& f, const Harmony& h) {
  Part& keys =
      s.part("electric piano", Stem::other, make(Fm{.index = 1.7f, .tine = 0.3f, .decay = 4, .tremolo = 0.25f}),
             {.gain = -7, .duck = 0.2f, .reverb = 0.3f, .delay = 0.15f, .chorus = 0.4f, .high_pass = 150},
             {.low = 53, .high = 76});
  keys.loose_ms = 4;
  const char* slow = "7--- ---- --.. 5--- ..5- ---- ---- ----";
  for (Span span : {f.build, f.drop, f.pause, f.drop2}) keys.chords(span, h, slow);
  keys.chords(f.intro.last(8), h, "6--- ---- ---- ---- .... .... .... ....")
      .chords(f.outro.first(8), h, "6--- ---- ---- ---- .... .... .... ....");

  Part& pad = s.part(
      "pad", Stem::other,
      make(Subtractive{
          .saws = 7, .detune = 14, .width = 1, .attack = 0.8f, .sustain = 0.9f, .release = 1.6f, .cutoff = 3200}),
      {.gain = -10, .duck = 0.35f, .reverb = 0.45f, .high_pass = 240}, {.low = 57, .high = 81});
  for (Span span : {f.build, f.drop, f.pause, f.drop2}) pad.sustain(span, h, 0.75f);
  pad.strip.cutoff = Curve{}
                         .to(f.build.beat, 500)
                         .to(f.build.end(), 6000)
                         .to(f.drop.end(), 6000)
                         .to(f.pause.beat + 2, 1200)
                         .to(f.pause.end(), 12000);

  Part& pluck = s.part("pluck", Stem::other, make(String{.decay = 1.4f, .damping = 0.4f, .pick = 0.2f}),
                       {.gain = -5, .pan = 0.25f, .duck = 0.15f, .reverb = 0.35f, .delay = 0.4f, .high_pass = 280},
                       {.low = 65, .high = 84});
  for (Span span : {f.build.last(8), f.drop, f.drop2})
    pluck.arp(span, h, "0..1 ..2. .3.. 2..1 ..0. .2.. 3..2 ..1.", 0.75f);
  Part& strings = s.part("strings", Stem::other,
                         make(Subtractive{.saws = 7,
                                          .detune = 12,
                                          .width = 0.9f,
                                          .attack = 0.2f,
                                          .sustain = 0.9f,
                                          .release = 0.9f,
                                          .cutoff = 5000,
                                          .vibrato = 12}),
                         {.gain = -10, .duck = 0.25f, .reverb = 0.45f, .high_pass = 320});
  const char* theme = "A5:12 G5:4 F5:12 E5:4 | F5:8 A5:8 D5:16 | D5:12 F5:4 A5:12 Bb5:4 | A5:8 G5:8 C6:16";
  strings.line(f.drop.last(16), theme).line(f.drop2, theme);
  Part& bell = s.part("bell", Stem::other, make(Fm{.ratio = 4, .index = 0.8f, .index_decay = 0.4f, .decay = 1.6f}),
                      {.gain = -12, .pan = -0.3f, .reverb = 0.5f, .delay = 0.45f, .high_pass = 500},
                      {.low = 77, .high = 96, .voices = 3});
  bell.arp(f.pause, h, "0... ..1. ...2 .... ..1. .... 0... ....", 0.6f);
}

void voices(Song& s, const Form& f, const Harmony& h) {
  Part& lead = s.part("lead", Stem::vocals, make(Singer{.attack = 0.06f, .release = 0.35f, .vibrato = 24}),
                      {.gain = -4, .duck = 0.1f, .reverb = 0.4f, .delay = 0.3f, .high_pass = 190});
  const char* song =
      "A4:8=o~ C5:4=o~ A4:4=u -:16 | F4:8=o~ A4:4=o~ D5:12=u -:8 | D5:8=a~ C5:4=a~ A4:8=o -:12 | G4:8=o~ F4:4=u~ "
      "G4:12=u -:8 | "
      "C5:8=a~ D5:4=a~ F5:12=a -:8 | F5:8=o~ D5:4=o~ A4:12=u -:8 | D5:8=a~ F5:4=a~ D5:8=o -:12 | C5:8=o~ A4:4=o~ "
      "G4:12=u -:8";
  lead.line(f.pause, song).line(f.drop.last(16), song).line(f.drop2.last(16), song);
  Part& chop = s.part("chops", Stem::vocals, make(Singer{.attack = 0.012f, .release = 0.1f, .bright = 3}),
                      {.gain = -6, .duck = 0.1f, .reverb = 0.25f, .delay = 0.4f, .high_pass = 220});
  const char* scat =
      "-:6 A4:2=da C5:3=da -:5 | -:4 F5:2=da -:2 C5:4=ho -:4 | -:6 A4:2=da G4:3=da -:5 | -:4 C5:2=ya -:2 A4:4=ho -:4";
  chop.line(f.drop.first(16), scat).line(f.drop2.first(16), scat);
  Part& choir =
      s.part("choir", Stem::vocals, make_choir(Singer{.attack = 0.5f, .release = 0.9f, .breath = 0.1f, .width = 1}),
             {.gain = -12, .duck = 0.3f, .reverb = 0.55f, .high_pass = 240}, {.low = 60, .high = 79, .voices = 3});
  choir.sustain(f.build.last(8), h, 0.6f).sustain(f.pause, h, 0.75f).sustain(f.drop2.last(16), h, 0.6f);
  for (Note& n : choir.notes) n.tone = syllable("u");
}

}  // namespace

Song liquid() {
  Song s;
  s.number = 7;
  s.title = "Glass Estuary";
  s.artist = "Selkie";
  s.genre = "Drum & Bass";
  s.bpm = 174;
  s.key = {"F", false};
  s.lead_in = 0.4;
  s.rate = 44100;
  s.bits = 16;
  s.seed = 7;
  s.bus(Stem::drums).reverb = {.seconds = 0.6f, .size = 0.5f, .damping = 7000};
  s.bus(Stem::vocals).reverb = {.seconds = 2.6f, .predelay = 0.03f};
  s.bus(Stem::vocals).delay = {.beats = 1.5f};
  s.bus(Stem::other).reverb = {.seconds = 2.8f, .size = 1.2f};
  s.bus(Stem::other).delay = {.beats = 1.5f};
  Form f;
  f.intro = s.section("intro", 16, 0.4f);
  f.build = s.section("build", 16, 0.4f);
  f.drop = s.section("drop", 32, 0.9f);
  f.pause = s.section("break", 16, 0.3f);
  f.drop2 = s.section("drop", 32, 1);
  f.outro = s.section("outro", 16, 0.4f);
  s.highlight = 80;
  const Harmony h = harmony("Fmaj7:8 Dm7:8 Bbmaj7:8 C9sus:8");
  drums(s, f);
  low_end(s, f, h);
  harmony_parts(s, f, h);
  voices(s, f, h);
  transitions(
      s, {.rises = {f.build.last(8), f.pause.last(8)},
          .falls = {f.drop.beat, f.pause.beat, f.drop2.beat, f.outro.beat},
          .crashes = {f.drop.beat, f.drop.from(16, 16).beat, f.drop2.beat, f.drop2.from(16, 16).beat, f.outro.beat},
          .booms = {f.build.beat, f.pause.beat}});
  return s;
}

}  // namespace tactus::demo
