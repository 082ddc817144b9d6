// Crates: lists of tracks, in folders as deep as one likes; and the prepare list, which is for tonight.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "library/store/edit.h"
#include "library/store/tracks.h"

namespace tactus::library {

using CrateId = std::int64_t;
enum class CrateKind { folder = 0, list = 1, smart = 2 };  // the tracks of a smart one follow from its rule

struct Crate {
  CrateId id = 0;
  std::optional<CrateId> parent;
  std::string name;
  int place = 0;  // among those of its folder
  CrateKind kind = CrateKind::list;
  std::string rule;         // of a smart one
  std::int64_t tracks = 0;  // of a list
};

// "Sets/Friday": names from the top, a '/' or '\' in a name written "\/" or "\\".
std::string crate_path(Database& db, CrateId id);
std::optional<CrateId> find_crate(Database& db, const std::string& path);
std::optional<Crate> read_crate(Database& db, CrateId id);
// Those in a folder, or at the top, in their order.
std::vector<Crate> crates_in(Database& db, std::optional<CrateId> folder);
// A page of a list's tracks from `from` on, in their order.
std::vector<TrackId> crate_tracks(Database& db, CrateId crate, std::int64_t from, int most);

// All of these throw `refused` for what makes no sense: a name that is empty or there already, a folder into itself, a
// track into a folder.

// With the folders of its path that aren't there yet.
CrateId make_crate(Edit& edit, const std::string& path, CrateKind kind, const std::string& rule = {});
void rename_crate(Edit& edit, CrateId crate, const std::string& name);
// Into another folder, or to the top, at its end or before the one at `place`.
void move_crate(Edit& edit, CrateId crate, std::optional<CrateId> folder, std::optional<int> place = {});
// With all that is in it; no track is deleted.
void delete_crate(Edit& edit, CrateId crate);
// At the end, or before the one at `position` (from 0). A track may be in it several times.
void add_to_crate(Edit& edit, CrateId crate, const std::vector<TrackId>& tracks,
                  std::optional<std::size_t> position = {});
// The list as a whole: for other orders, and to take out single places.
void set_crate_tracks(Edit& edit, CrateId crate, const std::vector<TrackId>& tracks);
// Wherever they are in it. How many places.
std::size_t remove_from_crate(Edit& edit, CrateId crate, const std::vector<TrackId>& tracks);

std::vector<TrackId> prepared(Database& db);
void set_prepared(Edit& edit, const std::vector<TrackId>& tracks);

}  // namespace tactus::library
