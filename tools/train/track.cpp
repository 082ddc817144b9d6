// track [OPTION=VALUE...] FILES.in: what the network and the bar tracker make of inputs that network_input wrote: one
// JSON object a line, {"file", "beats", "downbeats", "strengths"}. Options: those of TrackerOptions, by name.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <string>

#include "analysis/bar_tracker.h"
#include "analysis/network.h"

namespace {

using namespace tactus::analysis;

void print_list(const char* name, const std::vector<double>& values) {
  std::printf(", \"%s\": [", name);
  for (std::size_t i = 0; i < values.size(); ++i) std::printf("%s%.4f", i == 0 ? "" : ",", values[i]);
  std::printf("]");
}

void print(const std::string& file, const std::vector<TrackedBeat>& beats) {
  std::vector<double> at, ones, strengths;
  for (const TrackedBeat& b : beats) {
    at.push_back(b.seconds);
    strengths.push_back(b.strength);
    if (b.in_bar == 0) ones.push_back(b.seconds);
  }
  std::printf("{\"file\": \"%s\"", std::filesystem::path(file).stem().c_str());
  print_list("beats", at);
  print_list("downbeats", ones);
  print_list("strengths", strengths);
  std::printf("}\n");
}

}  // namespace

int main(int argc, char** argv) {
  TrackerOptions options;
  const std::map<std::string, double*> names = {
      {"slowest_bpm", &options.slowest_bpm},   {"fastest_bpm", &options.fastest_bpm}, {"per_beat", &options.per_beat},
      {"tempo_change", &options.tempo_change}, {"tempo_jump", &options.tempo_jump},   {"least", &options.least},
      {"bar_change", &options.bar_change}};
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (const auto equals = word.find('='); equals != std::string::npos) {
      const auto option = names.find(word.substr(0, equals));
      if (option == names.end()) {
        std::cerr << "no such option: " << word << '\n';
        return 2;
      }
      *option->second = std::stod(word.substr(equals + 1));
      continue;
    }
    std::ifstream in(word, std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(in)), {});
    const std::vector<std::uint8_t> input(bytes.begin(), bytes.end());
    print(word, track_bars(run_network(input), options));
  }
  return 0;
}
