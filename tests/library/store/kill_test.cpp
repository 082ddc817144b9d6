// Killed at any moment, a library is sound and has every edit that was told to be kept.
//
// A child works on the library and tells each thing that it has finished through a pipe; it is killed (SIGKILL) after a
// random time, of as long as the work takes.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <random>

#include "killed.h"
#include "library/store/health.h"
#include "library/store/scan.h"
#include "library/store/tracks.h"
#include "music.h"
#include "support/temp_folder.h"

namespace tactus::library {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using test::kills, test::killed_while, test::time_of;

class Killed : public ::testing::Test {
 protected:
  void expect_sound() { EXPECT_EQ(examine(library_).faults, std::vector<std::string>()); }
  test::TempFolder folder_;
  std::string library_ = folder_ / "library";
  std::mt19937 random_{std::random_device()()};
};

TEST_F(Killed, WhileEditingNoEditThatWasToldIsLost) {
  {
    Store store(library_);
    store.db().run("INSERT INTO track(title, added) VALUES('one', 1)");
  }
  int had = 0;
  const auto edit_on = [&](int last) {
    return [&, last](const std::function<void(int)>& tell) {
      Store store(library_, {.who = "the child"});
      for (int n = had + 1; n <= last; ++n) {
        Edit edit(store, "test", "cue");
        put_mark(edit, 1, {.kind = MarkKind::memory_cue, .number = n % 1000, .start = 1.0 * n});
        set_field(edit, 1, *find_field("comment"), std::to_string(n));
        edit.commit();
        tell(n);
      }
    };
  };
  const auto most = time_of(edit_on(8));
  had = 8;
  for (int i = 0; i < kills(); ++i) {
    const int told = killed_while(edit_on(1 << 30), random_, most);
    expect_sound();
    Reader reader(library_);
    const int has = std::atoi(reader.db().text("SELECT comment FROM track").value_or("").c_str());
    EXPECT_GE(has, told);  // one may be kept that it had no time to tell
    EXPECT_LE(has, std::max(told, had) + 1);
    EXPECT_EQ(reader.db().integer("SELECT max(start) FROM mark").value_or(0), has);
    EXPECT_EQ(reader.db().integer("SELECT count(*) FROM change").value_or(0), has);
    had = has;
  }
  EXPECT_GT(had, 8);
  // And each of them can still be taken back.
  Store store(library_);
  EXPECT_TRUE(undo(store));
  EXPECT_EQ(store.db().text("SELECT comment FROM track"), std::to_string(had - 1));
}

TEST_F(Killed, WhileScanningTheLibraryIsSoundAndTheNextScanGoesOn) {
  const std::string music = folder_ / "music";
  fs::create_directories(music);
  for (int i = 0; i < 300; ++i) test::write_bytes(music + "/" + std::to_string(i) + ".wav", test::wav(i, 0.05));
  ScanOptions all;
  all.folders = {music};
  const auto scan_it = [&](bool read_all) {
    return [&, read_all](const std::function<void(int)>&) {
      Store store(library_, {.who = "the child"});
      ScanOptions o = all;
      o.read_all = read_all;
      scan(store, o);
    };
  };
  const auto most = time_of(scan_it(true));
  for (int i = 0; i < kills(); ++i) {
    std::error_code ignored;
    if (i % 5 == 0) fs::remove_all(library_, ignored);
    killed_while(scan_it(i % 2 == 1), random_, most);
    if (!fs::exists(database_file(library_))) continue;  // it was killed before there was any
    { Store store(library_); }                           // one that was killed while it was made is made now
    expect_sound();
    Reader reader(library_);
    EXPECT_EQ(reader.db().integer("SELECT count(*) FROM file WHERE track IS NULL"), 0);
    EXPECT_EQ(reader.db().integer("SELECT count(*) FROM track WHERE id NOT IN (SELECT track FROM file)"), 0);
  }
  Store store(library_);
  const ScanReport r = scan(store, all);
  EXPECT_EQ(r.files, 300u);
  EXPECT_EQ(store.db().integer("SELECT count(*) FROM track"), 300);
}

TEST_F(Killed, WhileMigratingItIsOfOneLayoutOrTheOtherWithAllItsTracks) {
  constexpr std::array kOld = {SchemaStep{1, "CREATE TABLE track(id INTEGER PRIMARY KEY, title TEXT NOT NULL) STRICT"}};
  constexpr std::array kNew = {
      kOld[0], SchemaStep{2,
                          "CREATE TABLE copy(id INTEGER PRIMARY KEY, title TEXT NOT NULL, mood TEXT NOT NULL) STRICT;"
                          "INSERT INTO copy SELECT id, title, 'calm' FROM track; DROP TABLE track;"
                          "ALTER TABLE copy RENAME TO track; CREATE INDEX track_title ON track(title)"}};
  Store::Options old, young;
  old.steps = kOld;
  young.steps = kNew;
  {
    Store store(library_, old);
    Transaction t(store.db());
    for (int i = 0; i < 5'000; ++i)
      store.db().run("INSERT INTO track(title) VALUES(?1)", std::to_string(i * 7919 % 5'000));
    t.commit();
  }
  const fs::path before = folder_ / "before";
  fs::copy(library_, before, fs::copy_options::recursive);
  const auto migrate = [&](const std::function<void(int)>&) { Store store(library_, young); };
  const auto most = time_of(migrate);
  for (int i = 0; i < kills(); ++i) {
    fs::remove_all(library_);
    fs::copy(before, library_, fs::copy_options::recursive);
    killed_while(migrate, random_, most);
    {
      Database db(database_file(library_), Database::Mode::write, 1000);
      const auto version = db.integer("PRAGMA user_version");
      EXPECT_TRUE(version == 1 || version == 2);
      EXPECT_EQ(db.text("PRAGMA integrity_check"), "ok");
      EXPECT_EQ(db.integer("SELECT count(*) FROM track"), 5'000);
    }
    Store store(library_, young);  // and goes on
    EXPECT_EQ(store.db().integer("SELECT count(*) FROM track WHERE mood = 'calm'"), 5'000);
  }
}

}  // namespace
}  // namespace tactus::library
