// 01: boom bap. Late sixteenths, ninth chords on an electric piano, a round upright-like bass, a hummed hook.
#include "demo/songs/songs.h"
#include "demo/songs/transitions.h"
#include "demo/sounds.h"

namespace tactus::demo {
namespace {

struct Form {
  Span intro, verse, hook, verse2, hook2, outro;
};

void drums(Song& s, const Form& f) {
  Part& kick =
      s.part("kick", Stem::drums, make(Kick{.hz = 54, .start_hz = 240, .decay = 0.5f, .hold = 0.05f, .click = 0.45f}),
             {.gain = -5});
  kick.loose_velocity = 0;
  const char* kicks = "9... ...5 ..9. .... 9... ...6 ..9. .5..";
  for (Span span : {f.intro, f.verse, f.hook, f.verse2, f.hook2, f.outro})
    kick.hits(span.but_last(1), kicks).hits(span.last(1), "9... ...6 ..9. 5.6.");

  Part& snare = s.part("snare", Stem::drums,
                       make(Snare{.hz = 205, .tone = 0.6f, .noise_decay = 0.42f, .noise_hz = 2100, .snap = 0.6f}),
                       {.gain = -2.5f, .reverb = 0.16f, .drive = 0.4f});
  const char* snares = ".... 9..2 .2.. 9... .... 9..2 .3.. 9..3";
  for (Span span : {f.verse, f.hook, f.verse2, f.hook2, f.outro})
    snare.hits(span.but_last(1), snares).hits(span.last(1), ".... 9..2 .2.. 9.67");
  snare.hits(f.intro, ".... 9... .... 9...");

  Part& hat =
      s.part("hat", Stem::drums, make(Hat{.hz = 7400, .decay = 0.12f, .metal = 0.45f, .pan = 0.25f}), {.gain = -2});
  for (Span span : {f.intro, f.verse, f.hook, f.verse2, f.hook2, f.outro})
    hat.hits(span, "7.5. 7.53 7.5. 7.5. 7.5. 7.5. 7.53 7.5.");
  Part& open =
      s.part("open hat", Stem::drums, make(Hat{.hz = 6800, .decay = 0.5f, .metal = 0.45f, .pan = 0.25f}), {.gain = -5});
  for (Span span : {f.verse, f.hook, f.verse2, f.hook2}) open.hits(span, ".... .... .... .... .... .... .... ..6-");
  Part& shaker = s.part("shaker", Stem::drums, make(Shaker{.pan = -0.4f}), {.gain = -8});
  for (Span span : {f.hook, f.verse2.last(8), f.hook2}) shaker.hits(span, "4253 4253 4253 4253");
  Part& rim =
      s.part("rim", Stem::drums, make(Drum{.bend = 0.1f, .decay = 0.1f, .slap = 0.5f, .slap_hz = 3600, .pan = -0.3f}),
             {.gain = -14, .reverb = 0.3f});
  for (Span span : {f.verse, f.verse2}) rim.hits(span, ".... .... .... ..5. .... .... ...5 ....", 82);
}

void music(Song& s, const Form& f) {
  const Harmony verse = harmony("Cm9:4 Abmaj7:4 Fm9:4 Gm7:4");
  const Harmony hook = harmony("Abmaj7:4 Bb6:4 Cm9:8");

  Part& bass = s.part("bass", Stem::bass,
                      make(Subtractive{.saws = 0,
                                       .pulse = 0.55f,
                                       .sub = 1.1f,
                                       .sub_octave = 0,
                                       .attack = 0.006f,
                                       .decay = 1.6f,
                                       .sustain = 0.4f,
                                       .release = 0.12f,
                                       .cutoff = 260,
                                       .sweep = 2,
                                       .sweep_decay = 0.5f,
                                       .drive = 0.7f}),
                      {.gain = -2, .duck = 0.25f}, {.low = 29});
  bass.loose_ms = 3;
  bass.bass(f.verse, verse, "0:3! -:4 0:1' 0:2 -:2 7:1 -:1 10:1 12:1' 0:3! -:4 0:1' -:2 0:2 -:1 7:1' 12:1 -:1");
  bass.bass(f.hook, hook, "0:5! -:2 0:1' 7:2 -:2 0:2 -:1 12:1'")
      .bass(f.hook2, hook, "0:5! -:2 0:1' 7:2 -:2 0:2 -:1 12:1'");
  bass.bass(f.verse2, verse,
            "0:3! -:3 12:1' 0:1 0:2 -:1 7:2 -:1 10:1 12:1' 0:3! -:4 0:1' -:1 7:1 0:2 -:1 7:1' 12:1 10:1'");

  Part& keys =
      s.part("electric piano", Stem::other, make(Fm{.index = 1.7f, .tine = 0.3f, .decay = 3.5f, .tremolo = 0.3f}),
             {.gain = -6, .duck = 0.15f, .reverb = 0.22f, .delay = 0.08f, .chorus = 0.5f, .high_pass = 140},
             {.low = 53, .high = 75});
  keys.loose_ms = 7;
  keys.chords(f.intro.last(4), verse, "6--- ---- --.. ....");
  for (Span span : {f.verse, f.verse2}) keys.chords(span, verse, "7--- --.. ..5- .4-- 7--- ---- ..5- ....");
  for (Span span : {f.hook, f.hook2}) keys.chords(span, hook, "7--- ---- ..6- ---- ..5- ---- 6--- ----");
  keys.chords(f.outro.first(4), verse, "6--- ---- --.. ....");

  Part& guitar =
      s.part("guitar", Stem::other, make(String{.decay = 1.6f, .damping = 0.55f}),
             {.gain = -7, .pan = 0.35f, .reverb = 0.3f, .delay = 0.25f, .high_pass = 200}, {.low = 60, .high = 79});
  guitar.loose_ms = 5;
  guitar.arp(f.verse.last(8), verse, "..0. 1.2. ..3. 2... ..0. 2.1. .... ....")
      .arp(f.verse2, verse, "..0. 1.2. ..3. 2.1. ..0. 2.1. ..3. ....");

  Part& strings = s.part(
      "strings", Stem::other,
      make(Subtractive{
          .saws = 6, .detune = 12, .width = 0.9f, .attack = 0.35f, .sustain = 0.9f, .release = 1.2f, .cutoff = 2600}),
      {.gain = -12, .duck = 0.3f, .reverb = 0.4f, .high_pass = 260}, {.low = 60, .high = 82});
  for (Span span : {f.hook, f.hook2}) strings.sustain(span, hook, 0.8f);
  strings.sustain(f.verse2.last(8), verse, 0.6f);

  Part& bell = s.part("bell", Stem::other, make(Fm{.ratio = 4, .index = 0.9f, .index_decay = 0.4f, .decay = 1.8f}),
                      {.gain = -11, .pan = -0.3f, .reverb = 0.4f, .delay = 0.35f, .high_pass = 400});
  const char* tune = "- - - - G5:3 Eb5:1 D5:2 C5:2 -:4 | -:4 Eb5:3 F5:1 G5:2 Eb5:2 C5:4";
  bell.line(f.hook, tune).line(f.hook2, tune).line(f.verse2.last(4), tune);
}

void voices(Song& s, const Form& f) {
  Part& lead = s.part("lead", Stem::vocals, make(Singer{.attack = 0.05f, .release = 0.3f, .breath = 0.1f}),
                      {.gain = -5, .duck = 0.1f, .reverb = 0.35f, .delay = 0.25f, .high_pass = 160});
  lead.loose_ms = 6;
  const char* hum =
      "C5:4=o~ Bb4:2=o~ G4:6=u -:4 | D5:4=o~ C5:2=o~ Bb4:4=u -:6 | Eb5:3=a~ D5:1=a~ C5:4=o~ Bb4:2=o~ C5:6=u | -:4 "
      "G4:2=da Bb4:2=da C5:8=o";
  lead.line(f.hook, hum).line(f.hook2, hum);
  lead.line(f.verse2.last(8),
            "G4:6=u~ F4:2=u~ Eb4:4=u -:4 | C5:6=u~ Bb4:2=u~ Ab4:4=u -:4 | Ab4:4=o~ G4:4=u~ F4:4=u -:4 | D4:4=o~ "
            "F4:4=o~ G4:6=u -:2");
  Part& chop = s.part("chops", Stem::vocals, make(Singer{.attack = 0.01f, .release = 0.08f, .bright = 2}),
                      {.gain = -7, .reverb = 0.15f, .delay = 0.3f, .high_pass = 200});
  const char* hey = "C5:1=ha -:5 - - G4:1=da -:1 Bb4:1=da C5:2=ha -:3 | -:6 Eb5:1=ha - C5:2=ha -:2 G4:1=da - - -";
  chop.line(f.verse, hey).line(f.verse2.first(8), hey);
}

}  // namespace

Song boom_bap() {
  Song s;
  s.number = 1;
  s.title = "Slow Kettle";
  s.artist = "Ninth Row";
  s.genre = "Hip-Hop";
  s.bpm = 92;
  s.key = {"C", true};
  s.lead_in = 0.137;
  s.swing = 0.61;
  s.rate = 44100;
  s.bits = 16;
  s.seed = 1;
  s.bus(Stem::drums).reverb = {.seconds = 0.8f, .size = 0.5f, .damping = 6000};
  s.bus(Stem::vocals).reverb = {.seconds = 1.8f, .predelay = 0.025f};
  Form f;
  f.intro = s.section("intro", 8, 0.3f);
  f.verse = s.section("verse", 16, 0.6f);
  f.hook = s.section("hook", 8, 1);
  f.verse2 = s.section("verse", 16, 0.7f);
  f.hook2 = s.section("hook", 8, 1);
  f.outro = s.section("outro", 8, 0.3f);
  s.highlight = 24;
  drums(s, f);
  music(s, f);
  voices(s, f);
  transitions(s, {.crashes = {f.verse.beat, f.hook.beat, f.verse2.beat, f.hook2.beat, f.outro.beat}});
  return s;
}

}  // namespace tactus::demo
