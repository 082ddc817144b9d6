// 02: disco house with a swing. Octave bass, wah guitar, strings and a small choir.
#include "demo/songs/songs.h"
#include "demo/songs/transitions.h"
#include "demo/sounds.h"

namespace tactus::demo {
namespace {

struct Form {
  Span intro, verse, lift, chorus, pause, chorus2, outro;
};

void drums(Song& s, const Form& f) {
  Part& kick =
      s.part("kick", Stem::drums, make(Kick{.hz = 52, .start_hz = 280, .decay = 0.5f, .click = 0.5f}), {.gain = -6});
  kick.loose_velocity = 0;
  for (Span span : {f.intro, f.verse, f.lift, f.chorus, f.chorus2, f.outro}) kick.hits(span, "9... 9... 9... 9...");
  Part& snare = s.part("snare", Stem::drums, make(Snare{.hz = 195, .tone = 0.5f, .noise_hz = 2800}),
                       {.gain = -8, .reverb = 0.2f});
  Part& clap = s.part("clap", Stem::drums, make(Clap{}), {.gain = -6, .reverb = 0.18f});
  for (Span span : {f.intro.last(8), f.verse, f.lift, f.chorus, f.chorus2, f.outro}) {
    snare.hits(span.but_last(1), ".... 8... .... 8...").hits(span.last(1), ".... 8... .... 8.78");
    clap.hits(span, ".... 8... .... 8...");
  }
  snare.hits(f.pause.last(2), "5.5. 5.5. 6.6. 6.6. 7676 7777 8888 9999");
  Part& open = s.part("open hat", Stem::drums, make(Hat{.hz = 7200, .decay = 0.45f, .metal = 0.5f, .pan = 0.15f}),
                      {.gain = -5, .duck = 0.1f});
  for (Span span : {f.intro, f.verse, f.lift, f.chorus, f.chorus2, f.outro.first(4)})
    open.hits(span, "..8- ..8- ..8- ..8-");
  Part& hat = s.part("hat", Stem::drums, make(Hat{.decay = 0.07f, .pan = 0.15f}), {.gain = -6});
  for (Span span : {f.intro.last(12), f.verse, f.lift, f.chorus, f.pause.last(4), f.chorus2, f.outro})
    hat.hits(span, "64.4 64.4 64.4 64.4");
  Part& tambourine = s.part("tambourine", Stem::drums,
                            make(Shaker{.hz = 8500, .decay = 0.14f, .attack = 0.004f, .pan = -0.45f}), {.gain = -9});
  for (Span span : {f.verse.last(8), f.lift, f.chorus, f.chorus2}) tambourine.hits(span, "4373 5373 4373 5374");
  Part& conga = s.part("conga", Stem::drums, make(Drum{.bend = 0.15f, .slap = 0.3f, .pan = 0.45f}),
                       {.gain = -11, .reverb = 0.25f});
  for (Span span : {f.intro.last(8), f.verse, f.pause, f.chorus2, f.outro})
    conga.hits(span, "..5. ..4. ..5. ....", 62).hits(span, "...6 .... .6.. .5.7", 57);
}

void rhythm_section(Song& s, const Form& f, const Harmony& verse, const Harmony& chorus) {
  Part& bass = s.part("bass", Stem::bass,
                      make(Subtractive{.saws = 1,
                                       .pulse = 0.3f,
                                       .sub = 0.9f,
                                       .sub_octave = 0,
                                       .attack = 0.003f,
                                       .decay = 0.7f,
                                       .sustain = 0.6f,
                                       .release = 0.06f,
                                       .cutoff = 380,
                                       .sweep = 3,
                                       .sweep_decay = 0.28f,
                                       .resonance = 1.1f,
                                       .drive = 0.9f}),
                      {.gain = -2, .duck = 0.45f}, {.low = 31});
  const char* octaves = "0:2! 12:2' 0:2 12:1 0:1' 0:2! 12:2' 7:1 10:1 12:2'";
  const char* run = "0:2! 12:2' 0:1 0:1' 12:2 0:2! 12:1 7:1' 10:2 12:2'";
  bass.bass(f.verse, verse, octaves).bass(f.lift, verse, "0:4! -:2 0:2' 0:4 -:2 7:2'");
  bass.bass(f.chorus, chorus, run).bass(f.pause.last(4), chorus, octaves).bass(f.chorus2, chorus, run);

  Part& guitar = s.part(
      "wah guitar", Stem::other, make(String{.decay = 0.5f, .damping = 0.35f, .release = 0.06f, .wah = 1}),
      {.gain = -4, .pan = 0.4f, .duck = 0.1f, .reverb = 0.12f, .high_pass = 250}, {.low = 58, .high = 77, .voices = 3});
  guitar.loose_velocity = 0.2f;
  guitar.loose_ms = 2;
  for (Span span : {f.intro.last(4), f.verse}) guitar.chords(span, verse, "..6. .56. ..7. 5.6. ..6. .565 ..7. 5.65");
  for (Span span : {f.chorus, f.chorus2}) guitar.chords(span, chorus, "6.65 .6.5 6.65 .6.6");
  guitar.chords(f.outro.first(4), verse, "..6. .56. ..7. 5.6.");

  Part& clav = s.part("clav", Stem::other,
                      make(Subtractive{.saws = 0,
                                       .pulse = 1,
                                       .pulse_width = 0.22f,
                                       .attack = 0.001f,
                                       .decay = 0.35f,
                                       .sustain = 0,
                                       .release = 0.05f,
                                       .cutoff = 1300,
                                       .sweep = 2,
                                       .sweep_decay = 0.2f,
                                       .resonance = 1.8f}),
                      {.gain = -10, .pan = -0.35f, .duck = 0.15f, .reverb = 0.12f, .high_pass = 220},
                      {.low = 55, .high = 72, .voices = 3});
  for (Span span : {f.verse.last(8), f.chorus2})
    clav.chords(span, span.beat < f.lift.beat ? verse : chorus, "7..6 ..7. .6.. 7.6.");

  Part& keys =
      s.part("electric piano", Stem::other, make(Fm{.index = 1.8f, .tine = 0.35f, .tremolo = 0.2f}),
             {.gain = -8, .duck = 0.3f, .reverb = 0.2f, .chorus = 0.5f, .high_pass = 160}, {.low = 53, .high = 74});
  keys.loose_ms = 4;
  keys.chords(f.lift, verse, "7--- ---- ..6- ----").chords(f.pause, chorus, "7--- ---- ..6- ----");
  for (Span span : {f.chorus, f.chorus2}) keys.chords(span, chorus, "7--- ..6- .... 6---");
}

void orchestra(Song& s, const Form& f, const Harmony& verse, const Harmony& chorus) {
  Part& strings =
      s.part("strings", Stem::other,
             make(Subtractive{.saws = 7,
                              .detune = 13,
                              .width = 0.95f,
                              .attack = 0.09f,
                              .sustain = 0.9f,
                              .release = 0.6f,
                              .cutoff = 4500,
                              .vibrato = 12}),
             {.gain = -10, .duck = 0.35f, .reverb = 0.4f, .high_pass = 300}, {.low = 62, .high = 86, .voices = 3});
  const char* theme =
      "D5:6 Eb5:2 F5:4 G5:4 | A5:6 G5:2 F5:8 | D5:4 F5:2 G5:10 | -:4 F5:2 D5:2 Bb4:8 | Eb5:6 D5:2 C5:4 Eb5:4 | F#5:6 "
      "Eb5:2 D5:8 | G5:16 | -:2 G5:2 A5:2 Bb5:2 A5:4 G5:4";
  strings.line(f.chorus, theme).line(f.chorus2, theme);
  strings.sustain(f.lift, verse, 0.7f).sustain(f.pause, chorus, 0.75f);
  strings.strip.cutoff = Curve{}
                             .to(f.lift.beat, 1200)
                             .to(f.lift.end(), 14000)
                             .to(f.pause.beat, 14000)
                             .to(f.pause.beat + 1, 1800)
                             .to(f.pause.end(), 14000);

  Part& brass =
      s.part("brass", Stem::other,
             make(Subtractive{.saws = 3,
                              .detune = 9,
                              .width = 0.5f,
                              .attack = 0.02f,
                              .decay = 0.4f,
                              .sustain = 0.6f,
                              .release = 0.12f,
                              .cutoff = 1100,
                              .sweep = 2,
                              .sweep_attack = 0.03f,
                              .sweep_decay = 0.4f,
                              .drive = 0.5f}),
             {.gain = -9, .duck = 0.2f, .reverb = 0.25f, .high_pass = 220}, {.low = 58, .high = 79, .voices = 4});
  brass.chords(f.verse.last(8), verse, ".... .... .... .... .... ...7 ..7. 7---");
  for (Span span : {f.chorus, f.chorus2}) brass.chords(span, chorus, ".... ..7. ...7 --.. .... .... ..77 .7--");
}

void voices(Song& s, const Form& f, const Harmony& chorus) {
  Part& choir =
      s.part("choir", Stem::vocals, make_choir(Singer{.attack = 0.04f, .release = 0.25f, .width = 0.8f}),
             {.gain = -11, .duck = 0.15f, .reverb = 0.35f, .high_pass = 220}, {.low = 62, .high = 79, .voices = 3});
  for (Span span : {f.chorus, f.chorus2}) choir.chords(span, chorus, "8--- --.. 7-.. 8--- ---- ---- .... ....");
  choir.sustain(f.pause.last(4), chorus, 0.8f);
  int i = 0;
  for (Note& n : choir.notes) n.tone = syllable(++i % 9 < 5 ? "wa" : "o");

  Part& lead = s.part("lead", Stem::vocals, make(Singer{.attack = 0.03f, .release = 0.15f, .bright = 2}),
                      {.gain = -6, .duck = 0.1f, .reverb = 0.25f, .delay = 0.22f, .high_pass = 180});
  lead.loose_ms = 3;
  const char* verse =
      "-:2 G4:2=da Bb4:2=da C5:2=da D5:4=o~ C5:4=u | Bb4:2=da G4:6=o -:8 | -:2 G4:2=da Bb4:2=da C5:2=da D5:2=ya "
      "F5:2=ya D5:4=o | C5:2=da A4:2=da G4:8=u -:4";
  lead.line(f.verse.last(8), verse);
  const char* hook =
      "-:8 -:4 D5:2=ha D5:2=ha | -:12 C5:2=ha D5:2=ha | F5:4=a~ D5:4=o -:8 | -:8 G4:2=da Bb4:2=da C5:2=da D5:2=da";
  lead.line(f.chorus, hook).line(f.chorus2, hook);
  lead.line(f.pause,
            "D5:6=o~ C5:2=o~ Bb4:6=u -:2 | C5:6=o~ A4:2=o~ F4:6=u -:2 | Bb4:6=a~ A4:2=a~ G4:8=o | -:4 G4:4=u~ A4:4=u~ "
            "Bb4:4=u");
}

}  // namespace

Song disco() {
  Song s;
  s.number = 2;
  s.title = "Mirror Season";
  s.artist = "The Copper Line";
  s.genre = "Disco House";
  s.bpm = 118;
  s.key = {"G", true};
  s.lead_in = 0.08;
  s.swing = 0.56;
  s.rate = 48000;
  s.bits = 24;
  s.seed = 2;
  s.bus(Stem::drums).reverb = {.seconds = 0.9f, .size = 0.6f, .damping = 7000};
  s.bus(Stem::vocals).reverb = {.seconds = 1.7f, .predelay = 0.02f};
  s.bus(Stem::other).reverb = {.seconds = 1.8f, .damping = 6500};
  Form f;
  f.intro = s.section("intro", 16, 0.3f);
  f.verse = s.section("verse", 16, 0.6f);
  f.lift = s.section("build", 8, 0.6f);
  f.chorus = s.section("chorus", 16, 0.9f);
  f.pause = s.section("break", 8, 0.4f);
  f.chorus2 = s.section("chorus", 16, 1);
  f.outro = s.section("outro", 8, 0.3f);
  s.highlight = 64;
  const Harmony verse = harmony("Gm7 Cm9 Gm7 Dm7");
  const Harmony chorus = harmony("Ebmaj7 F Gm7 Gm7 Cm7 D7 Gm7 Gm7");
  drums(s, f);
  rhythm_section(s, f, verse, chorus);
  orchestra(s, f, verse, chorus);
  voices(s, f, chorus);
  transitions(s, {.rises = {f.lift.last(4), f.pause.last(4)},
                  .falls = {f.chorus.beat, f.chorus2.beat},
                  .crashes = {f.verse.beat, f.lift.beat, f.chorus.beat, f.chorus2.beat, f.outro.beat}});
  return s;
}

}  // namespace tactus::demo
