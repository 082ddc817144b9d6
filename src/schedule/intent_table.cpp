#include "schedule/intent_table.h"

#include <limits>

namespace tactus::schedule {
namespace {

using Type = ArgSpec::Type;
using Convert = Meaning::Convert;
using Host = Meaning::Host;
using Meta = Meaning::Meta;
using msg::LoopOp;
using msg::Op;
using msg::Param;

constexpr ArgSpec number(std::string_view name, std::string_view unit, double min, double max) {
  return {Type::number, name, unit, min, max, {}, false, {}};
}
constexpr ArgSpec level(double max) { return {Type::level, "dB", "dB", -60, max, {}, false, {}}; }
constexpr ArgSpec beats(double min, double max) { return {Type::beats, "beats", "beats", min, max, {}, false, {}}; }
constexpr ArgSpec deck(std::string_view name) { return {Type::count, name, "", 1, kDecks, {}, false, {}}; }
constexpr ArgSpec choice(std::string_view name, std::string_view choices) {
  return {Type::choice, name, "", 0, 0, choices, false, {}};
}
constexpr ArgSpec channel() { return {Type::count, "channel", "", 1, 16, {}, false, {}}; }
constexpr ArgSpec kFlag{Type::flag, "on", "", 0, 1, {}, false, {}};
constexpr ArgSpec kForce{Type::choice, "force", "", 0, 0, "force", true, {}};
constexpr ArgSpec text(std::string_view name) { return {Type::text, name, "", 0, 0, {}, false, {}}; }
constexpr ArgSpec optional(ArgSpec spec) {
  spec.optional = true;
  return spec;
}
constexpr ArgSpec after(std::string_view word, ArgSpec spec) {
  spec.only_after = word;
  return spec;
}

constexpr Meaning sets(Param param, Convert convert = Convert::plain) {
  return {Meaning::Kind::param, param, Op::set_param, LoopOp::in, Host::load, Meta::undo, convert};
}
constexpr Meaning runs(Op op, Convert convert = Convert::none) {
  return {Meaning::Kind::op, Param::trim, op, LoopOp::in, Host::load, Meta::undo, convert};
}
constexpr Meaning loops(LoopOp loop, Convert convert = Convert::none) {
  return {Meaning::Kind::loop, Param::trim, Op::loop, loop, Host::load, Meta::undo, convert};
}
constexpr Meaning asks(Host host) {
  return {Meaning::Kind::host, Param::trim, Op::load, LoopOp::in, host, Meta::undo, Convert::none};
}
constexpr Meaning does(Meta meta) {
  return {Meaning::Kind::meta, Param::trim, Op::load, LoopOp::in, Host::load, meta, Convert::none};
}

constexpr std::string_view kTrack = "Track", kPlay = "Transport", kCues = "Hot cues", kLoops = "Loops and jumps",
                           kPlatter = "Platter", kTempo = "Tempo, key and sync", kChannel = "Channel", kStem = "Stems",
                           kFx = "Effects", kMixer = "Mixer", kClock = "Clock", kMidi = "MIDI", kSafety = "Safety";

// clang-format off
constexpr IntentRow kTable[] = {
  {.pattern = "/deck/N/load", .args = {text("path"), kForce}, .meaning = asks(Host::load),
   .guards = kNeedsForce | kMaySilence, .control = Control::track, .reversible = true, .spoken = {"load {path} on deck {N}"}, .section = kTrack,
   .help = "Loads a file. The deck stands at the cue that was last set in that track, else at the first sound, and its hot cues are back: an engine keeps them from session to session. The deck keeps what it has if the file can't be played.",
   .example = "/deck/1/load \"/music/a track.flac\""},
  {.pattern = "/deck/N/unload", .args = {kForce}, .meaning = asks(Host::unload),
   .guards = kNeedsTrack | kNeedsForce | kMaySilence, .control = Control::track, .reversible = true, .spoken = {"unload deck {N}", "eject deck {N}"}, .section = kTrack,
   .help = "Empties the deck.", .example = "/deck/1/unload"},
  {.pattern = "/deck/N/double", .args = {deck("from"), kForce}, .meaning = asks(Host::load_double),
   .guards = kNeedsForce | kMaySilence, .control = Control::track, .reversible = true, .spoken = {"double deck {from} on deck {N}"}, .section = kTrack,
   .help = "Loads the track of another deck at the same position, playing if that one plays.", .example = "/deck/2/double 1"},

  {.pattern = "/deck/N/play", .meaning = runs(Op::play), .guards = kNeedsTrack, .control = Control::transport,
   .spoken = {"play deck {N}", "drop deck {N}", "bring in deck {N}"}, .section = kPlay,
   .help = "Plays on from where the deck stands. While a cue or hot cue is held, latches the preview.", .example = "/deck/1/play @bar"},
  {.pattern = "/deck/N/pause", .meaning = runs(Op::pause), .guards = kNeedsTrack | kMaySilence, .control = Control::transport,
   .spoken = {"pause deck {N}", "stop deck {N}"}, .section = kPlay, .help = "Stops where it is.", .example = "/deck/1/pause @phrase"},
  {.pattern = "/deck/N/cue", .args = {kFlag}, .meaning = runs(Op::cue_button, Convert::plain), .guards = kNeedsTrack | kMaySilence, .control = Control::transport,
   .spoken = {"cue deck {N} = 1"}, .section = kPlay,
   .help = "The cue button, 1 pressed, 0 released. Playing: back to the cue and stop. Standing at the cue: plays while held. Standing elsewhere: sets the cue there.", .example = "/deck/1/cue 1"},
  {.pattern = "/deck/N/cue/set", .args = {optional(number("seconds", "s", 0, 86400))}, .meaning = runs(Op::cue_set, Convert::frames), .guards = kNeedsTrack,
   .spoken = {"deck {N} set the cue"}, .section = kPlay, .help = "Sets the cue here, or at a time of the track.", .example = "/deck/1/cue/set 0.25"},
  {.pattern = "/deck/N/seek", .args = {number("seconds", "s", 0, 86400)}, .meaning = runs(Op::seek, Convert::frames), .guards = kNeedsTrack | kMaySilence, .control = Control::transport,
   .spoken = {"deck {N} go to {seconds} seconds"}, .section = kPlay, .help = "Goes to a time of the track.", .example = "/deck/1/seek 63.5"},
  {.pattern = "/deck/N/brake", .args = {number("seconds", "s", -20, 20)}, .meaning = runs(Op::brake, Convert::plain), .guards = kNeedsTrack | kMaySilence, .control = Control::transport,
   .spoken = {"brake deck {N} = 1", "spin up deck {N} = -1"}, .section = kPlay, .help = "Slows to a stand like a record over that time; negative: spins up from a stand.", .example = "/deck/1/brake 1.5"},

  {.pattern = "/deck/N/hotcue/K", .k_max = msg::kHotcues, .args = {kFlag}, .meaning = runs(Op::hotcue_button, Convert::plain), .guards = kNeedsTrack | kMaySilence, .control = Control::transport,
   .spoken = {"deck {N} hot cue {K} = 1"}, .section = kCues,
   .help = "A hot cue's button, 1 pressed, 0 released. Playing: jumps. Paused: plays while held. An empty one is set.", .example = "/deck/1/hotcue/3 1"},
  {.pattern = "/deck/N/hotcue/K/set", .k_max = msg::kHotcues, .args = {optional(number("seconds", "s", 0, 86400))}, .meaning = runs(Op::hotcue_set, Convert::frames), .guards = kNeedsTrack,
   .spoken = {"deck {N} set hot cue {K}"}, .section = kCues, .help = "Sets a hot cue here, or at a time of the track.", .example = "/deck/1/hotcue/3/set"},
  {.pattern = "/deck/N/hotcue/K/jump", .k_max = msg::kHotcues, .meaning = runs(Op::hotcue_jump), .guards = kNeedsTrack | kMaySilence, .control = Control::transport,
   .spoken = {"deck {N} jump to hot cue {K}"}, .section = kCues, .help = "Jumps to a hot cue; plays on or stays paused.", .example = "/deck/1/hotcue/3/jump @bar"},
  {.pattern = "/deck/N/hotcue/K/clear", .k_max = msg::kHotcues, .meaning = runs(Op::hotcue_clear), .guards = kNeedsTrack, .reversible = true,
   .spoken = {"deck {N} clear hot cue {K}"}, .section = kCues, .help = "Deletes a hot cue.", .example = "/deck/1/hotcue/3/clear"},

  {.pattern = "/deck/N/loop/in", .args = {optional(number("seconds", "s", 0, 86400))}, .meaning = loops(LoopOp::in, Convert::frames), .guards = kNeedsTrack | kMaySilence, .control = Control::transport,
   .spoken = {"deck {N} loop in"}, .section = kLoops, .help = "Marks where a loop begins: here, or at a time of the track.", .example = "/deck/1/loop/in"},
  {.pattern = "/deck/N/loop/out", .args = {optional(number("seconds", "s", 0, 86400))}, .meaning = loops(LoopOp::out, Convert::frames), .guards = kNeedsTrack, .control = Control::transport,
   .spoken = {"deck {N} loop out"}, .section = kLoops, .help = "Ends the loop here, or at a time of the track, and repeats it.", .example = "/deck/1/loop/out"},
  {.pattern = "/deck/N/loop/beats", .args = {beats(1.0 / 64, 512)}, .meaning = loops(LoopOp::beats, Convert::plain), .guards = kNeedsTrack, .control = Control::transport,
   .spoken = {"loop {beats} beats on deck {N}", "deck {N} loop {beats} beats"}, .section = kLoops, .help = "Loops so many beats from here; with a loop running, gives it that length.", .example = "/deck/1/loop/beats 8 @beat"},
  {.pattern = "/deck/N/loop/roll", .args = {beats(1.0 / 64, 512)}, .meaning = loops(LoopOp::roll, Convert::plain), .guards = kNeedsTrack, .control = Control::transport,
   .spoken = {"deck {N} roll {beats} beats"}, .section = kLoops, .help = "Loops; loop/exit returns to where the track would be by then.", .example = "/deck/1/loop/roll 1/4"},
  {.pattern = "/deck/N/loop/halve", .meaning = loops(LoopOp::halve), .guards = kNeedsTrack, .control = Control::transport,
   .spoken = {"deck {N} halve the loop"}, .section = kLoops, .help = "Half the length, same start.", .example = "/deck/1/loop/halve"},
  {.pattern = "/deck/N/loop/double", .meaning = loops(LoopOp::twice), .guards = kNeedsTrack, .control = Control::transport,
   .spoken = {"deck {N} double the loop"}, .section = kLoops, .help = "Twice the length, same start.", .example = "/deck/1/loop/double"},
  {.pattern = "/deck/N/loop/move", .args = {beats(-512, 512)}, .meaning = loops(LoopOp::move, Convert::plain), .guards = kNeedsTrack | kMaySilence, .control = Control::transport,
   .spoken = {"deck {N} move the loop {beats} beats"}, .section = kLoops, .help = "Moves the loop; a playhead inside moves with it.", .example = "/deck/1/loop/move 4"},
  {.pattern = "/deck/N/loop/exit", .meaning = loops(LoopOp::exit), .guards = kNeedsTrack | kMaySilence, .control = Control::transport, .reversible = true,
   .spoken = {"deck {N} exit the loop"}, .section = kLoops, .help = "Plays on past the loop's end.", .example = "/deck/1/loop/exit @bar"},
  {.pattern = "/deck/N/reloop", .meaning = loops(LoopOp::reloop), .guards = kNeedsTrack, .control = Control::transport,
   .spoken = {"deck {N} reloop"}, .section = kLoops, .help = "Back into the last loop.", .example = "/deck/1/reloop"},
  {.pattern = "/deck/N/loop/slot/K/save", .k_max = msg::kLoopSlots, .meaning = loops(LoopOp::slot_save, Convert::slot), .guards = kNeedsTrack,
   .spoken = {"deck {N} save loop {K}"}, .section = kLoops, .help = "Keeps the loop in a slot.", .example = "/deck/1/loop/slot/2/save"},
  {.pattern = "/deck/N/loop/slot/K/recall", .k_max = msg::kLoopSlots, .meaning = loops(LoopOp::slot_recall, Convert::slot), .guards = kNeedsTrack, .control = Control::transport,
   .spoken = {"deck {N} recall loop {K}"}, .section = kLoops, .help = "Takes up a kept loop.", .example = "/deck/1/loop/slot/2/recall @bar"},
  {.pattern = "/deck/N/jump", .args = {beats(-512, 512)}, .meaning = runs(Op::jump_beats, Convert::plain), .guards = kNeedsTrack | kMaySilence, .control = Control::transport,
   .spoken = {"deck {N} jump {beats} beats"}, .section = kLoops, .help = "Jumps forward or, negative, back. Without a grid, by the session's beats.", .example = "/deck/1/jump -16"},

  {.pattern = "/deck/N/scratch", .args = {kFlag}, .meaning = runs(Op::scratch, Convert::plain), .guards = kNeedsTrack | kMaySilence, .control = Control::transport,
   .section = kPlatter, .help = "A hand on the platter (1), and off it (0).", .example = "/deck/1/scratch 1"},
  {.pattern = "/deck/N/jog", .args = {number("amount", "speed or ms", -1000, 1000)}, .meaning = runs(Op::jog, Convert::jog), .guards = kNeedsTrack, .control = Control::transport,
   .section = kPlatter, .help = "The platter turns. While scratch is 1: its speed, 1 is the track's own. Otherwise a push by so many milliseconds.", .example = "/deck/1/jog -0.8"},
  {.pattern = "/deck/N/censor", .args = {kFlag}, .meaning = runs(Op::censor, Convert::plain), .guards = kNeedsTrack | kMaySilence, .control = Control::transport,
   .spoken = {"censor deck {N} = 1"}, .section = kPlatter, .help = "Reverse while held; then where the track would be by then.", .example = "/deck/1/censor 1"},
  {.pattern = "/deck/N/reverse", .args = {kFlag}, .meaning = runs(Op::reverse, Convert::plain), .guards = kNeedsTrack | kMaySilence, .control = Control::transport,
   .spoken = {"reverse deck {N} = 1", "forward deck {N} = 0"}, .section = kPlatter, .help = "Plays backwards.", .example = "/deck/1/reverse 1"},
  {.pattern = "/deck/N/slip", .args = {kFlag}, .meaning = runs(Op::slip, Convert::plain), .guards = kNeedsTrack, .control = Control::own,
   .spoken = {"slip deck {N} = 1"}, .section = kPlatter, .help = "Jumps, loops and scratches return to where the track would be by then.", .example = "/deck/1/slip 1"},

  {.pattern = "/deck/N/tempo", .args = {number("percent", "%", -90, 100)}, .meaning = sets(Param::tempo, Convert::speed), .ramps = Ramps::yes,
   .spoken = {"deck {N} tempo {percent} percent"}, .section = kTempo, .help = "Faster or slower than the track's own tempo. The leading deck takes the clock with it.", .example = "/deck/1/tempo 2.5 over 16 beats"},
  {.pattern = "/deck/N/nudge", .args = {number("percent", "%", -50, 50)}, .meaning = runs(Op::nudge, Convert::percent), .guards = kNeedsTrack,
   .section = kTempo, .help = "Pushes or holds back while not 0. The offset stays, until the next sync.", .example = "/deck/1/nudge 2"},
  {.pattern = "/deck/N/key", .args = {number("semitones", "semitones", -12, 12)}, .meaning = sets(Param::key), .ramps = Ramps::yes,
   .spoken = {"deck {N} key {semitones}"}, .section = kTempo, .help = "Shifts the key; fractions are cents.", .example = "/deck/1/key -1"},
  {.pattern = "/deck/N/keylock", .args = {kFlag}, .meaning = runs(Op::keylock, Convert::plain),
   .spoken = {"deck {N} key lock on = 1", "deck {N} key lock off = 0"}, .section = kTempo, .help = "Keeps the key while the tempo changes.", .example = "/deck/1/keylock 1"},
  {.pattern = "/deck/N/stretch", .args = {choice("engine", "r3|r3long|r2|direct")}, .meaning = runs(Op::stretch, Convert::index),
   .section = kTempo, .help = "How key lock stretches: r3 (default), r3long for quality, r2 for economy, direct without key lock.", .example = "/deck/1/stretch r3long"},
  {.pattern = "/deck/N/sync", .args = {choice("mode", "off|tempo|beat|bar|phrase")}, .meaning = runs(Op::sync, Convert::index),
   .spoken = {"sync deck {N} = beat", "sync off deck {N} = off"}, .section = kTempo, .help = "Follows the clock: its tempo only, or its beats, bars or phrases too; beats alone where the bars of the track are unsure.", .example = "/deck/2/sync beat"},

  {.pattern = "/deck/N/trim", .args = {level(12)}, .meaning = sets(Param::trim, Convert::gain), .ramps = Ramps::yes, .guards = kMaySilence, .reversible = true,
   .section = kChannel, .help = "Input gain.", .example = "/deck/1/trim -3"},
  {.pattern = "/deck/N/eq/low", .args = {level(12)}, .meaning = sets(Param::eq_low, Convert::gain), .ramps = Ramps::yes, .guards = kMaySilence, .reversible = true,
   .spoken = {"kill the bass on deck {N} = -inf", "bring back the bass on deck {N} = 0"}, .section = kChannel, .help = "Low band; -inf kills it.", .example = "/deck/2/eq/low -inf @bar"},
  {.pattern = "/deck/N/eq/mid", .args = {level(12)}, .meaning = sets(Param::eq_mid, Convert::gain), .ramps = Ramps::yes, .guards = kMaySilence, .reversible = true,
   .spoken = {"kill the mids on deck {N} = -inf", "bring back the mids on deck {N} = 0"}, .section = kChannel, .help = "Middle band; -inf kills it.", .example = "/deck/2/eq/mid -6"},
  {.pattern = "/deck/N/eq/high", .args = {level(12)}, .meaning = sets(Param::eq_high, Convert::gain), .ramps = Ramps::yes, .guards = kMaySilence, .reversible = true,
   .spoken = {"kill the highs on deck {N} = -inf", "bring back the highs on deck {N} = 0"}, .section = kChannel, .help = "High band; -inf kills it.", .example = "/deck/2/eq/high 0 over 8 beats"},
  {.pattern = "/deck/N/filter", .args = {number("amount", "", -1, 1)}, .meaning = sets(Param::filter), .ramps = Ramps::yes, .guards = kMaySilence, .reversible = true,
   .spoken = {"filter off deck {N} = 0"}, .section = kChannel, .help = "One knob: low-pass to the left, high-pass to the right, 0 off.", .example = "/deck/1/filter -0.6 over 4 bars"},
  {.pattern = "/deck/N/fader", .args = {number("position", "", 0, 1)}, .meaning = sets(Param::fader), .ramps = Ramps::yes, .guards = kMaySilence, .reversible = true,
   .spoken = {"fade in deck {N} = 1", "fade out deck {N} = 0"}, .section = kChannel, .help = "The channel fader.", .example = "/deck/1/fader 0 over 16 beats"},
  {.pattern = "/deck/N/cue_bus", .args = {kFlag}, .meaning = sets(Param::cue_bus), .section = kChannel,
   .help = "Sends the deck, before its fader, to the headphones.", .example = "/deck/2/cue_bus 1"},

  {.pattern = "/deck/N/stem/STEM/gain", .args = {level(6)}, .meaning = sets(Param::stem_gain, Convert::gain), .ramps = Ramps::yes, .guards = kMaySilence,
   .section = kStem, .help = "A stem's level: vocals, drums, bass or other.", .example = "/deck/1/stem/vocals/gain -6"},
  {.pattern = "/deck/N/stem/STEM/mute", .args = {kFlag}, .meaning = sets(Param::stem_mute), .guards = kMaySilence,
   .spoken = {"mute the {STEM} on deck {N} = 1", "bring in the {STEM} on deck {N} = 0"}, .section = kStem, .help = "Silences a stem.", .example = "/deck/1/stem/drums/mute 1 @bar"},
  {.pattern = "/deck/N/stem/STEM/solo", .args = {kFlag}, .meaning = sets(Param::stem_solo), .guards = kMaySilence,
   .spoken = {"solo the {STEM} on deck {N} = 1", "solo off the {STEM} on deck {N} = 0"}, .section = kStem, .help = "Only the stems with solo sound.", .example = "/deck/1/stem/vocals/solo 1"},

  {.pattern = "/deck/N/fx/UNIT/SLOT/type", .args = {text("effect")}, .meaning = asks(Host::fx_type),
   .section = kFx, .help = "Puts an effect into a slot, or none. Its tail finishes first.", .example = "/deck/1/fx/1/2/type echo"},
  {.pattern = "/deck/N/fx/UNIT/SLOT/on", .args = {kFlag}, .meaning = sets(Param::fx_on),
   .section = kFx, .help = "The effect's switch.", .example = "/deck/1/fx/1/2/on 1 @beat"},
  {.pattern = "/deck/N/fx/UNIT/SLOT/wet", .args = {number("amount", "", 0, 1)}, .meaning = sets(Param::fx_wet), .ramps = Ramps::yes,
   .section = kFx, .help = "Dry to wet.", .example = "/deck/1/fx/1/2/wet 0.5 over 8 beats"},
  {.pattern = "/deck/N/fx/UNIT/SLOT/PARAM", .args = {number("value", "the parameter's", -1e6, 1e6)}, .meaning = sets(Param::fx_param, Convert::effect), .ramps = Ramps::yes,
   .section = kFx, .help = "A parameter of the effect in the slot, in its own unit and range: `tactus intents` lists them.", .example = "/deck/1/fx/1/2/feedback 0.6"},

  {.pattern = "/mixer/crossfader", .args = {number("position", "", -1, 1)}, .meaning = sets(Param::crossfader), .ramps = Ramps::yes, .guards = kMaySilence, .reversible = true,
   .spoken = {"crossfade left = -1", "crossfade right = 1", "crossfade centre = 0"}, .section = kMixer, .help = "-1 left, 1 right.", .example = "/mixer/crossfader 1 @phrase over 16 beats s-curve"},
  {.pattern = "/mixer/crossfader/curve", .args = {choice("curve", "smooth|power|cut")}, .meaning = sets(Param::xf_curve, Convert::word),
   .section = kMixer, .help = "How it fades: smooth (both sides 6 dB down in the middle), power (3 dB down: the power stays), or cut for scratching (both sides full but for the last twentieth of the way).", .example = "/mixer/crossfader/curve cut"},
  {.pattern = "/mixer/crossfader/assign", .args = {deck("deck"), choice("side", "left|thru|right")}, .meaning = sets(Param::xf_assign, Convert::assign), .guards = kMaySilence,
   .section = kMixer, .help = "Which side of the crossfader a deck is on.", .example = "/mixer/crossfader/assign 1 left"},
  {.pattern = "/mixer/master", .args = {level(6)}, .meaning = sets(Param::master, Convert::gain), .ramps = Ramps::yes, .guards = kMaySilence,
   .section = kMixer, .help = "Level of the master bus.", .example = "/mixer/master -3"},
  {.pattern = "/mixer/cue_mix", .args = {number("mix", "", 0, 1)}, .meaning = sets(Param::cue_mix), .ramps = Ramps::yes,
   .section = kMixer, .help = "Headphones: 0 cue only, 1 master only.", .example = "/mixer/cue_mix 0.5"},
  {.pattern = "/mixer/split", .args = {kFlag}, .meaning = sets(Param::split),
   .section = kMixer, .help = "Headphones: cue on the left, master on the right.", .example = "/mixer/split 1"},
  {.pattern = "/mixer/headphones", .args = {level(12)}, .meaning = sets(Param::headphones, Convert::gain), .ramps = Ramps::yes,
   .section = kMixer, .help = "Level of the headphones.", .example = "/mixer/headphones -12"},
  {.pattern = "/mixer/booth", .args = {level(6)}, .meaning = sets(Param::booth, Convert::gain), .ramps = Ramps::yes,
   .section = kMixer, .help = "Level of the booth output.", .example = "/mixer/booth -6"},

  {.pattern = "/mixer/record", .args = {kFlag}, .meaning = asks(Host::record), .control = Control::none,
   .spoken = {"record = 1", "stop recording = 0"}, .section = kMixer, .help = "Begins or ends a recording, of what the engine's --record-what says and into the folder that --record names: by default the master, into Tactus in the music folder.", .example = "/mixer/record 1"},

  {.pattern = "/clock/source", .args = {choice("source", "auto|internal|deck|link|midi"), after("deck", deck("deck"))}, .meaning = asks(Host::clock_source), .control = Control::clock,
   .spoken = {"clock to deck {deck} = deck {deck}", "clock to auto = auto", "clock to link = link"}, .section = kClock, .help = "Who leads: auto (Link when others are there, else the deck that has played longest), internal, Link, the MIDI clock that comes in, or a deck.", .example = "/clock/source deck 2"},
  {.pattern = "/clock/tempo", .args = {number("bpm", "BPM", 20, 300)}, .meaning = asks(Host::clock_tempo), .ramps = Ramps::linear, .control = Control::clock,
   .spoken = {"tempo {bpm}"}, .section = kClock, .help = "The session's tempo. A leading deck that isn't synced changes its own tempo with it.", .example = "/clock/tempo 128 over 32 beats"},
  {.pattern = "/clock/tap", .meaning = does(Meta::tap), .control = Control::clock,
   .section = kClock, .help = "A tap on the beat. From the third on they set the tempo, as /clock/tempo does; a pause of 2 s begins anew.", .example = "/clock/tap"},
  {.pattern = "/clock/quantum", .args = {beats(1, 32)}, .meaning = asks(Host::clock_quantum), .control = Control::clock,
   .section = kClock, .help = "The length of a bar: of @bar, `over N bars` and sync bar, from where it happens on. Bars are counted from the session's beat 0.", .example = "/clock/quantum 4"},
  {.pattern = "/clock/phrase", .args = {choice("beats", "16|32")}, .meaning = asks(Host::clock_phrase), .control = Control::clock,
   .section = kClock, .help = "The length of a phrase in beats: of @phrase and sync phrase, from where it happens on. Phrases are counted from the session's beat 0.", .example = "/clock/phrase 32"},

  {.pattern = "/clock/link", .args = {kFlag}, .meaning = asks(Host::link), .guards = kNearOnly, .control = Control::none,
   .section = kClock, .help = "Shares tempo and beats with others on the network by Ableton Link, or stops to. Joining takes up their tempo, leaving keeps ours.", .example = "/clock/link 1"},
  {.pattern = "/clock/link/transport", .args = {kFlag}, .meaning = asks(Host::link_transport), .guards = kNearOnly, .control = Control::none,
   .section = kClock, .help = "Link's start and stop, where the others share it, too: a stop of theirs pauses the decks that play, a start lets those go on at the bar; and our first deck that plays, and our last that stops, is told to them.", .example = "/clock/link/transport 1"},

  {.pattern = "/midi/note", .args = {channel(), number("note", "", 0, 127), number("velocity", "", 1, 127), beats(1.0 / 64, 512)}, .meaning = asks(Host::midi_note),
   .section = kMidi, .help = "Plays a note on what listens to our MIDI output, for so many beats.", .example = "/midi/note 1 36 100 1/4 @bar"},
  {.pattern = "/midi/cc", .args = {channel(), number("controller", "", 0, 127), number("value", "", 0, 127)}, .meaning = asks(Host::midi_cc), .ramps = Ramps::yes,
   .section = kMidi, .help = "Sets a controller of what listens to our MIDI output, or moves it there from where it is.", .example = "/midi/cc 1 74 127 @phrase over 16 beats"},
  {.pattern = "/midi/clock", .args = {choice("what", "start|stop|continue")}, .meaning = asks(Host::midi_clock), .quant = {Quant::Kind::bars, 1, {}}, .control = Control::none,
   .section = kMidi, .help = "Starts what follows our MIDI clock from its beginning, stops it, or lets it go on. By default on the bar.", .example = "/midi/clock start @bar"},

  {.pattern = "/undo", .args = {kForce}, .meaning = does(Meta::undo), .guards = kMaySilence, .control = Control::none,
   .spoken = {"undo"}, .section = kSafety, .help = "Takes back the last reversible intent of the same source; `force` where that stops a sounding deck.", .example = "/undo"},
  {.pattern = "/panic", .meaning = does(Meta::panic), .control = Control::none,
   .spoken = {"panic"}, .section = kSafety, .help = "Sounding decks play on; EQ, filter, effects and their tails, stems, loops and pitch of all decks go to neutral in 50 ms, and what is pending on them is dropped. An effect can be heard again 0.2 s later.", .example = "/panic"},
  {.pattern = "/silence", .meaning = does(Meta::silence), .guards = kHandOnly, .control = Control::none,
   .section = kSafety, .help = "The master fades out in 100 ms. `/mixer/master 0` brings it back.", .example = "/silence"},
  {.pattern = "/hold", .args = {kFlag}, .meaning = asks(Host::hold), .guards = kHandOnly, .control = Control::none,
   .section = kSafety, .help = "The whole set fades out in 100 ms and stands still: clock, decks and what is pending. `/hold 0` lets it go on from there; what is asked for meanwhile happens then. Not while Ableton Link or a MIDI clock that comes in sets the beat, which goes on elsewhere.", .example = "/hold 1"},
};
// clang-format on

}  // namespace

std::span<const IntentRow> intent_table() { return kTable; }

}  // namespace tactus::schedule
