// The library's database: who writes, what is refused, what survives.
#include "library/store/store.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "library/store/facts.h"
#include "library/store/fields.h"
#include "support/temp_folder.h"

namespace tactus::library {
namespace {

std::int64_t add_track(Database& db, const std::string& title) {
  db.run("INSERT INTO track(title, added) VALUES(?1, 1)", title);
  return db.last_id();
}

StoreError::Kind kind_of(const std::function<void()>& what, std::string* words = nullptr) {
  try {
    what();
  } catch (const StoreError& e) {
    if (words) *words = e.what();
    return e.kind();
  }
  ADD_FAILURE() << "nothing was thrown";
  return StoreError::Kind::other;
}

TEST(Store, EachFieldHasItsColumnAndABitOfItsOwn) {
  test::TempFolder folder;
  Store store(folder.path().string());
  std::int64_t bits = 0;
  for (const Field& f : kFields) {
    store.db().execute("SELECT " + std::string(f.column) + " FROM track");
    if (!f.editable()) continue;
    EXPECT_EQ(bits >> f.bit & 1, 0) << f.name;
    bits |= std::int64_t{1} << f.bit;
  }
}

TEST(Store, OneWritesAndIsNamedToOthers) {
  test::TempFolder folder;
  EXPECT_FALSE(WriterLock::holder(lock_file(folder.path().string())));
  Store store(folder.path().string(), {.who = "the test"});
  std::string words;
  EXPECT_EQ(kind_of([&] { Store second(folder.path().string(), {.wait = {.ms = 0}}); }, &words),
            StoreError::Kind::busy);
  EXPECT_NE(words.find("the test (process " + std::to_string(getpid()) + ")"), std::string::npos) << words;
  EXPECT_EQ(WriterLock::holder(lock_file(folder.path().string()))->who, "the test");
  add_track(store.db(), "One");
  Reader reader(folder.path().string());
  EXPECT_EQ(reader.db().text("SELECT title FROM track"), "One");
  EXPECT_THROW(reader.db().execute("DELETE FROM track"), StoreError);
}

TEST(Store, ALibraryThatIsNotThereIsNotMadeByReading) {
  test::TempFolder folder;
  EXPECT_EQ(kind_of([&] { Reader r(folder.path().string()); }), StoreError::Kind::missing);
  EXPECT_EQ(kind_of([&] { Store s(folder.path().string(), {.create = false}); }), StoreError::Kind::missing);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(Store, ANewerLibraryAndAForeignDatabaseAreRefusedUnchanged) {
  test::TempFolder folder;
  { Store store(folder.path().string()); }
  {
    Database db(database_file(folder.path().string()), Database::Mode::write, 0);
    db.execute("PRAGMA user_version = 99");
  }
  std::string words;
  EXPECT_EQ(kind_of([&] { Store s(folder.path().string()); }, &words), StoreError::Kind::newer);
  EXPECT_NE(words.find("newer Tactus"), std::string::npos) << words;
  EXPECT_EQ(kind_of([&] { Reader r(folder.path().string()); }), StoreError::Kind::newer);

  test::TempFolder other;
  {
    Database db(database_file(other.path().string()), Database::Mode::create, 0);
    db.execute("CREATE TABLE notes(text)");
  }
  EXPECT_EQ(kind_of([&] { Store s(other.path().string()); }), StoreError::Kind::corrupt);
  Database db(database_file(other.path().string()), Database::Mode::write, 0);
  EXPECT_EQ(db.text("PRAGMA journal_mode"), "delete");
}

TEST(Store, AnAnalysisGoesRoundWhatAPersonSet) {
  test::TempFolder folder;
  Store store(folder.path().string());
  const std::int64_t track = add_track(store.db(), "One");
  store.db().run("UPDATE track SET bpm = 90, by_hand = ?2 WHERE id = ?1", track, 1 << find_field("bpm")->bit);
  Facts facts;
  facts.content = "abc";
  facts.duration = 200;
  facts.bpm = 180;
  facts.key = 21;
  facts.grid = {{0.5, 0, 180}};
  facts.embedder = "sound 1";
  facts.phrases = {{0.5, 10, "intro", 3, 180.0, 21, 0.25, {1, -2, 3}}, {10.5, 10, "drop", 8, 180.0, 21, 0.0, {}}};
  put_analysis(store, track, facts);
  put_analysis(store, track, facts);  // once more replaces it
  Database& db = store.db();
  EXPECT_EQ(db.integer("SELECT bpm FROM track"), 90);
  EXPECT_EQ(db.integer("SELECT key FROM track"), 21);
  EXPECT_EQ(db.integer("SELECT count(*) FROM phrase"), 2);
  EXPECT_EQ(db.text("SELECT vector FROM phrase WHERE place = 0"), std::string("\x01\xfe\x03"));
  EXPECT_EQ(db.text("SELECT anchors FROM grid"), R"([{"beat":0.0,"bpm":180.0,"seconds":0.5}])");
  EXPECT_EQ(kind_of([&] { put_analysis(store, 99, facts); }), StoreError::Kind::refused);
}

}  // namespace
}  // namespace tactus::library
