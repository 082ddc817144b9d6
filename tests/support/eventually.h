// Waiting for what another thread or process will do.
#pragma once

#include <chrono>
#include <functional>
#include <thread>

namespace tactus::test {

// Whether `holds` came true before `patience` was over.
inline bool eventually(const std::function<bool()>& holds,
                       std::chrono::milliseconds patience = std::chrono::seconds(20)) {
  const auto until = std::chrono::steady_clock::now() + patience;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

}  // namespace tactus::test
