#include "library/store/scan.h"

#include <sys/stat.h>
#include <sys/vfs.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <memory>
#include <unordered_map>

#include "library/store/scan_writer.h"
#include "library/store/walk.h"

namespace tactus::library {

std::string volume_of(const std::string& folder) {
  struct statfs status {};
  if (::statfs(folder.c_str(), &status) != 0) return {};
  std::uint64_t id = 0;
  static_assert(sizeof status.f_fsid == sizeof id);
  std::memcpy(&id, &status.f_fsid, sizeof id);
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(id));
  return text;
}

namespace {

// From the top, without dots and without a '/' at its end.
std::string full_name(const std::string& folder) {
  std::error_code ignored;
  std::string out = std::filesystem::absolute(folder, ignored).lexically_normal().string();
  while (out.size() > 1 && out.ends_with('/')) out.pop_back();
  return out;
}

struct ScanFolder {
  std::string path;
  std::int64_t root = 0;
};

class Scan {
 public:
  Scan(Store& store, const ScanOptions& options)
      : db_(store.db()),
        options_(options),
        writer_(db_, report_, options.committed),
        readers_(options.readers, options.read, options.most_per_file) {}

  ScanReport run() {
    const auto start = std::chrono::steady_clock::now();
    for (const ScanFolder& folder : folders()) {
      scan_folder(folder);
      if (report_.stopped) break;
    }
    if (!report_.stopped) {
      // Only when every folder was seen is it known what moved from one into another.
      writer_.finish();
      for (const auto& [folder, except] : seen_whole_) writer_.mark_missing(folder, except);
    }
    writer_.commit();
    report_.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return std::move(report_);
  }

 private:
  void problem(const std::string& text) {
    if (report_.problems.size() < kMostProblems) report_.problems.push_back(text);
  }

  std::vector<ScanFolder> folders() {
    std::vector<ScanFolder> out;
    if (options_.folders.empty()) {
      db_.statement("SELECT path, id FROM root ORDER BY path").bind().each([&](const Statement& s) {
        out.push_back({s.text(0), s.integer(1)});
      });
      return out;
    }
    for (const std::string& named : options_.folders) {
      const std::unique_ptr<char, decltype(&std::free)> real(::realpath(named.c_str(), nullptr), std::free);
      const int why = errno;
      // A folder that has gone is known by the name it had.
      const std::string path = real ? real.get() : full_name(named);
      if (const auto root = root_of(path)) {
        out.push_back({path, *root});
      } else if (real) {
        out.push_back({path, new_root(path)});
      } else {
        ++report_.unknown;
        problem(shown_path(named) + ": it can't be found: " + std::strerror(why));
      }
    }
    return out;
  }

  // The root that the folder is, or lies in: the innermost.
  std::optional<std::int64_t> root_of(const std::string& path) {
    std::optional<std::int64_t> out;
    std::size_t longest = 0;
    db_.statement("SELECT id, path FROM root").bind().each([&](const Statement& s) {
      const std::string root = s.text(1);
      const bool inside = path == root || path.starts_with(root == "/" ? root : root + "/");
      if (!inside || root.size() < longest) return;
      longest = root.size();
      out = s.integer(0);
    });
    return out;
  }

  std::int64_t new_root(const std::string& path) {
    db_.run("INSERT INTO root(path, volume, added) VALUES(?1, ?2, ?3)", Bytes{path}, volume_of(path),
            static_cast<std::int64_t>(std::time(nullptr)));
    return db_.last_id();
  }

  // A drive's empty mount point looks like a folder whose files were all deleted.
  bool drive_is_there(const ScanFolder& folder, const Walk& found) {
    const std::string before = db_.text("SELECT volume FROM root WHERE id = ?1", folder.root).value_or("");
    const std::string root = db_.text("SELECT path FROM root WHERE id = ?1", folder.root).value_or("");
    const std::string now = volume_of(root);
    if (!now.empty() && (now == before || !found.files.empty())) {
      if (now != before) db_.run("UPDATE root SET volume = ?2 WHERE id = ?1", folder.root, now);
      return true;
    }
    problem(shown_path(root) + ": its drive isn't there; its files are kept, as missing");
    return false;
  }

  void scan_folder(const ScanFolder& folder) {
    Walk found = walk_music(folder.path, [&](std::size_t n) { return tell({report_.files + n, 0, folder.path}); });
    if (found.stopped) {
      report_.stopped = true;
      return;
    }
    const bool there = drive_is_there(folder, found);
    if (there)
      for (const std::string& p : found.problems) problem(p);
    const std::size_t before = report_.files;
    for (const std::string& path : found.files) {
      look_at(path, folder.root);
      if (!tell({++report_.files, before + found.files.size(), path})) {
        report_.stopped = true;
        break;
      }
    }
    while (!readers_.idle()) take_answers();
    writer_.commit();
    report_.folders.insert(report_.folders.end(), found.folders.begin(), found.folders.end());
    // Without its drive everything below the folder is missing.
    if (!there) found.unreadable.clear();
    seen_whole_.emplace_back(folder.path, std::move(found.unreadable));
  }

  bool tell(const ScanProgress& progress) { return !options_.progress || options_.progress(progress); }

  void look_at(const std::string& path, std::int64_t root) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return;  // gone since it was listed
    const FoundFile file{path, root, status.st_size,
                         static_cast<std::int64_t>(status.st_mtim.tv_sec) * 1'000'000'000 + status.st_mtim.tv_nsec};
    if (!options_.read_all && writer_.know(file)) {
      ++report_.unchanged;
      return;
    }
    while (readers_.full()) take_answers();
    asked_.emplace(++token_, file);
    readers_.ask(token_, path);
  }

  void take_answers() {
    readers_.collect(std::chrono::milliseconds(100),
                     [&](std::uint64_t token, const std::string&, const MusicFile& read) {
                       const auto found = asked_.extract(token);
                       writer_.put(found.mapped(), read);
                     });
  }

  Database& db_;
  const ScanOptions& options_;
  ScanReport report_;
  ScanWriter writer_;
  TagReaders readers_;
  std::unordered_map<std::uint64_t, FoundFile> asked_;
  std::uint64_t token_ = 0;
  std::vector<std::pair<std::string, std::vector<std::string>>> seen_whole_;  // with what couldn't be read in them
};

}  // namespace

ScanReport scan(Store& store, const ScanOptions& options) { return Scan(store, options).run(); }

}  // namespace tactus::library
