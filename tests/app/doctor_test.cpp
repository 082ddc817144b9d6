// The judgement of `tactus doctor` on machines that were made up.
#include "doctor.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>

#include "support/temp_folder.h"

namespace tactus::app {
namespace {

Readings good() {
  Readings m;
  m.rtprio_limit = 95;
  m.memlock_limit = -1;
  m.governors = {"performance", "performance"};
  m.kernel_preemption = "full";
  m.swappiness = 60;
  m.swap_used = 0;
  m.memory_free = std::int64_t{8} << 30;
  m.devices = {{"JACK", "system", 2, {48000}}};
  m.worker = "/usr/bin/tactus-media";
  m.worker_runs = true;
  m.cache_folder = "/home/dj/.cache/tactus";
  m.cache_writable = true;
  m.cache_free = std::int64_t{50} << 30;
  return m;
}

Grade grade_of(const Readings& m, const std::string& id) {
  Grade worst = Grade::fine;
  for (const Finding& f : judge(m))
    if (f.id == id) worst = std::max(worst, f.grade);
  return worst;
}

TEST(Doctor, AGoodMachineIsReadyAndNeedsNoAdvice) {
  const auto findings = judge(good());
  EXPECT_TRUE(ready(findings));
  EXPECT_FALSE(findings.empty());
  for (const Finding& f : findings) {
    EXPECT_EQ(f.grade, Grade::fine) << f.text;
    EXPECT_TRUE(f.advice.empty()) << f.text;
  }
}

TEST(Doctor, EachFaultIsFoundAloneAndSaysWhatToDo) {
  struct Case {
    const char* id;
    Grade grade;
    void (*spoil)(Readings&);
  };
  const Case cases[] = {
      {"rtprio", Grade::mend, [](Readings& m) { m.rtprio_limit = 0; }},
      {"memlock", Grade::mend, [](Readings& m) { m.memlock_limit = 8 << 20; }},
      {"governor", Grade::hint, [](Readings& m) { m.governors[1] = "powersave"; }},
      {"kernel", Grade::hint, [](Readings& m) { m.kernel_preemption = "voluntary"; }},
      {"memory", Grade::mend, [](Readings& m) { m.memory_free = 100 << 20; }},
      {"swap", Grade::hint, [](Readings& m) { m.swap_used = std::int64_t{2} << 30; }},
      {"usb", Grade::hint, [](Readings& m) { m.sleepy_usb_audio = {"Mixer 4"}; }},
      {"server", Grade::mend, [](Readings& m) { m.silent_drivers = {"JACK"}; }},
      {"devices", Grade::mend, [](Readings& m) { m.devices.clear(); }},
      {"devices", Grade::mend, [](Readings& m) { m.devices[0].outputs = 0; }},
      {"rate", Grade::hint, [](Readings& m) { m.devices[0].rates = {44100}; }},
      {"pipewire", Grade::hint,
       [](Readings& m) {
         m.pipewire = true;
         m.devices[0].driver = "PulseAudio";
       }},
      {"worker", Grade::mend, [](Readings& m) { m.worker_runs = false; }},
      {"cache", Grade::mend, [](Readings& m) { m.cache_writable = false; }},
      {"cache", Grade::mend, [](Readings& m) { m.cache_free = 1 << 20; }},
  };
  for (const Case& c : cases) {
    Readings m = good();
    c.spoil(m);
    const auto findings = judge(m);
    EXPECT_EQ(grade_of(m, c.id), c.grade) << c.id;
    EXPECT_EQ(ready(findings), c.grade != Grade::mend) << c.id;
    EXPECT_EQ(std::count_if(findings.begin(), findings.end(), [](const Finding& f) { return f.grade != Grade::fine; }),
              1)
        << c.id;
    for (const Finding& f : findings) EXPECT_EQ(f.advice.empty(), f.grade == Grade::fine) << f.text;
  }
}

TEST(Doctor, LimitsDontBindWhoMayDoAll) {
  Readings m = good();
  m.rtprio_limit = 0;
  m.memlock_limit = 8 << 20;
  m.may_do_all = true;
  EXPECT_TRUE(ready(judge(m)));
}

TEST(Doctor, WhatCouldNotBeReadIsNotJudged) {
  Readings m = good();
  m.rtprio_limit.reset();
  m.governors.clear();
  m.kernel_preemption.clear();
  m.swap_used.reset();
  for (const Finding& f : judge(m)) {
    EXPECT_NE(f.id, "rtprio");
    EXPECT_NE(f.id, "governor");
    EXPECT_NE(f.id, "kernel");
    EXPECT_NE(f.id, "swap");
  }
}

TEST(Doctor, JsonHoldsWhatTheTextSays) {
  Readings m = good();
  m.devices.clear();
  m.cache_folder = "/home/\xff";  // a path is not always UTF-8
  m.cache_writable = false;
  const auto json = nlohmann::json::parse(doctor_json(judge(m), {}));
  EXPECT_FALSE(json.at("ready").get<bool>());
  EXPECT_EQ(json.at("findings").size(), judge(m).size());
  EXPECT_NE(doctor_text(judge(m), {}).find("MEND"), std::string::npos);
}

TEST(Doctor, ReadingThisMachineFindsItsMemoryAndLimits) {
  const Readings m = read_machine();
  EXPECT_TRUE(m.rtprio_limit && m.memlock_limit);
  ASSERT_TRUE(m.memory_free);
  EXPECT_GT(*m.memory_free, 0);
  EXPECT_FALSE(m.cache_folder.empty());
}

TEST(Doctor, PipeWireIsFoundAtItsSocket) {
  const test::TempFolder folder;
  ::setenv("PIPEWIRE_RUNTIME_DIR", folder.path().c_str(), 1);
  EXPECT_FALSE(read_machine().pipewire);
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  (folder.path() / "pipewire-0").native().copy(at.sun_path, sizeof at.sun_path - 1);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
  EXPECT_FALSE(read_machine().pipewire) << "a socket that was left behind";
  ASSERT_EQ(::listen(fd, 4), 0);
  EXPECT_TRUE(read_machine().pipewire);
  ::close(fd);
  ::unsetenv("PIPEWIRE_RUNTIME_DIR");
  Readings m = good();
  m.pipewire = true;
  EXPECT_EQ(grade_of(m, "pipewire"), Grade::fine) << "JACK answers";
}

TEST(SessionWords, EachCounterHasItsSentenceAndNoneIsPraise) {
  SessionCounters quiet;
  quiet.seconds = 3600;
  ASSERT_EQ(describe(quiet).size(), 1u);
  EXPECT_NE(describe(quiet)[0].find("60 minutes without a dropout"), std::string::npos);
  std::uint64_t SessionCounters::*const counters[] = {&SessionCounters::xruns,        &SessionCounters::late_periods,
                                                      &SessionCounters::fallbacks,    &SessionCounters::degraded,
                                                      &SessionCounters::late_chunks,  &SessionCounters::bypassed_nodes,
                                                      &SessionCounters::midi_dropped, &SessionCounters::journal_lost};
  std::vector<std::string> seen;
  for (const auto counter : counters) {
    SessionCounters c = quiet;
    c.*counter = 3;
    ASSERT_EQ(describe(c).size(), 1u);
    EXPECT_EQ(describe(c)[0].find("without a dropout"), std::string::npos);
    EXPECT_EQ(std::count(seen.begin(), seen.end(), describe(c)[0]), 0);
    seen.push_back(describe(c)[0]);
  }
}

TEST(SessionWords, AreReadFromWhatAnEngineShows) {
  sidecar::BoardState s{};
  s.rate = 48000;
  s.frame = 48000 * 600;
  s.on_device = 1;
  EXPECT_EQ(describe(counters_of(s)), std::vector<std::string>{"10 minutes without a dropout."});
  s.decks[0].playing = 1;  // and nobody keeps the machine awake
  s.decks[0].fallbacks = 1;
  s.decks[3].fallbacks = 2;
  s.decks[1].late_chunks = 1500;
  s.xruns = 2;
  s.on_device = 0;
  const auto words = describe(counters_of(s));
  ASSERT_EQ(words.size(), 5U);
  EXPECT_NE(words[0].find("twice"), std::string::npos);
  EXPECT_NE(words[1].find("3 times"), std::string::npos);
  EXPECT_NE(words[4].find("suspend"), std::string::npos);
  s.journal_troubled = 1;
  EXPECT_EQ(describe(counters_of(s)).size(), 6U);
  s.journal_troubled = 0;
  s.decks[2].stretching = 2;  // R3 was asked for
  EXPECT_NE(describe(counters_of(s))[2].find("on 1 of the decks"), std::string::npos);
  s.decks[2].stretch = 2;
  s.held = 1;  // the set stands still: it may
  EXPECT_EQ(describe(counters_of(s)).size(), 4U);
  s.held = 0;
  s.awake = 1;
  EXPECT_EQ(describe(counters_of(s)).size(), 4U);
  std::strcpy(s.decks[2].trouble, "/a.flac: Input/output error");
  EXPECT_NE(describe(counters_of(s))[3].find("/a.flac: Input/output error"), std::string::npos);
  s.decks[2].trouble[0] = 0;
  s.bypassed_nodes = 2;
  const auto more = describe(counters_of(s));
  ASSERT_EQ(more.size(), 5U);
  EXPECT_TRUE(std::any_of(more.begin(), more.end(),
                          [](const std::string& w) { return w.find("bypassed twice") != std::string::npos; }));
  const auto json = nlohmann::json::parse(doctor_json({}, words));
  EXPECT_EQ(json.at("session").size(), 5U);
  EXPECT_TRUE(nlohmann::json::parse(doctor_json({}, {})).at("session").is_null());
}

TEST(SessionWords, LateChunksAreToldInMilliseconds) {
  SessionCounters c;
  c.late_chunks = 1500;
  EXPECT_NE(describe(c)[0].find("1000 ms"), std::string::npos);
}

}  // namespace
}  // namespace tactus::app
