#include "analysis_png.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <limits>

#include "canvas.h"
#include "level_curve.h"
#include "progress.h"

namespace tactus::app {
namespace {

using analysis::TrackAnalysis;

constexpr int kWidth = 1600, kHeight = 860, kMargin = 16, kInner = kWidth - 2 * kMargin;
constexpr Rgb kGround{18, 20, 26}, kInk{225, 228, 235}, kFaint{120, 126, 140}, kPeak{58, 92, 150}, kBody{120, 190, 255},
    kBeat{150, 156, 170}, kDownbeat{255, 150, 60}, kPhrase{255, 220, 90}, kVoice{240, 110, 190}, kPanel{26, 29, 37};
// In the order of analysis::Part.
constexpr std::array<Rgb, 6> kParts = {
    {{70, 120, 170}, {90, 150, 90}, {200, 150, 50}, {200, 70, 60}, {120, 90, 180}, {70, 120, 170}}};

// A strip of the picture in which x is time.
struct Lane {
  double from = 0, to = 1;  // seconds
  int y = 0, height = 100;
  int x = kMargin, width = kInner;
  int at(double seconds) const {
    return x + static_cast<int>(std::lround((seconds - from) / (to - from) * (width - 1)));
  }
  bool has(double seconds) const { return seconds >= from && seconds <= to; }
};

void draw_wave(Canvas& canvas, const Lane& lane, const LevelCurve& level) {
  canvas.rect(lane.x, lane.y, lane.width, lane.height, kPanel);
  const int middle = lane.y + lane.height / 2, most = lane.height / 2 - 2;
  const double step = (lane.to - lane.from) / lane.width;
  for (int x = 0; x < lane.width; ++x) {
    const Level l = level.between(lane.from + x * step, lane.from + (x + 1) * step);
    for (const auto& [value, color] : {std::pair{l.peak, kPeak}, std::pair{l.rms, kBody}}) {
      const int half = static_cast<int>(std::min(value, 1.0f) * static_cast<float>(most));
      canvas.line(lane.x + x, middle - half, 2 * half + 1, color);
    }
  }
}

void draw_time(Canvas& canvas, const Lane& lane, double every) {
  for (double t = std::ceil(lane.from / every) * every; t <= lane.to; t += every) {
    const int x = lane.at(t);
    canvas.line(x, lane.y + lane.height, 5, kFaint);
    const std::string words = every < 1 ? fmt::format("{:.1f}", t) : clock_text(t);
    if (x + Canvas::text_width(words, 1) < lane.x + lane.width)
      canvas.text(x + 3, lane.y + lane.height + 3, words, kFaint, 1);
  }
}

// Blocks with a word in each, as far as it fits.
void draw_block(Canvas& canvas, const Lane& lane, double start, double end, const std::string& words, Rgb color) {
  const int left = std::max(lane.at(start), lane.x), right = std::min(lane.at(end), lane.x + lane.width);
  if (right <= left) return;
  canvas.rect(left, lane.y, std::max(1, right - left - 1), lane.height, color);
  const auto letters = static_cast<std::size_t>(std::max(0, right - left - 8) / 12);
  canvas.text(left + 5, lane.y + (lane.height - 14) / 2, words.substr(0, letters), kInk);
}

// The wheel of keys as a wheel of colours: neighbours in a mix look alike.
Rgb color_of(music::Key key) {
  const double turn = 2 * 3.14159265358979 * key.fifths() / 12;
  const auto part = [&](double shift) { return static_cast<unsigned char>(95 + 60 * std::cos(turn + shift)); };
  return {part(0), part(-2.1), part(2.1)};
}

std::string tempo_words(const TrackAnalysis& a) {
  if (!a.has_grid()) return "NO BEAT";
  std::string out = fmt::format("{:.2f} BPM", a.bpm);
  if (a.alternative_bpm > 0) out += fmt::format(" (OR {:.2f})", a.alternative_bpm);
  if (a.grid.size() > 1) out += fmt::format(", {} ANCHORS", a.grid.size());
  return out;
}

void draw_words(Canvas& canvas, const std::string& file, const TrackAnalysis& a) {
  const std::string name = std::filesystem::path(file).filename().string();
  canvas.text(kMargin, 14, name.substr(0, (kInner - 140) / 18), kInk, 3);
  canvas.text(kWidth - kMargin - Canvas::text_width(clock_text(a.duration), 3), 14, clock_text(a.duration), kInk, 3);
  const std::string key = a.key_confidence > 0 ? fmt::format("{} {}", a.key.name(), a.key.camelot()) : "NO CLEAR KEY";
  const std::string loud = std::isfinite(a.lufs) ? fmt::format("{:.1f} LUFS, RANGE {:.1f} LU, PEAK {:+.1f} DBTP",
                                                               a.lufs, a.lra, a.true_peak_db)
                                                 : "SILENCE";
  canvas.text(kMargin, 46, fmt::format("{}   {}   {:+.0f} CENTS   {}", tempo_words(a), key, a.tuning_cents, loud),
              kInk);
  canvas.text(
      kMargin, 68,
      fmt::format("CONFIDENCE: TEMPO {:.2f}  BEATS {:.2f}  BARS {:.2f}  KEY {:.2f}  VOICE {:.2f}", a.tempo_confidence,
                  a.confidence, a.downbeat_confidence, a.key_confidence, a.vocal_confidence),
      kFaint);
}

void draw_whole(Canvas& canvas, const LevelCurve& level, const TrackAnalysis& a) {
  const double end = std::max(a.duration, 1e-3);
  const Lane parts{0, end, 96, 24}, keys{0, end, 124, 20}, voice{0, end, 148, 6}, wave{0, end, 158, 190};
  for (const analysis::Section& s : a.sections) {
    const auto part = static_cast<std::size_t>(s.label);
    draw_block(canvas, parts, s.start, s.end, fmt::format("{} {}", analysis::kPartNames[part], s.energy), kParts[part]);
  }
  for (std::size_t i = 0; i < a.keys.size(); ++i) {
    const double until = i + 1 < a.keys.size() ? a.keys[i + 1].start : end;
    draw_block(canvas, keys, a.keys[i].start, until, std::string(a.keys[i].key.name()), color_of(a.keys[i].key));
  }
  if (a.keys.empty() && a.key_confidence > 0) {
    draw_block(canvas, keys, a.first_sound, a.last_sound, std::string(a.key.name()), color_of(a.key));
  }
  for (const analysis::TimeSpan& v : a.vocals) draw_block(canvas, voice, v.start, v.end, "", kVoice);
  draw_wave(canvas, wave, level);
  for (const double t : a.downbeats()) canvas.line(wave.at(t), wave.y + wave.height - 14, 14, kDownbeat, 0.7);
  for (const analysis::Phrase& p : a.phrases)
    canvas.line(wave.at(a.seconds_of(p.beat)), wave.y, wave.height, kPhrase, 0.6);
  for (const double t : {a.mix_in, a.mix_out}) {
    if (a.mix_in < a.mix_out) canvas.rect(wave.at(t) - 1, wave.y, 3, wave.height, kInk);
  }
  draw_time(canvas, wave, end > 900 ? 120 : end > 240 ? 30 : 10);
}

// A few seconds, so near that a beat 10 ms off its attack shows.
void draw_close(Canvas& canvas, const LevelCurve& level, const TrackAnalysis& a, double from, int y, const char* what) {
  constexpr double kSeconds = 8;
  constexpr int kTall = 120;
  const Lane wave{from, from + kSeconds, y + 14, kTall};
  canvas.text(kMargin, y, what, kFaint, 1);
  draw_wave(canvas, wave, level);
  for (const double t : a.beats()) {
    if (wave.has(t)) canvas.line(wave.at(t), wave.y, wave.height, kBeat, 0.8);
  }
  for (const double t : a.downbeats()) {
    if (wave.has(t)) canvas.rect(wave.at(t), wave.y, 2, wave.height, kDownbeat);
  }
  draw_time(canvas, wave, 0.5);
}

}  // namespace

std::string draw_analysis(media::WorkerPool& pool, const std::string& file, const TrackAnalysis& a,
                          const std::string& png) {
  const media::Result<LevelCurve> level = read_level(pool, file);
  if (!level) return level.error().text();
  Canvas canvas(kWidth, kHeight, kGround);
  draw_words(canvas, file, a);
  draw_whole(canvas, level.value(), a);
  const double room = std::max(0.0, a.last_sound - 8);
  const double begin = std::min(std::max(0.0, a.first_sound - 0.25), room);
  draw_close(canvas, level.value(), a, begin, 384, "FROM THE FIRST SOUND: BEATS GREY, DOWNBEATS ORANGE");
  draw_close(canvas, level.value(), a, std::max(begin, (a.first_sound + a.last_sound) / 2 - 4), 542, "THE MIDDLE");
  draw_close(canvas, level.value(), a, std::max(begin, room), 700, "TO THE LAST SOUND");
  return canvas.save(png);
}

}  // namespace tactus::app
