// tactus analyze --shard: one machine's share of a catalogue, into a part that tactus library merge takes in.
#pragma once

#include <string>

namespace tactus::app {

struct ShardOptions {
  std::string catalogue;   // a folder
  std::string shard, out;  // "1/16"; the part
  std::string list;        // a file with the catalogue's paths, each ended by a NUL; empty: the folder is searched
  unsigned jobs = 0;       // files at once
  bool no_cache = false;   // keep what is found in the part alone, and nobody's edits out of it
  bool jsonl = false, quiet = false;
};

// The exit code: kFailed also where single files couldn't be analysed, which the part says.
int analyze_shard(const ShardOptions& options);

// Writes the list that `list` above reads, whole or not at all: a catalogue of millions is searched once.
int write_list(const std::string& catalogue, const std::string& file);

}  // namespace tactus::app
