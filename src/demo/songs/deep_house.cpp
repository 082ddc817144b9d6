// 03: deep house. Minor ninths on a soft organ, a round bass, a voice that floats over the break.
#include "demo/songs/songs.h"
#include "demo/songs/transitions.h"
#include "demo/sounds.h"

namespace tactus::demo {
namespace {

struct Form {
  Span intro, groove, verse, pause, drop, outro;
  Span all() const { return {0, 96}; }
  Span before_break() const { return intro.with(groove).with(verse); }
  Span after_break() const { return drop.with(outro); }
};

void drums(Song& s, const Form& f) {
  Part& kick = s.part(
      "kick", Stem::drums,
      make(Kick{.hz = 49, .start_hz = 300, .decay = 0.62f, .hold = 0.07f, .click = 0.4f, .drive = 2.8f}), {.gain = -6});
  kick.loose_velocity = 0;
  kick.hits(f.before_break().but_last(1), "9...9...9...9...").hits(f.verse.last(1), "9...9...9.......");
  kick.hits(f.after_break(), "9...9...9...9...");

  Part& clap = s.part("clap", Stem::drums, make(Clap{}), {.gain = -4, .reverb = 0.14f});
  clap.hits(f.intro.but_first(4), "....8.......8...").hits(f.groove.with(f.verse), "....8.......8...");
  clap.hits(f.after_break().but_last(4), "....8.......8...");
  Part& rim =
      s.part("rim", Stem::drums, make(Drum{.bend = 0.1f, .decay = 0.06f, .slap = 0.5f, .slap_hz = 3600, .pan = -0.3f}),
             {.gain = -12, .reverb = 0.2f, .delay = 0.15f});
  for (Span span : {f.groove, f.verse, f.drop}) rim.hits(span, "...5..4....5.... ...5..4....5..6.", 84);

  Part& closed = s.part("hat", Stem::drums, make(Hat{.pan = 0.15f}), {.gain = -4, .duck = 0.15f});
  closed.hits(f.before_break(), "4.35 4.35 4.35 4.36");
  closed.hits(f.after_break().but_last(4), "4.35 4.35 4.35 4.36");
  Part& open =
      s.part("open hat", Stem::drums, make(Hat{.hz = 7600, .decay = 0.5f, .metal = 0.5f}), {.gain = -5, .duck = 0.2f});
  for (Span span : {f.intro.but_first(8), f.groove, f.verse, f.drop, f.outro.first(8)})
    open.hits(span, "..7- ..7- ..7- ..7-");
  Part& shaker = s.part("shaker", Stem::drums, make(Shaker{.pan = -0.35f}), {.gain = -10});
  for (Span span : {f.groove.but_first(8), f.verse, f.pause.last(8), f.drop}) shaker.hits(span, "5363 5363 5363 5374");
  Part& conga = s.part("conga", Stem::drums, make(Drum{.bend = 0.15f, .decay = 0.4f, .slap = 0.25f, .pan = 0.4f}),
                       {.gain = -13, .reverb = 0.25f});
  for (Span span : {f.verse, f.drop, f.outro.first(8)})
    conga.hits(span, ".... ..6. .... .... .... ..6. .... ..4.", 55)
        .hits(span, "...5 .... ..6. .5.. ...5 .... ..6. .5.7", 60);
}

void low_end(Song& s, const Form& f, const Harmony& h) {
  Part& bass = s.part("bass", Stem::bass,
                      make(Subtractive{.saws = 1,
                                       .sub = 1.1f,
                                       .sub_octave = 0,
                                       .attack = 0.004f,
                                       .decay = 0.8f,
                                       .sustain = 0.7f,
                                       .release = 0.06f,
                                       .cutoff = 300,
                                       .sweep = 2.8f,
                                       .sweep_decay = 0.3f,
                                       .drive = 0.9f}),
                      {.gain = -1, .duck = 0.65f}, {.low = 33});
  const char* groove = "0:2! -:1 0:1 -:2 0:2 -:1 12:1 -:2 0:1 7:1' 10:2'";
  const char* busy = "0:2! -:1 0:1 -:1 12:1 0:2 -:1 12:1! -:1 0:1 0:1 7:1' 10:1 12:1'";
  bass.bass(f.groove, h, groove).bass(f.verse, h, groove);
  bass.bass(f.drop.first(8), h, groove).bass(f.drop.last(8), h, busy);
}

void harmony_parts(Song& s, const Form& f, const Harmony& h) {
  Part& stab =
      s.part("stab", Stem::other,
             make(Subtractive{.saws = 2,
                              .detune = 7,
                              .width = 0.6f,
                              .pulse = 0.5f,
                              .decay = 0.5f,
                              .sustain = 0.3f,
                              .release = 0.25f,
                              .cutoff = 900,
                              .sweep = 2.2f,
                              .sweep_decay = 0.35f,
                              .resonance = 1.1f}),
             {.gain = -6, .width = 1, .duck = 0.5f, .reverb = 0.25f, .delay = 0.22f, .chorus = 0.5f, .high_pass = 170},
             {.low = 55, .high = 79, .voices = 4});
  stab.loose_ms = 2;
  const char* rhythm = "..7. ..6. .7.. 5... ..7. ..6. .7.. ..75";
  stab.chords(f.intro.last(8), h, rhythm)
      .chords(f.groove, h, rhythm)
      .chords(f.verse, h, rhythm)
      .chords(f.drop, h, rhythm);
  stab.chords(f.outro.first(8), h, rhythm);
  stab.strip.cutoff = Curve{}.to(f.intro.last(8).beat, 350).to(f.groove.beat, 4000).to(f.verse.end(), 6000);
  stab.strip.cutoff.to(f.drop.beat, 12000).to(f.drop.end(), 12000).to(f.outro.first(8).end(), 300);

  Part& keys =
      s.part("electric piano", Stem::other, make(Fm{.index = 1.8f, .tine = 0.3f, .tremolo = 0.25f}),
             {.gain = -8, .duck = 0.35f, .reverb = 0.3f, .delay = 0.1f, .high_pass = 150}, {.low = 52, .high = 74});
  keys.loose_ms = 4;
  keys.chords(f.verse, h, "7--- ---- ---- .... ..5- .4-- ---- ....").chords(f.pause, h, "7--- ---- ---- ----");
  keys.chords(f.drop, h, "6--- ---- ---- ....");

  Part& pad = s.part("pad", Stem::other,
                     make(Subtractive{.saws = 7,
                                      .detune = 14,
                                      .width = 0.9f,
                                      .attack = 0.9f,
                                      .sustain = 0.9f,
                                      .release = 1.2f,
                                      .cutoff = 1800,
                                      .sweep = 1,
                                      .sweep_attack = 2,
                                      .sweep_decay = 2,
                                      .sweep_sustain = 0.6f}),
                     {.gain = -8, .duck = 0.65f, .reverb = 0.5f, .high_pass = 220}, {.low = 55, .high = 79});
  pad.sustain(f.verse, h, 0.7f).sustain(f.pause, h, 0.9f).sustain(f.drop, h, 0.7f);
  pad.strip.cutoff = Curve{}.to(f.pause.beat, 2000).to(f.pause.end(), 12000).to(f.drop.beat, 8000);

  Part& bell = s.part("bell", Stem::other, make(Fm{.ratio = 3.5f, .index = 1.2f, .index_decay = 0.3f, .decay = 1.4f}),
                      {.gain = -13, .pan = -0.25f, .reverb = 0.5f, .delay = 0.5f, .high_pass = 400},
                      {.low = 74, .high = 93, .voices = 3});
  bell.arp(f.pause.last(8), h, "0..1 ..2. .1.. 2... 0..2 ..1. .2.. 3...", 0.6f)
      .arp(f.drop, h, "0..1 ..2. .1.. 2...", 0.6f);
}

void voices(Song& s, const Form& f, const Harmony& h) {
  Part& chop = s.part("chops", Stem::vocals, make(Singer{.attack = 0.012f, .release = 0.07f, .bright = 3}),
                      {.gain = -5, .duck = 0.3f, .reverb = 0.22f, .delay = 0.4f, .high_pass = 180});
  const char* hook =
      "- - - A4:1=da - - F4:1=da - | D4:2=do - A4:1=da - G4:2=du - | - - - A4:1=da - - C5:1=da - | A4:2=do - F4:1=da - "
      "E4:2=du -";
  chop.line(f.groove.last(8), hook).line(f.drop, hook);

  Part& lead = s.part("lead", Stem::vocals, make(Singer{.attack = 0.06f, .release = 0.25f}),
                      {.gain = -4, .duck = 0.25f, .reverb = 0.42f, .delay = 0.3f, .high_pass = 180});
  const char* tune =
      "A4:6=u~ G4:2=o~ F4:4=u -:4 | F4:4=o~ D4:4=u -:2 E4:2=o~ F4:4=u | G4:8=a~ A4:2=o~ Bb4:2=o~ A4:4=u | G4:4=o~ "
      "E4:4=u -:8 "
      "A4:6=u~ C5:2=o~ D5:6=a -:2 | D5:4=a~ C5:2=o~ A4:2=o~ F4:4=u -:4 | G4:6=a~ F4:2=o~ D4:6=u -:2 | E4:4=o~ C4:2=o~ "
      "D4:6=u -:4";
  lead.line(f.verse.last(8), tune).line(f.pause, tune);
  Part& choir =
      s.part("choir", Stem::vocals,
             make_choir(Singer{.attack = 0.5f, .release = 0.8f, .breath = 0.1f, .detune = 12, .width = 1}),
             {.gain = -13, .duck = 0.4f, .reverb = 0.6f, .high_pass = 250}, {.low = 57, .high = 77, .voices = 3});
  choir.sustain(f.pause.last(8), h, 0.8f).sustain(f.drop.last(8), h, 0.6f);
  for (Note& n : choir.notes) n.tone = syllable("u");
}

}  // namespace

Song deep_house() {
  Song s;
  s.number = 3;
  s.title = "Low Tide";
  s.artist = "Marram";
  s.genre = "Deep House";
  s.bpm = 122;
  s.key = {"D", true};
  s.lead_in = 0.25;
  s.swing = 0.53;
  s.rate = 44100;
  s.bits = 24;
  s.seed = 3;
  s.bus(Stem::drums).reverb = {.seconds = 0.9f, .size = 0.6f, .damping = 6500};
  s.bus(Stem::vocals).reverb = {.seconds = 2.6f, .predelay = 0.03f};
  s.bus(Stem::other).reverb = {.seconds = 2.8f, .size = 1.2f};
  Form f;
  f.intro = s.section("intro", 16, 0.3f);
  f.groove = s.section("groove", 16, 0.6f);
  f.verse = s.section("verse", 16, 0.75f);
  f.pause = s.section("break", 16, 0.4f);
  f.drop = s.section("drop", 16, 1);
  f.outro = s.section("outro", 16, 0.3f);
  s.highlight = 64;
  const Harmony h = harmony("Dm9 Bbmaj7 Gm9 Am7");
  drums(s, f);
  low_end(s, f, h);
  harmony_parts(s, f, h);
  voices(s, f, h);
  transitions(s, {.rises = {f.intro.last(2), f.pause.last(4)},
                  .falls = {f.groove.beat, f.pause.beat, f.drop.beat, f.outro.beat},
                  .crashes = {f.groove.beat, f.verse.beat, f.drop.beat, f.outro.beat},
                  .booms = {f.pause.beat}});
  return s;
}

}  // namespace tactus::demo
