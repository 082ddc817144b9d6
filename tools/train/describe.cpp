// describe FILES...: the whole analysis of music files, one JSON object a line: what is cached of them, "file",
// "beats", "downbeats" and "evidence" (what the confidences come from), for tools/train/doubts.py; tactus analyze is
// for people.
#include <cstdio>
#include <string>

#include "analysis/confidence.h"
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

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    auto analysed = analysis::analyze_file(argv[i]);
    const auto features = train::features_of(argv[i]);
    if (!analysed || !features) continue;
    const analysis::TrackAnalysis& a = analysed.value();
    const analysis::Activations heard = analysis::run_network(analysis::network_input(*features));
    std::printf("{\"file\": \"%s\", ", argv[i]);
    print_list("beats", a.beats());
    print_list("downbeats", a.downbeats());
    if (a.has_grid())
      print_list("evidence",
                 analysis::evidence_of(heard, analysis::track_bars(heard), analysis::onset_curve(*features), a));
    std::printf("%s\n", analysis::to_json(a).substr(1).c_str());
    std::fflush(stdout);
  }
  return 0;
}
