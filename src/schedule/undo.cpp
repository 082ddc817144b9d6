#include "schedule/undo.h"

#include <algorithm>

namespace tactus::schedule {

UndoLog::Steps& UndoLog::of(const std::string& source) {
  const auto found = std::find_if(sources_.begin(), sources_.end(), [&](const Steps& s) { return s.source == source; });
  Steps steps{source, {}};
  if (found != sources_.end()) {
    steps = std::move(*found);
    sources_.erase(found);
  } else if (sources_.size() == kSources) {
    sources_.pop_front();
  }
  sources_.push_back(std::move(steps));
  return sources_.back();
}

void UndoLog::add(const std::string& source, UndoStep step, Frames second) {
  std::deque<UndoStep>& steps = of(source).steps;
  if (step.continuous && !steps.empty()) {
    UndoStep& last = steps.back();
    if (last.continuous && last.control == step.control && step.at - last.at < second) {
      last.id = step.id;
      last.at = step.at;
      last.text = std::move(step.text);
      return;
    }
  }
  if (steps.size() == kSteps) steps.pop_front();
  steps.push_back(std::move(step));
}

const UndoStep* UndoLog::latest(const std::string& source) const {
  const auto found = std::find_if(sources_.begin(), sources_.end(), [&](const Steps& s) { return s.source == source; });
  return found == sources_.end() || found->steps.empty() ? nullptr : &found->steps.back();
}

void UndoLog::drop_latest(const std::string& source) {
  std::deque<UndoStep>& steps = of(source).steps;
  if (!steps.empty()) steps.pop_back();
}

void UndoLog::forget(std::uint64_t id) {
  for (Steps& s : sources_) std::erase_if(s.steps, [&](const UndoStep& step) { return step.id == id; });
}

}  // namespace tactus::schedule
