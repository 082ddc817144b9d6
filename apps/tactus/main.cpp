// tactus: the command line of the instrument.
#include "command.h"

#include <signal.h>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>

int tactus::app::fail(const std::string& why) {
  fmt::print(stderr, "tactus: {}\n", why);
  return kFailed;
}

int main(int argc, char** argv) {
  using namespace tactus::app;
  // A file that reaches the system's limit is an error of write(), to be told like a full disk, not the end of a set.
  ::signal(SIGXFSZ, SIG_IGN);
  CLI::App app{"Tactus: a live instrument for DJs and performers.\n"};
  app.name("tactus");
  app.require_subcommand(1);
  app.set_version_flag("--version", TACTUS_VERSION);
  app.footer(
      "Examples:\n"
      "  tactus demo ~/Music/tactus-demo     make a crate of seven tracks to try things with\n"
      "  tactus mix ~/Music                  analyse a folder and mix it, live\n"
      "  tactus mix ~/Music -o set.flac      the same, into a file\n"
      "  tactus render set.jsonl -o out.wav  play a set file into a file\n"
      "  tactus play a.mp3 b.flac            two decks, intents on standard input\n"
      "  tactus up                           an engine for clients to play, restarted if it crashes\n"
      "  tactus COMMAND --help               all about one command");
  Run run;
  for (auto add : {add_start,  add_demo, add_devices, add_doctor,  add_render, add_mix,    add_play,
                   add_engine, add_up,   add_clients, add_journal, add_map,    add_bench,  add_analyze,
                   add_edit,   add_eval, add_library, add_phrases, add_next,   add_intents}) {
    add(app, run);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    const int code = app.exit(e);
    return code == 0 ? kOk : kUsage;
  }
  try {
    const int code = run();
    if (std::fflush(stdout) == 0 && !std::ferror(stdout)) return code;
    std::fprintf(stderr, "tactus: what was printed couldn't be written: %s\n", std::strerror(errno));
    return code == kOk ? kFailed : code;
  } catch (const Stopped&) {
    return kStopped;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "tactus: %s\n", e.what());
    return kFailed;
  }
}
