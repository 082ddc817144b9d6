// Writes what became of things in a running session into its journal, so that the run can be played again bit for bit
// (schedule/journal_outcomes.h). Control thread only.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/ctl/outcome_sink.h"
#include "schedule/journal_outcomes.h"
#include "session/session.h"

namespace tactus::session {

struct OutcomeOptions {
  // Takes a line with its newline. False: it, or an earlier one, is lost, and the run can't be played again exactly.
  std::function<bool(std::string)> write;
  // Calls `done` with what names the file's content, once, at once or later, from any thread; or never. May be empty.
  std::function<void(const std::string& path, std::function<void(std::string content)> done)> content_of = {};
};

class OutcomeKeeper : private ctl::OutcomeSink {
 public:
  // `session` was made with Options::outcomes, has not been ticked yet, and outlives this.
  OutcomeKeeper(OutcomeOptions options, Session& session);

  // After Session::tick.
  void after_tick();
  // When no audio comes any more.
  void finish() { take(true); }

 private:
  void took(Frame at, const msg::Command& command, const std::vector<ctl::PlanBuilder::Slot>& slots) override;
  void took(Frame at, const music::TempoMap& map) override;
  void happened(const msg::EngineOutcome& outcome) override;
  void fed(int deck, const msg::VoiceOutcome& outcome) override;

  void take(bool last);
  void write(std::string line);
  std::uint64_t write_track(const msg::TrackRef& ref);
  void ask_content(const std::string& path);
  std::string fx_param(const msg::Command& c) const;
  void flush_hops();

  OutcomeOptions options_;
  Session& session_;
  std::uint64_t next_track_ = 1;
  std::int64_t flushed_ = 0;  // session frame
  bool whole_ = true;
  std::vector<ctl::PlanBuilder::Slot> slots_;  // of the plan that plays
  std::map<std::pair<int, std::uint32_t>, std::vector<schedule::DeckVoice>> hops_;
  std::map<std::string, bool> named_;  // files whose content was asked for
};

}  // namespace tactus::session
