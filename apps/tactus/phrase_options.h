// What the commands on phrases share: what may be asked of a phrase, and how one is shown.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "library/phrases/phrase_rows.h"

namespace tactus::app {

struct PhraseOptions {
  std::vector<std::string> bpm, key, energy, label, vocals;
  std::size_t limit = 10;

  // Call once; must outlive the parse.
  void add(CLI::App* cmd);
  // Throws std::invalid_argument with what is wrong with a word.
  library::PhraseFilter filter() const;
};

// "8A" or "Am" alone; "8A~" with all that go with it (a fifth either way, and the relative).
std::uint32_t parse_keys(const std::string& text);
// "120-128", "126" alone, "120-" or "-128".
library::NumberRange parse_range(const std::string& text, double low, double high);

// `similarity` below -1: there is none.
std::string phrase_line(const library::PhraseRow& row, double similarity);   // JSON
std::string phrase_words(const library::PhraseRow& row, double similarity);  // for people

}  // namespace tactus::app
