#include "library/foreign/timeline.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

namespace tactus::library {
namespace timelines {
namespace {

using Codec = AudioHeader::Codec;
using Tag = AudioHeader::Tag;

enum class Program { rekordbox, traktor, serato, other };

Program program_of(std::string_view format) {
  if (format.starts_with("rekordbox")) return Program::rekordbox;
  if (format.starts_with("Traktor")) return Program::traktor;
  if (format.starts_with("Serato")) return Program::serato;
  return Program::other;
}

// How many frames of an MP3 a program counts before the first one that has sound, and whether several have measured the
// same. In no case does one of them take the encoder's delay away.
// - rekordbox: Mixxx's offsets by its three decoders (src/library/rekordbox/rekordboxfeature.cpp; pull request 2119)
//   are explained by one frame where LAME's header is proved, and none else.
// - Traktor: what differs from rekordbox by case (dj-data-converter, issue 3) is explained by the header always
// counting.
// - Serato: Mixxx's offsets (src/track/serato/tags.cpp) agree across decoders without a header and with Xing's; with
//   LAME's they differ by 10 ms.
struct Counted {
  int frames;
  bool known;
};
Counted counted(Program p, Tag tag) {
  switch (p) {
    case Program::rekordbox:
      return {tag == Tag::lame ? 1 : 0, tag != Tag::vbri};
    case Program::traktor:
      return {tag == Tag::none ? 0 : 1, tag != Tag::vbri};
    case Program::serato:
      return {tag == Tag::none ? 0 : 1, tag == Tag::none || tag == Tag::xing};
    case Program::other:
      break;
  }
  return {0, false};
}

const char* name_of(Tag tag) {
  switch (tag) {
    case Tag::none:
      return "MP3 without a header";
    case Tag::xing:
      return "MP3 with a Xing header";
    case Tag::unproved:
      return "MP3 with a LAME header whose checksum is wrong";
    case Tag::lame:
      return "MP3 with a LAME header";
    case Tag::vbri:
      break;
  }
  return "MP3 with a VBRI header";
}

const char* why_likely(Program program, Tag tag) {
  if (program == Program::other) return "no program that was measured takes the encoder's delay away";
  if (tag == Tag::vbri) return "it counts a header of another kind so";
  return "others measured that, but by decoders that differ by 10 ms";
}

Timeline of_mp3(Program program, std::string_view format, const AudioHeader& h) {
  Timeline out;
  const double rate = h.rate;
  const Counted c = counted(program, h.tag);
  const auto offset = [&](int frames) { return 0 - (static_cast<double>(h.delay) + frames * h.frame) / rate; };
  out.proposed = offset(c.frames);
  out.why = name_of(h.tag);
  if (c.known) {
    out.offset = out.proposed;
    return out;
  }
  out.why += ": where " + std::string(format) + " begins to count isn't known";
  out.because = why_likely(program, h.tag);
  for (const double o : {offset(0), offset(1), 0.0}) {
    if (o != out.proposed && std::find(out.others.begin(), out.others.end(), o) == out.others.end())
      out.others.push_back(o);
  }
  return out;
}

// rekordbox counts AAC's delay: against a decoder that takes Apple's 2112 frames away it is 48 ms late (Mixxx, as
// above). Of the others nothing is published.
Timeline of_aac(Program program, std::string_view format, const AudioHeader& h) {
  Timeline out;
  out.proposed = h.rate > 0 ? -static_cast<double>(h.delay) / h.rate : 0;
  out.why = h.edit_list ? "AAC with an edit list" : h.delay > 0 ? "AAC with iTunes' delay" : "AAC without an edit list";
  if (h.odd) {
    out.why = "AAC with an edit list of several pieces: what that does to times isn't known";
  } else if (program == Program::rekordbox || h.delay == 0) {
    // Without a statement of the delay nobody can take it away.
    out.offset = out.proposed;
  } else {
    out.why += ": where " + std::string(format) + " begins to count isn't known";
    out.others.push_back(0);
    out.because = "rekordbox counts so, which was measured";
  }
  return out;
}

double distance(const std::vector<double>& sorted, double at) {
  const auto next = std::lower_bound(sorted.begin(), sorted.end(), at);
  double best = next == sorted.end() ? 1e9 : *next - at;
  if (next != sorted.begin()) best = std::min(best, at - *(next - 1));
  return best;
}

// Seconds, of at most some hundred beats.
std::vector<double> beats_of(const std::vector<ForeignAnchor>& grid, double end) {
  constexpr std::size_t kMost = 1000;
  std::vector<double> out;
  for (std::size_t i = 0; i < grid.size(); ++i) {
    const double until = i + 1 < grid.size() ? std::min(end, grid[i + 1].seconds - 1e-6) : end;
    const double step = grid[i].bpm > 0 ? 60 / grid[i].bpm : 0;
    for (std::size_t k = 0; step > 0.01 && out.size() < kMost; ++k) {
      const double at = grid[i].seconds + static_cast<double>(k) * step;
      if (at >= until) break;
      out.push_back(at);
    }
  }
  return out;
}

}  // namespace
}  // namespace timelines

Timeline timeline_of(std::string_view format, const AudioHeader& header) {
  using namespace timelines;
  const Program program = program_of(format);
  if (header.codec == Codec::mp3 && header.rate > 0) return of_mp3(program, format, header);
  if (header.codec == Codec::aac) return of_aac(program, format, header);
  Timeline out;
  if (header.codec == Codec::other) {
    out.why = "what is in the file isn't known";
    return out;
  }
  out.offset = 0;
  out.why = header.codec == Codec::opus ? "its delay is part of the format" : "it has no delay";
  return out;
}

Timeline timeline_of(std::string_view format, const std::string& path) {
  std::error_code failed;
  Timeline out;
  if (!std::filesystem::is_regular_file(path, failed)) {
    out.why = "the file isn't there";
    return out;
  }
  const auto header = read_audio_header(path);
  if (header) return timeline_of(format, *header);
  out.why = "what is in the file isn't known";
  return out;
}

std::optional<double> offset_by_beats(const Timeline& timeline, const std::vector<ForeignAnchor>& grid,
                                      const std::vector<double>& beats) {
  using namespace timelines;
  constexpr double kNear = 0.010, kClearly = 0.003;
  if (timeline.offset || grid.empty() || beats.empty()) return timeline.offset;
  const std::vector<double> theirs = beats_of(grid, beats.back() + 0.1);
  if (theirs.empty()) return std::nullopt;
  std::vector<std::pair<double, double>> found;  // median distance, offset
  std::vector<double> offsets = timeline.others;
  offsets.push_back(timeline.proposed);
  for (const double offset : offsets) {
    std::vector<double> d;
    for (const double at : theirs) d.push_back(distance(beats, at + offset));
    std::nth_element(d.begin(), d.begin() + std::ssize(d) / 2, d.end());
    found.emplace_back(d[d.size() / 2], offset);
  }
  std::sort(found.begin(), found.end());
  if (found[0].first > kNear || (found.size() > 1 && found[1].first - found[0].first < kClearly)) return std::nullopt;
  return found[0].second;
}

}  // namespace tactus::library
