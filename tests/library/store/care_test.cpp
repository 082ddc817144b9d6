// What keeps a library alive: migrations, backups, readers that hang, disks that are full.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>

#include "library/store/backup.h"
#include "library/store/health.h"
#include "library/store/scan.h"
#include "music.h"
#include "support/temp_folder.h"

namespace tactus::library {
namespace {

namespace fs = std::filesystem;

constexpr std::array kOldSteps = {SchemaStep{1, "CREATE TABLE track(id INTEGER PRIMARY KEY, title TEXT) STRICT"}};
constexpr std::array kNewSteps = {
    kOldSteps[0], SchemaStep{2, "ALTER TABLE track ADD COLUMN mood TEXT NOT NULL DEFAULT 'calm'"},
    SchemaStep{3, "CREATE INDEX track_mood ON track(mood); UPDATE track SET title = upper(title)"}};
constexpr std::array kBrokenSteps = {
    kOldSteps[0], SchemaStep{2, "ALTER TABLE track ADD COLUMN mood TEXT; INSERT INTO nowhere VALUES(1)"}};

class Care : public ::testing::Test {
 protected:
  Store::Options steps(std::span<const SchemaStep> list) const {
    Store::Options o;
    o.steps = list;
    return o;
  }
  void make_old() {
    Store old(library_, steps(kOldSteps));
    old.db().run("INSERT INTO track(title) VALUES('one')");
  }
  test::TempFolder folder_;
  std::string library_ = folder_ / "library";
};

TEST_F(Care, AnOlderLayoutIsBroughtUpToDateStepByStepWithABackupBefore) {
  make_old();
  EXPECT_TRUE(backups(library_).empty());
  {
    Store store(library_, steps(kNewSteps));
    EXPECT_EQ(store.db().text("SELECT title || mood FROM track"), "ONEcalm");
    EXPECT_EQ(store.db().integer("PRAGMA user_version"), 3);
  }
  ASSERT_EQ(backups(library_).size(), 1u);
  EXPECT_TRUE(backups(library_)[0].name.ends_with("-before-update.db"));
  Database before(backups(library_)[0].path, Database::Mode::read, 0);
  EXPECT_EQ(before.integer("PRAGMA user_version"), 1);
  EXPECT_EQ(before.text("SELECT title FROM track"), "one");
}

TEST_F(Care, AMigrationThatFailsLeavesTheOldLibraryWhole) {
  make_old();
  EXPECT_THROW(Store(library_, steps(kBrokenSteps)), StoreError);
  Store store(library_, steps(kOldSteps));
  EXPECT_EQ(store.db().integer("PRAGMA user_version"), 1);
  EXPECT_EQ(store.db().text("SELECT title FROM track"), "one");
  EXPECT_THROW(store.db().execute("SELECT mood FROM track"), StoreError);
}

// Every layout that was ever released, as its steps made it, becomes the present one.
TEST_F(Care, EveryPastLayoutBecomesThePresentOne) {
  for (std::size_t n = 1; n < schema_steps().size(); ++n) {
    const std::string place = folder_ / ("v" + std::to_string(n));
    {
      Store old(place, steps(schema_steps().first(n)));
      old.db().run("INSERT INTO track(title, artist, added) VALUES('Kept', 'Ada', 5)");
      old.db().run("INSERT INTO crate(name, place, kind) VALUES('Crate', 0, 1)");
      old.db().run("INSERT INTO crate_track(crate, place, track) VALUES(1, 0, 1)");
    }
    Store store(place);
    EXPECT_EQ(store.db().integer("PRAGMA user_version"), schema_version());
    EXPECT_EQ(store.db().text("SELECT title || artist || added FROM track JOIN crate_track ON track = id"), "KeptAda5");
    EXPECT_EQ(store.db().text("PRAGMA integrity_check"), "ok");
  }
}

TEST_F(Care, ABackupADayAndOnlyTheLastFewAreKept) {
  { Store store(library_); }
  EXPECT_TRUE(backups(library_).empty());  // nothing was in it
  Store store(library_);
  EXPECT_EQ(backups(library_).size(), 1u);
  for (int i = 0; i < 7; ++i) make_backup(store.db(), library_, "by-hand");
  EXPECT_EQ(backups(library_).size(), kBackupsKept + 1);
  EXPECT_TRUE(backed_up_today(library_));
}

TEST_F(Care, ARestoreBringsBackWhatWasAndKeepsWhatIs) {
  Backup backup;
  {
    Store store(library_);
    store.db().run("INSERT INTO track(title, added) VALUES('before', 1)");
    backup = make_backup(store.db(), library_, "by-hand");
    store.db().run("UPDATE track SET title = 'after'");
  }
  Reader reader(library_);
  EXPECT_EQ(reader.db().text("SELECT title FROM track"), "after");
  std::ofstream(library_ + "/phrases.index") << "of the library before";
  restore_backup(library_, backup.name, "test");
  EXPECT_FALSE(fs::exists(library_ + "/phrases.index"));
  EXPECT_EQ(reader.db().text("SELECT title FROM track"), "before");  // one that was open sees it
  const std::vector<Backup> all = backups(library_);
  const auto kept =
      std::find_if(all.begin(), all.end(), [](const Backup& b) { return b.name.ends_with("-before-restore.db"); });
  ASSERT_NE(kept, all.end());
  restore_backup(library_, kept->path, "test");
  EXPECT_EQ(reader.db().text("SELECT title FROM track"), "after");

  std::fstream(backup.path, std::ios::in | std::ios::out | std::ios::binary)
      .seekp(5000)
      .write(std::string(9000, 'x').data(), 9000);
  EXPECT_THROW(restore_backup(library_, backup.name, "test"), StoreError);
  EXPECT_THROW(restore_backup(library_, "no-such.db", "test"), StoreError);
  EXPECT_EQ(reader.db().text("SELECT title FROM track"), "after");
}

TEST_F(Care, ADamagedLibraryIsToldAndRestored) {
  Backup backup;
  {
    Store store(library_);
    for (int i = 0; i < 2000; ++i) store.db().run("INSERT INTO track(title, added) VALUES('one', 1)");
    backup = make_backup(store.db(), library_, "by-hand");
  }
  EXPECT_TRUE(examine(library_).faults.empty());
  const std::string file = database_file(library_);
  std::fstream(file, std::ios::in | std::ios::out | std::ios::binary)
      .seekp(8192)
      .write(std::string(60000, 'x').data(), 60000);
  EXPECT_FALSE(examine(library_).faults.empty());
  const auto said = restore_backup(library_, backup.name, "test");
  EXPECT_NE(said[0].find("damaged"), std::string::npos) << said[0];
  EXPECT_TRUE(examine(library_).faults.empty());
  // Of nothing but rubbish, too.
  std::ofstream(file) << std::string(100000, 'x');
  fs::remove(file + "-wal");
  EXPECT_FALSE(examine(library_).faults.empty());
  restore_backup(library_, backup.name, "test");
  EXPECT_EQ(Reader(library_).db().integer("SELECT count(*) FROM track"), 2000);
}

// A reader in another process that stops in the middle of its rows. Ends with this.
class StoppedReader {
 public:
  explicit StoppedReader(const std::string& library) : pid_(::fork()) {
    if (pid_ != 0) {
      int status = 0;
      ::waitpid(pid_, &status, WUNTRACED);
      EXPECT_TRUE(WIFSTOPPED(status));
      return;
    }
    Reader reader(library);
    Statement s(reader.db(), "SELECT id FROM track");
    s.step();
    ::raise(SIGSTOP);
    ::_exit(0);
  }
  ~StoppedReader() { end(); }
  void end() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }
  int pid() const { return pid_; }

 private:
  int pid_;
};

TEST_F(Care, AReaderThatHangsFailsNoCommitAndTheLogShrinksAfterIt) {
  const std::string music = folder_ / "music";
  fs::create_directories(music);
  for (int i = 0; i < 200; ++i) test::write_bytes(music + "/" + std::to_string(i) + ".wav", test::wav(i, 0.2));
  Store store(library_);
  store.db().run("INSERT INTO track(title, added) VALUES('one', 1)");
  StoppedReader reader(library_);
  ScanOptions o;
  o.folders = {music};
  const ScanReport r = scan(store, o);
  EXPECT_EQ(r.added, 200u);
  for (int i = 0; i < 800; ++i) {
    const std::string comment(100'000, static_cast<char>('a' + i % 26));
    store.db().run("UPDATE track SET comment = ?1 WHERE id = 1", comment);
  }
  EXPECT_FALSE(store.shrink_log());
  const LogState log = log_state(library_);
  EXPECT_GT(log.bytes, 64 << 20);
  ASSERT_EQ(log.readers.size(), 1u);
  EXPECT_EQ(log.readers[0].pid, reader.pid());
  EXPECT_NE(log_trouble(log).find(std::to_string(reader.pid())), std::string::npos) << log_trouble(log);
  EXPECT_EQ(examine(library_).notes[0], log_trouble(log_state(library_)));
  reader.end();
  EXPECT_TRUE(store.shrink_log());
  EXPECT_EQ(log_state(library_).bytes, 0);
  EXPECT_EQ(log_trouble(log_state(library_)), "");
}

TEST_F(Care, CountsLargeTablesPartByPart) {
  Store store(library_);
  Database& db = store.db();
  db.execute(
      "INSERT INTO root(id, path, added) VALUES(1, x'2f', 1);"
      "INSERT INTO track(title, analysed, added) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT "
      "20001) SELECT 'one', iif(i % 2, 1, NULL), 1 FROM n;"
      "INSERT INTO file(track, root, path, size, mtime, missing_since) SELECT id, 1, CAST(id AS BLOB), 1, 1, "
      "iif(id = 20001, 5, NULL) FROM track;"
      "INSERT INTO file(track, root, path, size, mtime, error) VALUES(20000, 1, x'61', 1, 1, 'broken'),"
      "(7, 1, x'62', 1, 1, NULL), (20001, 1, x'63', 1, 1, NULL)");
  const LibraryCounts n = count_library(db);
  EXPECT_EQ(n.tracks, 20001);
  EXPECT_EQ(n.analysed, 10001);
  EXPECT_EQ(n.files, 20004);
  EXPECT_EQ(n.missing, 1);
  EXPECT_EQ(n.broken, 1);
  EXPECT_EQ(n.duplicates, 2) << "of the last one of the tracks one file is missing";
}

StoreError::Kind why_refused(const std::function<void()>& what, std::string* words) {
  try {
    what();
  } catch (const StoreError& e) {
    *words = e.what();
    return e.kind();
  }
  return StoreError::Kind::other;
}

TEST_F(Care, AFullDiskAndALockedDatabaseAreToldInClearWordsAndLoseNothing) {
  Store store(library_);
  Database& db = store.db();
  db.run("INSERT INTO track(title, added) VALUES('kept', 1)");
  db.integer("PRAGMA max_page_count = " + std::to_string(*db.integer("PRAGMA page_count") + 3));
  std::string words;
  const auto fill = [&] {
    Transaction t(db);
    for (int i = 0; i < 1000; ++i) db.run("INSERT INTO track(title, added) VALUES(?1, 1)", std::string(1000, 'x'));
    t.commit();
  };
  EXPECT_EQ(why_refused(fill, &words), StoreError::Kind::full);
  EXPECT_NE(words.find("disk with the library is full"), std::string::npos) << words;
  EXPECT_EQ(db.integer("SELECT count(*) FROM track"), 1);
  db.integer("PRAGMA max_page_count = 1000000");
  fill();  // when there is room again
  EXPECT_EQ(db.integer("SELECT count(*) FROM track"), 1001);

  Database other(database_file(library_), Database::Mode::write, 0);
  Transaction hold(other);
  Database third(database_file(library_), Database::Mode::write, 0);
  EXPECT_EQ(why_refused([&] { Transaction t(third); }, &words), StoreError::Kind::busy);
  EXPECT_NE(words.find("holds the library's database locked"), std::string::npos) << words;
  EXPECT_EQ(Reader(library_).db().integer("SELECT count(*) FROM track"), 1001);  // readers go on
}

// The system itself refuses to write, as on a disk whose quota is used up.
TEST_F(Care, AFileThatMayNotGrowLosesNothing) {
  {
    Store store(library_);
    store.db().run("INSERT INTO track(title, added) VALUES('kept', 1)");
  }
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{.rlim_cur = 400'000, .rlim_max = 400'000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    try {
      Store store(library_);
      Transaction t(store.db());
      for (int i = 0; i < 5000; ++i)
        store.db().run("INSERT INTO track(title, added) VALUES(?1, 1)", std::string(1000, 'x'));
      t.commit();
    } catch (const StoreError& e) {
      ::_exit(std::string(e.what()).find("what was saved before is safe") != std::string::npos ? 7 : 8);
    }
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 7);
  EXPECT_TRUE(examine(library_).faults.empty());
  EXPECT_EQ(Reader(library_).db().integer("SELECT count(*) FROM track"), 1);
}

}  // namespace
}  // namespace tactus::library
