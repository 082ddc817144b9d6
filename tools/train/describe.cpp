// describe FILES...: the whole analysis of music files, one JSON object a line: what is cached of them, "file",
// "beats", "downbeats", "evidence" (what the confidences come from, for tools/train/doubts.py) and "hearings"
// (for the first hearing and for the second, "traits" and "beats" of each way of counting, for counting.py); tactus
// analyze is for people.
#include <cstdio>
#include <string>

#include "analysis/counting.h"
#include "analysis/network_input.h"
#include "features_of.h"

namespace {

using namespace tactus;

void print_list(const char* name, const auto& values) {
  std::printf("\"%s\": [", name);
  const char* before = "";
  for (const auto v : values) {
    std::printf("%s%.5f", before, static_cast<double>(v));
    before = ",";
  }
  std::printf("], ");
}

void print_ways(const std::vector<analysis::Counting>& ways, analysis::TrackAnalysis track) {
  std::printf("[");
  for (const analysis::Counting& way : ways) {
    track.grid = way.grid;
    track.metre = way.metre;
    std::printf(&way == ways.data() ? "{" : ", {");
    print_list("traits", way.traits);
    print_list("beats", track.beats());
    std::printf("\"bpm\": %.4f}", way.bpm);
  }
  std::printf("]");
}

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    auto analysed = analysis::analyze_file(argv[i]);
    const auto features = train::features_of(argv[i]);
    if (!analysed || !features) continue;
    const analysis::TrackAnalysis& a = analysed.value();
    const analysis::OnsetCurve curve = analysis::onset_curve(*features);
    const std::vector<std::uint8_t> input = analysis::network_input(*features);
    analysis::Activations heard = analysis::run_network(input);
    std::printf("{\"file\": \"%s\", ", argv[i]);
    print_list("beats", a.beats());
    print_list("downbeats", a.downbeats());
    if (a.has_grid()) {
      print_list("evidence", analysis::listen_and_count(*features, curve, a).ways[0].evidence);
      std::printf("\"hearings\": [");
      print_ways(analysis::countings(heard, curve, a), a);
      analysis::hear_again(input, heard);
      std::printf(", ");
      print_ways(analysis::countings(heard, curve, a), a);
      std::printf("], ");
    }
    std::printf("%s\n", analysis::to_json(a).substr(1).c_str());
    std::fflush(stdout);
  }
  return 0;
}
