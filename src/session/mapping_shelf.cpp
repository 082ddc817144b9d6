#include "session/mapping_shelf.h"

#include <pthread.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <utility>

#include "sidecar/board.h"

namespace tactus::session {

namespace fs = std::filesystem;

namespace {
constexpr auto kPause = std::chrono::milliseconds(500);
constexpr std::size_t kMostFiles = 500;
}  // namespace

int find_board_field(std::string_view name) {
  const sidecar::BoardField* field = sidecar::board_field(name);
  return field ? static_cast<int>(field - sidecar::board_fields().data()) : -1;
}

std::string errors_text(const std::string& file, const io::ReadMapping& read) {
  std::string text;
  for (const io::MappingError& e : read.errors) {
    text += (text.empty() ? "" : "\n") + file + ":" + std::to_string(e.line) + ": " + e.text;
  }
  return text;
}

io::ReadMapping read_mapping_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text(io::kMaxMappingBytes + 1, 0);
  errno = 0;
  if (in) in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!in.is_open() || in.bad()) {
    return {std::nullopt, {{1, std::string("can't be read: ") + std::strerror(errno ? errno : EIO)}}};
  }
  text.resize(static_cast<std::size_t>(in.gcount()));
  return io::read_mapping(text, find_board_field);
}

MappingShelf::MappingShelf(std::vector<BundledMapping> bundled, fs::path folder) : folder_(std::move(folder)) {
  for (const BundledMapping& b : bundled) {
    io::ReadMapping read = io::read_mapping(b.text, find_board_field);
    if (!read.mapping) {
      say(errors_text(std::string(b.name) + ".toml", read));
      continue;
    }
    bundled_.push_back({std::string(b.name), {}, std::make_shared<const io::Mapping>(std::move(*read.mapping))});
  }
  look();
  watcher_ = std::thread([this] { watch(); });
}

MappingShelf::~MappingShelf() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  again_.notify_all();
  watcher_.join();
}

std::shared_ptr<const MappingList> MappingShelf::list() const {
  const std::lock_guard lock(mutex_);
  return list_;
}

std::vector<std::string> MappingShelf::take_notices() {
  const std::lock_guard lock(mutex_);
  return std::exchange(notices_, {});
}

void MappingShelf::say(std::string text) {
  const std::lock_guard lock(mutex_);
  notices_.push_back(std::move(text));
}

void MappingShelf::watch() {
  pthread_setname_np(pthread_self(), "tactus-maps");
  std::unique_lock lock(mutex_);
  while (!again_.wait_for(lock, kPause, [this] { return stop_; })) {
    lock.unlock();
    look();
    lock.lock();
  }
}

void MappingShelf::look() {
  std::map<std::string, File> now;
  bool changed = std::exchange(first_, false);
  std::error_code failed;
  for (fs::directory_iterator i(folder_, failed), end; !failed && i != end && now.size() < kMostFiles;
       i.increment(failed)) {
    const fs::path path = i->path();
    if (path.extension() != ".toml" || !i->is_regular_file(failed)) continue;
    const std::string name = path.stem().string();
    File file{fs::last_write_time(path, failed), fs::file_size(path, failed), nullptr};
    const auto known = files_.find(name);
    if (known != files_.end()) file.mapping = known->second.mapping;
    if (known == files_.end() || known->second.at != file.at || known->second.size != file.size) {
      io::ReadMapping read = read_mapping_file(path);
      if (read.mapping) {
        if (known != files_.end()) say("Mapping " + path.string() + " was read again.");
        file.mapping = std::make_shared<const io::Mapping>(std::move(*read.mapping));
        changed = true;
      } else {
        say(errors_text(path.string(), read) + (file.mapping ? "\nThe mapping stays as it was." : ""));
      }
    }
    now[name] = std::move(file);
  }
  const auto gone = [&now](const auto& file) { return now.find(file.first) == now.end(); };
  changed = changed || std::any_of(files_.begin(), files_.end(), gone);
  files_ = std::move(now);
  if (changed) publish();
}

void MappingShelf::publish() {
  auto list = std::make_shared<MappingList>();
  for (const auto& [name, file] : files_) {
    if (file.mapping) list->push_back({name, folder_ / (name + ".toml"), file.mapping});
  }
  for (const ShelvedMapping& b : bundled_) {
    const auto own = files_.find(b.name);
    if (own == files_.end() || !own->second.mapping) list->push_back(b);
  }
  const std::lock_guard lock(mutex_);
  list_ = std::move(list);
}

}  // namespace tactus::session
