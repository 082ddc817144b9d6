// A call into a library that may never come back, without waiting for it for ever.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <thread>

namespace tactus::io {

// What `call` returned, or nothing if it took longer than `wait_ns`. It then goes on on a thread of its own and its
// result is dropped, so it must own or share all that it uses. It must not throw.
template <typename T>
std::optional<T> within(std::int64_t wait_ns, std::function<T()> call) {
  auto promise = std::make_shared<std::promise<T>>();
  std::future<T> future = promise->get_future();
  std::thread([promise, call = std::move(call)] { promise->set_value(call()); }).detach();
  if (future.wait_for(std::chrono::nanoseconds(wait_ns)) != std::future_status::ready) return std::nullopt;
  return future.get();
}

}  // namespace tactus::io
