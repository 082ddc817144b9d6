// For tests that take as long as they are given: shortened by ./test, at full length by ./test --long.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>

namespace tactus::test {

// True under ./test --long.
inline bool long_run() {
  const char* value = std::getenv("TACTUS_LONG");
  return value != nullptr && *value != '\0' && *value != '0';
}

// The length for this run: `shortened` normally, `full` under --long. Any unit.
template <typename T>
T soak_length(T shortened, T full) {
  return long_run() ? full : shortened;
}

// Prints a measured result, one line, and under --long adds it to the file that ./test shows at its end.
inline void record(const std::string& line) {
  std::printf("measured: %s\n", line.c_str());
  const char* path = std::getenv("TACTUS_RESULTS");
  if (path == nullptr) return;
  if (std::FILE* file = std::fopen(path, "a")) {
    std::fprintf(file, "%s\n", line.c_str());
    std::fclose(file);
  }
}

}  // namespace tactus::test
