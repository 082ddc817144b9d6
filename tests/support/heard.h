// What another program heard of an engine, against what the engine made.
#pragma once

#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tactus::test {

struct Heard {
  std::int64_t blocks = 0;   // captured, from the first that sounds
  std::int64_t skipped = 0;  // places where the engine's record went on unheard, or a block was heard again
  std::int64_t strange = 0;  // blocks that the engine never made: torn, or silent
  std::int64_t missed() const { return skipped + strange; }
};

// Where in the record each captured block is from.
inline Heard compare(const std::vector<float>& captured, const std::vector<float>& record, std::size_t block) {
  const auto block_of = [&](const std::vector<float>& x, std::size_t at) {
    return std::string_view(reinterpret_cast<const char*>(x.data() + at), block * sizeof(float));
  };
  std::unordered_map<std::string_view, std::size_t> made;
  for (std::size_t at = 0; at + block <= record.size(); at += block) made.emplace(block_of(record, at), at);
  Heard heard;
  std::size_t expected = 0;
  for (std::size_t at = 0; at + block <= captured.size(); at += block) {
    ++heard.blocks;
    // What comes next is looked for first: equal blocks may occur twice.
    if (expected + block <= record.size() && block_of(captured, at) == block_of(record, expected)) {
      expected += block;
      continue;
    }
    const auto found = made.find(block_of(captured, at));
    if (found == made.end()) {
      ++heard.strange;
      continue;
    }
    if (at > 0) ++heard.skipped;
    expected = found->second + block;
  }
  return heard;
}

}  // namespace tactus::test
