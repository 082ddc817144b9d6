// What a scan finds, put into the database: file by file, in transactions of many. For scan.cpp alone.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "library/store/scan.h"

namespace tactus::library {

struct FoundFile {
  std::string path;
  std::int64_t root = 0;
  std::int64_t size = 0, mtime = 0;  // bytes; nanoseconds since 1970
};

class ScanWriter {
 public:
  // `committed`: as ScanOptions'.
  ScanWriter(Database& db, ScanReport& report, std::function<void(Database&)> committed = {});

  // The file is known and hasn't changed: nothing is to be read.
  bool know(const FoundFile& file);
  void put(const FoundFile& found, const MusicFile& read);
  // Files below `folder` that were neither known nor put are missing, but for those below one of `except`.
  void mark_missing(const std::string& folder, const std::vector<std::string>& except);
  // What had to wait until every file was seen.
  void finish();
  void commit();

 private:
  struct Known {
    std::int64_t id = 0, size = 0, mtime = 0;
    std::optional<std::int64_t> track;
    bool missing = false;
  };
  struct Replaced {
    std::int64_t file, track;
    FoundFile found;
    MusicFile read;
  };
  void begin();
  std::optional<Known> find(const std::string& path);
  std::optional<std::int64_t> track_of(const AudioIdentity& identity);
  std::int64_t new_track(const MusicFile& read);
  void set_identity(std::int64_t track, const MusicFile& read);
  void set_tags(std::int64_t track, const MusicFile& read);
  void put_known(const Known& known, const FoundFile& file, const MusicFile& read);
  void put_new(const FoundFile& file, const MusicFile& read);
  bool take_over(std::int64_t track, const FoundFile& file);
  void set_file(std::int64_t id, std::optional<std::int64_t> track, const FoundFile& file, const std::string& error);
  bool has_other_file(std::int64_t track, std::int64_t file);
  double duration_of(std::int64_t track);  // seconds
  void problem(const std::string& text);

  Database& db_;
  ScanReport& report_;
  std::function<void(Database&)> committed_;
  std::int64_t now_;
  std::optional<Transaction> transaction_;
  std::chrono::steady_clock::time_point begun_;
  std::unordered_set<std::int64_t> seen_;  // files
  std::vector<Replaced> replaced_;         // files whose music is another, of tracks that have no other file
};

}  // namespace tactus::library
