#include "analysis/words.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace tactus::analysis {

namespace {

// From where on a word is right, set so that each fits a tenth to a third of 2,400 phrases (the demo crate's and
// sketches' of the development part). Decibels, shares, and onsets a beat.
constexpr double kBrightDb = -5, kDarkDb = -13.5;  // above 2 kHz against 150 Hz to 2 kHz
constexpr double kHeavyBass = 0.6, kAnyBass = 0.35, kThin = 0.08;
constexpr double kRollingTime = 0.62;  // in which the bass is within 12 dB of its loud level
constexpr double kBusy = 2.9, kSparse = 1.4, kBeatless = 0.4;
constexpr double kLoudDb = 1.5, kQuietDb = -4, kRisingDb = 3;
constexpr double kVocal = 0.25, kInstrumental = 0.02;
// An onset rises by so much within 12 ms, to at least so much below the band's loud level, 60 ms after the last.
constexpr double kOnsetRiseDb = 6, kOnsetFloorDb = 20, kOnsetWithinS = 0.0116, kOnsetApartS = 0.06;

using Band = std::uint8_t WaveformColumn::*;
constexpr std::array<Band, 3> kBands = {&WaveformColumn::low, &WaveformColumn::mid, &WaveformColumn::high};

double decibels_of(std::uint8_t level) { return level / 255.0 * 60 - 60; }
double power_of(std::uint8_t level) { return level == 0 ? 0 : std::pow(10.0, decibels_of(level) / 10); }
double in_decibels(double power) { return 10 * std::log10(std::max(power, 1e-9)); }

struct PowerTable {
  std::array<double, 256> of{};
  PowerTable() {
    for (std::size_t i = 0; i < of.size(); ++i) of[i] = power_of(static_cast<std::uint8_t>(i));
  }
};

using Columns = std::span<const WaveformColumn>;

double mean_power(Columns columns, Band band) {
  static const PowerTable power;
  double sum = 0;
  for (const WaveformColumn& c : columns) sum += power.of[c.*band];
  return columns.empty() ? 0 : sum / static_cast<double>(columns.size());
}

double mean_power(Columns columns) {
  double sum = 0;
  for (const Band band : kBands) sum += mean_power(columns, band);
  return sum;
}

// What a twentieth of the columns exceeds.
int loud_level(Columns columns, Band band) {
  std::array<std::size_t, 256> counts{};
  for (const WaveformColumn& c : columns) ++counts[c.*band];
  std::size_t above = 0;
  int level = 255;
  for (; level > 0; --level) {
    above += counts[static_cast<std::size_t>(level)];
    if (20 * above >= columns.size()) break;
  }
  return level;
}

constexpr double kLevelsADecibel = 255.0 / 60;

int onsets(Columns columns, Band band, double columns_a_second) {
  const auto within = static_cast<std::size_t>(std::max(1.0, std::round(kOnsetWithinS * columns_a_second)));
  const double apart = kOnsetApartS * columns_a_second;
  const double floor = loud_level(columns, band) - kOnsetFloorDb * kLevelsADecibel;
  int found = 0;
  double last = -apart;
  for (std::size_t i = within; i < columns.size(); ++i) {
    const int now = columns[i].*band, before = columns[i - within].*band;
    if (now - before < kOnsetRiseDb * kLevelsADecibel || now < floor) continue;
    if (static_cast<double>(i) - last > apart) ++found;
    last = static_cast<double>(i);
  }
  return found;
}

class Words {
 public:
  void add(const char* word) { text_ += (text_.empty() ? "" : " ") + std::string(word); }
  void add_if(bool is, const char* word) {
    if (is) add(word);
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

void describe_sound(Columns columns, double beats, double columns_a_second, double track_power, Words& out) {
  const double low = mean_power(columns, &WaveformColumn::low), mid = mean_power(columns, &WaveformColumn::mid),
               high = mean_power(columns, &WaveformColumn::high), all = low + mid + high;
  if (all <= 0 || beats <= 0) return out.add("silent");
  const double bass = low / all, brightness = in_decibels(high) - in_decibels(mid);
  out.add_if(brightness >= kBrightDb, "bright");
  out.add_if(brightness <= kDarkDb, "dark");
  const double loud = loud_level(columns, &WaveformColumn::low) - 12 * kLevelsADecibel;
  const auto sounding = std::count_if(columns.begin(), columns.end(), [&](const auto& c) { return c.low >= loud; });
  const bool rolls = bass >= kAnyBass && static_cast<double>(sounding) >= kRollingTime * std::ssize(columns);
  out.add_if(rolls, "rolling");
  out.add_if(bass >= kHeavyBass, "heavy");
  out.add_if(bass >= kAnyBass, "bass");
  out.add_if(bass <= kThin, "thin");
  double most = 0;
  for (const Band band : kBands) most = std::max(most, onsets(columns, band, columns_a_second) / beats);
  out.add_if(most >= kBusy, "busy");
  out.add_if(most < kSparse && most >= kBeatless, "sparse");
  out.add_if(most < kBeatless, "beatless");
  const double relative = in_decibels(all) - in_decibels(track_power);
  out.add_if(relative >= kLoudDb, "loud");
  out.add_if(relative <= kQuietDb, "quiet");
  const std::size_t half = columns.size() / 2;
  const double rise = in_decibels(mean_power(columns.subspan(half))) - in_decibels(mean_power(columns.first(half)));
  out.add_if(rise >= kRisingDb, "rising");
  out.add_if(rise <= -kRisingDb, "falling");
}

double vocal_share(const TrackAnalysis& analysis, double start, double end) {
  double sung = 0;
  for (const TimeSpan& v : analysis.vocals) sung += std::max(0.0, std::min(end, v.end) - std::max(start, v.start));
  return end > start ? sung / (end - start) : 0;
}

// Other words for what a part is called; the label itself is kept apart.
const char* other_names(Part part) {
  switch (part) {
    case Part::drop:
      return "peak";
    case Part::breakdown:
      return "breakdown";
    case Part::build:
      return "buildup";
    default:
      return "";
  }
}

void describe_music(const TrackAnalysis& analysis, double start, double end, Words& out) {
  const double voice = vocal_share(analysis, start, end);
  out.add_if(voice >= kVocal, "vocal");
  out.add_if(voice <= kInstrumental, "instrumental");
  for (const Section& s : analysis.sections) {
    if (start + 0.05 >= s.end || start + 0.05 < s.start) continue;
    out.add_if(s.energy <= 3, "calm");
    out.add_if(s.energy >= 8, "energetic");
    if (*other_names(s.label) != 0) out.add(other_names(s.label));
  }
  const KeySpan* key = nullptr;
  for (const KeySpan& k : analysis.keys)
    if (key == nullptr || k.start <= start + 0.05) key = &k;
  if (key != nullptr) out.add(key->key.minor ? "minor" : "major");
  out.add_if(analysis.bpm > 0 && analysis.bpm < 95, "slow");
  out.add_if(analysis.bpm > 145, "fast");
}

}  // namespace

std::vector<std::string> phrase_words(const TrackAnalysis& analysis, const Waveform* waveform) {
  std::vector<std::string> out;
  const Columns all = waveform != nullptr ? waveform->level(0) : Columns{};
  const double a_second =
      waveform != nullptr ? static_cast<double>(waveform->rate()) / static_cast<double>(waveform->hop()) : 0;
  const double track_power = mean_power(all);
  for (std::size_t i = 0; i < analysis.phrases.size(); ++i) {
    const double first = analysis.phrases[i].beat;
    const double last = i + 1 < analysis.phrases.size() ? analysis.phrases[i + 1].beat
                        : analysis.has_grid()           ? analysis.beat_of(analysis.last_sound)
                                                        : first;
    Words words;
    if (analysis.has_grid()) {
      const double start = analysis.seconds_of(first), end = analysis.seconds_of(last);
      const auto column = [&](double seconds) {
        return static_cast<std::size_t>(std::clamp(seconds * a_second, 0.0, static_cast<double>(all.size())));
      };
      const std::size_t from = column(start), to = std::max(from, column(end));
      if (waveform != nullptr) describe_sound(all.subspan(from, to - from), last - first, a_second, track_power, words);
      describe_music(analysis, start, end, words);
    }
    out.push_back(words.take());
  }
  return out;
}

}  // namespace tactus::analysis
