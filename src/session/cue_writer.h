// Puts changed cues and hot cues on the disk, on a thread of its own: the only one in an engine that does.
//
// What a disk refuses is kept, tried again every few seconds, and told once.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "analysis/cues.h"

namespace tactus::session {

class CueWriter {
 public:
  explicit CueWriter(analysis::CueStore store = analysis::CueStore());
  // Writes what is left.
  ~CueWriter();
  CueWriter(const CueWriter&) = delete;
  CueWriter& operator=(const CueWriter&) = delete;

  // `content`: media::content_id of the track. The control thread; never waits for the disk.
  void add(const std::string& content, const analysis::CueChanges& changes);
  // The control thread, now and then: what the user should know, in plain sentences.
  std::vector<std::string> take_notices();

 private:
  using Changes = std::map<std::string, analysis::CueChanges>;
  void run();
  Changes write(Changes changes);
  void say(std::string text);

  const analysis::CueStore store_;
  std::mutex mutex_;  // never held over the disk
  std::condition_variable changed_;
  Changes waiting_;
  bool refused_ = false;  // what waits has been refused once
  bool stop_ = false;
  bool told_ = false;  // the writer's
  std::vector<std::string> notices_;
  std::thread thread_;
};

}  // namespace tactus::session
