#include "session_plays.h"

#include <algorithm>
#include <ctime>
#include <nlohmann/json.hpp>

#include "library/store/tracks.h"

namespace tactus::app {

namespace {

constexpr std::size_t kReadAtOnce = 1 << 20;  // bytes

double track_duration(library::Database& db, library::TrackId track) {
  double out = 0;
  db.statement("SELECT duration FROM track WHERE id = ?1").bind(track).each([&](const library::Statement& s) {
    out = s.number(0);
  });
  return out;
}

}  // namespace

SessionPlays::SessionPlays(const std::filesystem::path& session) {
  std::error_code none;
  const std::filesystem::path whole = std::filesystem::weakly_canonical(std::filesystem::absolute(session, none), none);
  session_ = whole.string();
  name_ = whole.filename().empty() ? whole.parent_path().filename().string() : whole.filename().string();
  file_ = session / "journal.jsonl";
}

void SessionPlays::begin_at(std::uint64_t offset) {
  position_ = offset;
  heard_ = schedule::HeardTracks(offset);
  taken_.clear();
}

void SessionPlays::go_on_from_mark(library::Database& db) {
  const auto text =
      db.text("SELECT whole FROM source WHERE format = 'journal' AND path = ?1", library::Bytes{session_});
  const auto mark = nlohmann::json::parse(text.value_or(""), nullptr, false);
  if (!mark.is_object() || !mark.contains("offset") || !mark["offset"].is_number_unsigned()) return;
  const auto offset = mark["offset"].get<std::uint64_t>();
  // A journal that was put aside or cut is another one.
  std::ifstream in(file_, std::ios::binary);
  in.seekg(static_cast<std::streamoff>(offset));
  std::string line;
  if (!std::getline(in, line)) return;
  const auto header = schedule::header_of(line);
  if (header && nlohmann::json(header->started) == mark.value("run", nlohmann::json())) begin_at(offset);
}

void SessionPlays::read() {
  std::ifstream in(file_, std::ios::binary | std::ios::ate);
  readable_ = static_cast<bool>(in);
  if (!in) return;
  const auto size = static_cast<std::uint64_t>(in.tellg());
  if (size < position_) begin_at(0);
  in.seekg(static_cast<std::streamoff>(position_));
  std::string bytes(std::min<std::uint64_t>(kReadAtOnce, size - position_), '\0');
  while (position_ < size && in.read(bytes.data(), static_cast<std::streamsize>(bytes.size())).gcount() > 0) {
    const auto n = static_cast<std::size_t>(in.gcount());
    heard_.read(std::string_view(bytes).substr(0, n));
    position_ += n;
  }
  taken_.resize(heard_.all().size());
}

bool SessionPlays::due() const {
  for (std::size_t i = 0; i < taken_.size(); ++i) {
    const schedule::HeardTrack& h = heard_.all()[i];
    if (!taken_[i].unknown && (taken_[i].until < 0 || (h.over && taken_[i].until < h.until))) return true;
  }
  return false;
}

library::Play SessionPlays::play_of(library::Database& db, const schedule::HeardTrack& heard,
                                    library::TrackId track) const {
  const double longest = track_duration(db, track), seconds = heard.until - heard.from;
  return {track, name_ + " " + heard.run, static_cast<std::int64_t>(heard.from),
          longest > 0 ? std::min(seconds, longest) : seconds, heard.deck + 1};
}

std::size_t SessionPlays::take(library::Store& store) {
  std::vector<library::Play> plays;
  std::vector<Taken> now = taken_;
  unknown_.clear();
  for (std::size_t i = 0; i < now.size(); ++i) {
    const schedule::HeardTrack& h = heard_.all()[i];
    if (now[i].until >= h.until) continue;
    const auto track = library::find_track(store.db(), h.path);
    now[i].unknown = !track;
    if (!track) {
      unknown_.insert(h.path);
      continue;
    }
    now[i].until = h.until;
    plays.push_back(play_of(store.db(), h, *track));
  }
  const std::size_t fresh = library::record_plays(store, plays);
  // After the plays: who is killed in between takes them in once more, which changes nothing.
  const std::string mark = nlohmann::json{{"offset", heard_.mark().offset}, {"run", heard_.mark().run}}.dump(
      -1, ' ', false, nlohmann::json::error_handler_t::replace);
  if (mark != marked_ && !heard_.mark().run.empty()) {
    library::Transaction transaction(store.db());
    store.db().run("DELETE FROM source WHERE format = 'journal' AND path = ?1", library::Bytes{session_});
    store.db().run("INSERT INTO source(format, path, imported, whole) VALUES('journal', ?1, ?2, ?3)",
                   library::Bytes{session_}, static_cast<std::int64_t>(std::time(nullptr)), library::Bytes{mark});
    transaction.commit();
    marked_ = mark;
  }
  taken_ = std::move(now);
  return fresh;
}

}  // namespace tactus::app
