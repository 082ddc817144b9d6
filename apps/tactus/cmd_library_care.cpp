// tactus library backup, restore, doctor: that nothing is lost.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <nlohmann/json.hpp>

#include "library/store/backup.h"
#include "library/store/health.h"
#include "library_commands.h"
#include "library_option.h"

namespace tactus::app {

namespace {

nlohmann::ordered_json backup_json(const library::Backup& b) {
  return {{"name", b.name}, {"path", b.path}, {"bytes", b.size}, {"made", b.made}};
}

struct CareCommand {
  LibraryOption library;
  std::string backup;
  bool list = false;
};

int list_backups(const CareCommand& o) {
  for (const library::Backup& b : library::backups(o.library.folder))
    fmt::print("{}\n", o.library.json ? json_line(backup_json(b))
                                      : fmt::format("{}  {:.1f} MB", b.name, static_cast<double>(b.size) / 1e6));
  return kOk;
}

int backup_command(const CareCommand& o) {
  if (o.list) return list_backups(o);
  library::Store store(o.library.folder, as_writer("tactus library backup"));
  const library::Backup b = library::make_backup(store.db(), o.library.folder, "by-hand");
  fmt::print("{}\n", o.library.json ? json_line(backup_json(b)) : b.path);
  return kOk;
}

int restore_command(const CareCommand& o) {
  if (o.list || o.backup.empty()) return list_backups(o);
  const auto said = library::restore_backup(o.library.folder, o.backup, "tactus library restore", as_writer({}).wait);
  for (const std::string& sentence : said)
    if (!o.library.json) fmt::print("{}\n", sentence);
  if (o.library.json) fmt::print("{}\n", json_line({{"restored", o.backup}, {"done", said}}));
  return kOk;
}

int doctor_command(const CareCommand& o) {
  // An older layout is brought up to date, which is what somebody who asks for a doctor wants.
  std::string trouble;
  try {
    const library::Store store(o.library.folder, {.who = "tactus library doctor", .wait = {.ms = 0}, .create = false});
    for (const std::string& notice : store.notices()) trouble += notice + "\n";
  } catch (const library::StoreError& e) {
    if (e.kind() == library::StoreError::Kind::missing || e.kind() == library::StoreError::Kind::newer) throw;
    if (e.kind() != library::StoreError::Kind::busy && e.kind() != library::StoreError::Kind::corrupt)
      trouble += std::string(e.what()) + "\n";
  }
  const library::Health h = library::examine(o.library.folder);
  if (o.library.json) {
    nlohmann::ordered_json readers = nlohmann::ordered_json::array();
    for (const library::LogHolder& r : h.log.readers) readers.push_back({{"pid", r.pid}, {"program", r.program}});
    nlohmann::ordered_json writer = nullptr;
    if (h.writer) writer = {{"pid", h.writer->pid}, {"who", h.writer->who}, {"stopped", h.writer->stopped}};
    fmt::print("{}\n", json_line({{"sound", h.faults.empty()},
                                  {"faults", h.faults},
                                  {"notes", h.notes},
                                  {"log_bytes", h.log.bytes},
                                  {"readers", readers},
                                  {"writer", writer}}));
  } else {
    for (const std::string& fault : h.faults) fmt::print("{}\n", fault);
    fmt::print("{}", trouble);
    for (const std::string& note : h.notes) fmt::print("{}\n", note);
    if (h.writer) fmt::print("{} has the role of the writer\n", library::holder_text(*h.writer));
    for (const library::LogHolder& r : h.log.readers)
      fmt::print("{} (process {}) is reading\n", r.program.empty() ? "a program" : r.program, r.pid);
    fmt::print("the database's log has {:.1f} MB\n", static_cast<double>(h.log.bytes) / 1e6);
    fmt::print("{}\n", h.faults.empty() ? "the library is sound"
                                        : "the library is damaged: `tactus library restore` brings a backup back");
  }
  return h.faults.empty() ? kOk : kFailed;
}

}  // namespace

void add_library_care(CLI::App& library, Run& run) {
  const auto add = [&](const char* name, const char* help, int (*action)(const CareCommand&), const char* footer) {
    auto* cmd = library.add_subcommand(name, help);
    auto o = std::make_shared<CareCommand>();
    o->library.add(cmd, "JSON objects");
    cmd->footer(footer);
    cmd->callback([&run, o, action] { run = [o, action] { return action(*o); }; });
    return std::pair(cmd, o);
  };
  auto [backup, b] =
      add("backup", "Copy the library's database now", backup_command,
          "One is made by itself on each day on which something changes, and before an update. The last five of\n"
          "each kind are kept in the library's folder.\n\nExamples:\n  tactus library backup\n  tactus library backup "
          "--list");
  backup->add_flag("--list", b->list, "The backups that there are");
  auto [restore, r] =
      add("restore", "Bring a backup back", restore_command,
          "What the library is until then becomes a backup, too: so a restore can be taken back by another one.\n\n"
          "Examples:\n  tactus library restore --list\n  tactus library restore library-2026-11-30-183000-daily.db");
  restore->add_option("BACKUP", r->backup, "A name of the list, or a path");
  restore->add_flag("--list", r->list, "The backups that there are");
  add("doctor", "Look whether the library is sound", doctor_command,
      "Reads all of the database; brings one of an older layout up to date. Names who writes, and readers that keep "
      "the\n"
      "database's log from shrinking. The exit code is 1 when something is damaged.\n\nExamples:\n  tactus library "
      "doctor");
}

}  // namespace tactus::app
