// sections FILE TRUTH.json...: for each pair, what the analysis has to tell parts by, at the edges that the truth
// gives: one line a part, "label f0 f1 ...", for tools/train/labels.py.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "analysis/network.h"
#include "analysis/network_input.h"
#include "analysis/phrases.h"
#include "analysis/sections.h"
#include "features_of.h"

namespace {

using namespace tactus;

void print_sections(const std::string& audio, const nlohmann::json& truth) {
  auto analysed = analysis::analyze_file(audio);
  const auto features = train::features_of(audio);
  if (!analysed || !features || !analysed.value().has_grid()) return;
  const analysis::BarTable bars = analysis::bar_table(*features, analysed.value());
  std::vector<std::size_t> edges;
  std::vector<std::string> labels;
  for (const auto& section : truth.at("sections")) {
    const auto near =
        std::lower_bound(bars.seconds.begin(), bars.seconds.end(), section.at("start").get<double>() - 0.5);
    const auto bar = static_cast<std::size_t>(near - bars.seconds.begin());
    if (bar >= bars.size() || (!edges.empty() && bar <= edges.back())) continue;
    edges.push_back(edges.empty() ? 0 : bar);
    labels.push_back(section.at("label"));
  }
  if (edges.size() < 2) return;
  edges.push_back(bars.size());
  const auto told = analysis::section_features(bars, analysis::run_network(analysis::network_input(*features)), edges);
  for (std::size_t i = 0; i < told.size(); ++i) {
    std::printf("%s", labels[i].c_str());
    for (const float f : told[i]) std::printf(" %.4f", static_cast<double>(f));
    std::printf("\n");
  }
}

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i + 1 < argc; i += 2) {
    const auto truth = nlohmann::json::parse(std::ifstream(argv[i + 1]), nullptr, false);
    if (!truth.is_discarded() && truth.contains("sections")) print_sections(argv[i], truth);
    std::fflush(stdout);
  }
  return 0;
}
