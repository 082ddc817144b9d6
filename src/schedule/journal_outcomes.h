// The journal's other lines: what became of things, so that a run can be played again, bit for bit. JSON Lines:
//
//   {"outcomes": 1, "decks": 4, "map": [[0, 0, 120, 120, 0]]}
//   {"track": 3, "id": 2, "path": "a.flac", "frames": 9600000, "channels": 2, "gain": 0.8, "first": 96, "cue": -1,
//    "hotcues": [..], "grid": [[96, 0, 126]],        what a command refers to; with loops if it brought any:
//    "slots": [[from, to], ..], "loop": [from, to, on]}
//   {"took": 4096, "op": "play", "deck": 1, "beat": 4000000}    a command, at the block in which it was taken in
//   {"took": 4096, "map": [[frame, beat, from, to, beats], ..]} a tempo map; with what bars and phrases are, where that
//    isn't the usual, in micro-beats: "metre": [[bar, phrase, phase], [from, bar, phrase], ..], where the first holds
//    from the beginning on and the others change it, but for what is 0
//   {"block": 256, "frame": 0}                        from there on
//   {"plays": "voice", "deck": 1, "frame": 96000, "ring": 0, "voice": 7, "fade": 224}
//   {"missed": 96224, "deck": 1, "ring": 0, "voice": 7}         that fade-out ended there; without a voice: audio was
//                                                               withdrawn while it sounded
//   {"voice": 7, "deck": 1, "begin": 95000, ..}, {.., "hops": [..]}, {.., "read": ..}, {.., "whole": ..}
//   {"exact": 99000}                                  nothing that was heard before that frame is missing above
//
// Frames are session frames, decks count from 1. Any thread; reading never throws.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/msg/outcome.h"
#include "music/tempo_map.h"

namespace tactus::schedule {

// A track as a command brought it.
struct TrackPoint {
  std::uint64_t ref = 0;  // names this line
  std::uint64_t id = 0;   // names the load
  std::string path;
  std::string content;  // media::content_id; empty: not known
  std::int64_t frames = 0;
  int channels = 2;
  double gain = 1, first_sound = 0;
  bool bars_sure = true;
  msg::TrackMarks marks;
  std::vector<music::GridAnchor> grid;
};

struct PlanSlot {
  int deck = 0, slot = 0;
  bool leaving = false;
  std::string effect;  // its id
  std::uint64_t instance = 0;
};

struct TookCommand {
  Frame at;
  msg::Command command;         // without what it points to:
  std::uint64_t track = 0;      // TrackPoint::ref; 0: none
  std::vector<PlanSlot> slots;  // of swap_plan
  std::string fx_param;         // of Param::fx_param: its id, which counts, not Command::sub
};

struct TookMap {
  Frame at;
  music::TempoMap map;
};

struct DeckVoice {
  int deck = 0;
  msg::VoiceOutcome outcome;
};

struct Outcomes {
  int decks = 0;  // 0: none were written
  music::TempoMap map;
  std::vector<TrackPoint> tracks;
  std::vector<TookCommand> commands;
  std::vector<TookMap> maps;
  std::vector<msg::EngineOutcome> blocks;  // Kind::block
  std::vector<msg::EngineOutcome> heard;   // Kind::source and Kind::missed
  std::vector<DeckVoice> voices;
  Frame exact;  // from here on something may be missing
};

// Each with its newline.
std::string to_line(int decks, const music::TempoMap& map);
std::string to_line(const TrackPoint& track);
std::string content_line(const std::string& path, const std::string& content);
std::string to_line(const TookCommand& took);
std::string to_line(const TookMap& took);
std::string to_line(const msg::EngineOutcome& heard);
std::string to_line(const DeckVoice& voice);                // all but hops
std::string hops_line(const std::vector<DeckVoice>& hops);  // of one voice, at least one
std::string exact_line(Frame frame);

bool is_outcome(std::string_view line);
// False, and nothing added, for a line that is none, or a damaged one.
bool read_outcome(std::string_view line, Outcomes* outcomes);

}  // namespace tactus::schedule
