// One subcommand of `tactus` each: adds itself to the command line and returns its exit code from run().
#pragma once

#include <functional>
#include <string>

namespace CLI {
class App;
}

namespace tactus::app {

// Exit codes, the same for every command.
constexpr int kOk = 0;
constexpr int kFailed = 1;     // it was tried, and didn't work
constexpr int kUsage = 2;      // the words of the command line are off
constexpr int kStopped = 130;  // by Ctrl-C or SIGTERM, before it was done

// Says why on standard error. The exit code of a command that failed.
int fail(const std::string& why);

// Thrown where a command that was asked to stop can't go on to its own end.
struct Stopped {};

// Sets `run` to what is to be done when the command was named.
using Run = std::function<int()>;

void add_start(CLI::App& app, Run& run);
void add_demo(CLI::App& app, Run& run);
void add_analyze(CLI::App& app, Run& run);
void add_edit(CLI::App& app, Run& run);
void add_eval(CLI::App& app, Run& run);
void add_devices(CLI::App& app, Run& run);
void add_doctor(CLI::App& app, Run& run);
void add_render(CLI::App& app, Run& run);
void add_mix(CLI::App& app, Run& run);
void add_play(CLI::App& app, Run& run);
void add_bench(CLI::App& app, Run& run);
void add_engine(CLI::App& app, Run& run);   // engine, stop
void add_library(CLI::App& app, Run& run);  // import
void add_phrases(CLI::App& app, Run& run);  // like, text, index, serve
void add_next(CLI::App& app, Run& run);
void add_journal(CLI::App& app, Run& run);  // show, export
void add_up(CLI::App& app, Run& run);
void add_clients(CLI::App& app, Run& run);  // send, state, watch
void add_map(CLI::App& app, Run& run);      // list, show, check, learn, ports
void add_intents(CLI::App& app, Run& run);

}  // namespace tactus::app
