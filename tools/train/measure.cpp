// measure < LIST: what embedding.py learns from and judges. Each line of the list is a job, its words apart by tabs:
//
//   anew OUT AUDIO
//       analysed from nothing: OUT.json (the analysis), and the files below for its phrases
//   given OUT AUDIO REF.json RATE SHIFT
//       with the grid of REF.json's analysis and its phrases, SHIFT beats later, the sound being RATE times as fast
//   both OUT AUDIO REF.json RATE SHIFT
//       OUT-anew and OUT-given, both of one reading
//   truth OUT AUDIO TRUTH.json APART
//       on the beats that the truth has, phrases so many beats apart
//
// OUT.measures gets all Measures of each phrase, floats; OUT.vectors the vectors that the built-in embedder makes of
// them, a byte a number: embedding.py checks that it makes the same.
#include <cmath>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "analysis/embedding.h"
#include "analysis/listen.h"
#include "analysis/measures.h"
#include "features_of.h"

namespace {

using namespace tactus;

std::string text_of(const std::string& path) {
  std::ostringstream out;
  out << std::ifstream(path, std::ios::binary).rdbuf();
  return out.str();
}

analysis::TrackAnalysis blank(const analysis::Features& features) {
  analysis::TrackAnalysis out;
  out.duration = static_cast<double>(features.frames) / features.rate;
  out.first_sound = static_cast<double>(features.first_sound) / features.rate;
  out.last_sound = static_cast<double>(features.last_sound) / features.rate;
  out.lufs = -12;
  return out;
}

analysis::TrackAnalysis given(const analysis::Features& features, const std::string& ref, double rate, double shift) {
  analysis::TrackAnalysis out = blank(features);
  const auto known = analysis::parse_json(text_of(ref));
  if (!known) return out;
  out.grid = known->grid;
  out.phrases = known->phrases;
  for (analysis::Anchor& a : out.grid) {
    a.seconds /= rate;
    a.bpm *= rate;
  }
  for (analysis::Phrase& p : out.phrases) p.beat += shift;
  return out;
}

analysis::TrackAnalysis true_to(const analysis::Features& features, const std::string& truth, int apart) {
  analysis::TrackAnalysis out = blank(features);
  const auto read = nlohmann::json::parse(text_of(truth), nullptr, false);
  const std::vector<double> beats = read.at("beats"), downbeats = read.at("downbeats");
  if (beats.size() < analysis::kStretchBeats || downbeats.empty()) return out;
  for (std::size_t i = 0; i + 1 < beats.size(); ++i) {
    out.grid.push_back({beats[i], static_cast<double>(i), 60 / (beats[i + 1] - beats[i])});
  }
  const double last = static_cast<double>(beats.size()) - analysis::kStretchBeats;
  for (double b = std::round(out.beat_of(downbeats[0])); b < last; b += apart) out.phrases.push_back({b, 16, 0});
  return out;
}

void write(const std::string& out, const analysis::Features& features, const analysis::TrackAnalysis& known) {
  std::ofstream(out + ".json") << analysis::to_json(known) << '\n';
  const analysis::Measurer measurer(features);
  std::ofstream measures(out + ".measures", std::ios::binary);
  for (const analysis::Phrase& p : known.phrases) {
    const analysis::Measures m = measurer.of(analysis::stretch_from(known, p.beat));
    measures.write(reinterpret_cast<const char*>(&m), sizeof m);
  }
  const analysis::Embeddings made = analysis::embed(analysis::built_in_embedder(), features, known);
  std::ofstream(out + ".vectors", std::ios::binary)
      .write(reinterpret_cast<const char*>(made.phrases.data()), std::ssize(made.phrases));
}

void work(const std::vector<std::string>& job) {
  const auto features = train::features_of(job.at(2));
  if (!features) {
    std::cerr << job[2] << " can't be read\n";
    return;
  }
  const bool both = job[0] == "both";
  if (both || job[0] == "anew") {
    analysis::TrackAnalysis heard = blank(*features);
    analysis::listen(*features, heard);
    write(both ? job[1] + "-anew" : job[1], *features, heard);
  }
  if (both || job[0] == "given") {
    write(both ? job[1] + "-given" : job[1], *features,
          given(*features, job.at(3), std::stod(job.at(4)), std::stod(job.at(5))));
  }
  if (job[0] == "truth") write(job[1], *features, true_to(*features, job.at(3), std::stoi(job.at(4))));
}

}  // namespace

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    std::vector<std::string> job;
    std::istringstream words(line);
    for (std::string word; std::getline(words, word, '\t');) job.push_back(word);
    work(job);
    std::printf("%s\n", job[1].c_str());
    std::fflush(stdout);
  }
  return 0;
}
