// Killed at any moment of an import, a library has all of it or nothing, and every edit from before it.
#include <gtest/gtest.h>

#include <filesystem>
#include <random>

#include "library/exchange/importer.h"
#include "library/store/health.h"
#include "library/store/killed.h"
#include "library/store/music.h"
#include "library/store/tracks.h"
#include "support/temp_folder.h"

namespace tactus::library {
namespace {

constexpr int kSongs = 60;

class ImportKilled : public testing::Test {
 protected:
  // A library of another program, whose cues all lie at `cue`; on one list.
  ForeignLibrary source(double cue) const {
    ForeignLibrary out;
    out.format = "rekordbox XML";
    out.kept = {{"x.xml", std::string(100'000, 'x')}};
    out.playlists = {{{"All"}, {}}};
    for (int i = 0; i < kSongs; ++i) {
      ForeignTrack t;
      t.path = folder_ + "/" + std::to_string(i) + ".wav";
      t.title = "Song " + std::to_string(i);
      t.cues = {{cue, 0, "x", ""}, {cue + 0.1, 1, "y", ""}};
      t.loops = {{cue, cue + 0.1, 0, "z", ""}};
      t.grid = {{0.125, 120, 1, 4}};
      out.tracks.push_back(t);
      out.playlists[0].tracks.push_back(static_cast<std::size_t>(i));
    }
    return out;
  }
  void import(double cue) const {
    Store store(library_, {.who = "the child"});
    import_library(store, source(cue), folder_ + "/x.xml", {});
  }
  // How many cues are there, at `cue` and in all.
  std::pair<std::int64_t, std::int64_t> cues(double cue) const {
    Reader reader(library_);
    const auto count = [&](const char* which) {
      return reader.db().integer(std::string("SELECT count(*) FROM mark WHERE ") + which, cue).value_or(-1);
    };
    return {count("kind = 0 AND number = 0 AND start = ?1"), count("kind = 0 AND number = 0 AND ?1 > 0")};
  }

  const test::TempFolder temp_;
  const std::string folder_ = temp_.path().string(), library_ = folder_ + "/library";
};

TEST_F(ImportKilled, ItHasAllOfItOrNothingAndNoEditIsLost) {
  namespace fs = std::filesystem;
  for (int i = 0; i < kSongs; ++i)
    test::write_bytes(folder_ + "/" + std::to_string(i) + ".wav", test::wav(static_cast<unsigned>(i), 0.05));
  // Before the first import, and between two.
  const std::string fresh = folder_ + "/fresh", filled = folder_ + "/filled";
  {
    Store store(library_);
    store.db().run("INSERT INTO track(title, added) VALUES('mine', 1)");
    Edit edit(store, "a test", "a comment");
    set_field(edit, 1, *find_field("comment"), "kept");
    ASSERT_TRUE(edit.commit());
  }
  fs::copy(library_, fresh, fs::copy_options::recursive);
  import(0.25);
  fs::copy(library_, filled, fs::copy_options::recursive);
  std::mt19937 random{std::random_device()()};
  int whole = 0;
  for (const bool second : {false, true}) {
    const double cue = second ? 0.5 : 0.25;
    const auto restore = [&] {
      fs::remove_all(library_);
      fs::copy(second ? filled : fresh, library_, fs::copy_options::recursive);
    };
    restore();
    const auto work = [&](const std::function<void(int)>& tell) {
      import(cue);
      tell(1);
    };
    const auto most = test::time_of(work);
    for (int i = 0; i < test::kills() / 2; ++i) {
      restore();
      const bool told = test::killed_while(work, random, most) == 1;
      EXPECT_EQ(examine(library_).faults, std::vector<std::string>());
      const auto [now, all] = cues(cue);
      EXPECT_TRUE(now == kSongs || (now == 0 && !told)) << now;
      EXPECT_EQ(all, now == kSongs || second ? kSongs : 0);
      whole += now == kSongs;
      {
        Reader reader(library_);
        EXPECT_EQ(reader.db().text("SELECT comment FROM track WHERE title = 'mine'"), "kept");
        EXPECT_EQ(reader.db().integer("SELECT count(*) FROM source"), second || now > 0 ? 1 : 0);
        EXPECT_EQ(reader.db().integer("SELECT count(*) FROM crate_track"), second || now > 0 ? kSongs : 0);
      }
      if (i % 10 != 0) continue;
      import(cue);  // and the next one goes on
      EXPECT_EQ(cues(cue).first, kSongs);
    }
  }
  EXPECT_LT(whole, test::kills()) << "none was killed before its end";
}

}  // namespace
}  // namespace tactus::library
