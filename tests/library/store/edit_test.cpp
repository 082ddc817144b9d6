// A person's changes: what they do, and that each can be taken back.
#include "library/store/edit.h"

#include <gtest/gtest.h>

#include "library/store/crates.h"
#include "library/store/plays.h"
#include "library/store/tracks.h"
#include "support/temp_folder.h"

namespace tactus::library {
namespace {

class Editing : public ::testing::Test {
 protected:
  Editing() : store_(folder_.path().string()) {
    for (const char* title : {"One", "Two", "Three"})
      store_.db().run("INSERT INTO track(title, added) VALUES(?1, 1)", title);
  }
  Database& db() { return store_.db(); }
  void edit(const std::function<void(Edit&)>& what) {
    Edit e(store_, "test", "a change");
    what(e);
    EXPECT_TRUE(e.commit());
  }
  void refused(const std::function<void(Edit&)>& what, const std::string& words) {
    const std::string before = everything();
    try {
      Edit e(store_, "test", "nonsense");
      what(e);
      ADD_FAILURE() << "not refused: " << words;
    } catch (const StoreError& error) {
      EXPECT_EQ(error.kind(), StoreError::Kind::refused);
      EXPECT_NE(std::string(error.what()).find(words), std::string::npos) << error.what();
    }
    EXPECT_EQ(everything(), before);
  }
  // All that can be edited, as one text.
  std::string everything() {
    std::string out;
    for (const char* sql :
         {"SELECT id || title || coalesce(bpm, '-') || coalesce(key, '-') || rating || by_hand FROM track",
          "SELECT id || '|' || track || kind || number || start || coalesce(stop, '-') || name FROM mark",
          "SELECT track || origin || anchors || by_hand FROM grid",
          "SELECT id || coalesce(parent, '-') || name || place || kind || rule FROM crate",
          "SELECT crate || '|' || place || '|' || track FROM crate_track",
          "SELECT place || '|' || track FROM prepare"}) {
      out += "\n--";
      Statement(db(), sql).each([&](const Statement& s) { out += "\n" + s.text(0); });
    }
    return out;
  }

  test::TempFolder folder_;
  Store store_;
};

FieldValue value(const char* field, const char* text) { return parse_field(*find_field(field), text); }

TEST_F(Editing, EachChangeIsTakenBackAndDoneAgainInItsOrder) {
  const std::vector<std::function<void(Edit&)>> steps = {
      [](Edit& e) { set_field(e, 1, *find_field("bpm"), value("bpm", "126.5")); },
      [](Edit& e) { set_field(e, 1, *find_field("title"), value("title", "Eins")); },
      [](Edit& e) {
        put_mark(e, 1, {.number = 2, .start = 12.5, .name = "Drop", .color = 0xff8800, .origin = "hand"});
      },
      [](Edit& e) { put_mark(e, 1, {.number = 2, .start = 13, .name = "Later", .origin = "hand"}); },
      [](Edit& e) { put_mark(e, 2, {.kind = MarkKind::loop, .start = 1, .stop = 3}); },
      [](Edit& e) {
        set_grid(e, 2, {{0.1, 0, 124}, {60, 128, 126}});
      },
      [](Edit& e) {
        add_to_crate(e, make_crate(e, "Sets/2026/Friday", CrateKind::list), {1, 2, 1});
      },
      [](Edit& e) { add_to_crate(e, *find_crate(e.db(), "Sets/2026/Friday"), {3}, 1); },
      [](Edit& e) { make_crate(e, "Warm\\/up", CrateKind::list); },
      [](Edit& e) { move_crate(e, *find_crate(e.db(), "Warm\\/up"), *find_crate(e.db(), "Sets"), 0); },
      [](Edit& e) { rename_crate(e, *find_crate(e.db(), "Sets"), "Nights"); },
      [](Edit& e) { EXPECT_EQ(remove_from_crate(e, *find_crate(e.db(), "Nights/2026/Friday"), {1}), 2u); },
      [](Edit& e) {
        set_prepared(e, {3, 1});
      },
      [](Edit& e) {
        set_prepared(e, {1, 3, 2});
      },
      [](Edit& e) { delete_crate(e, *find_crate(e.db(), "Nights")); },
      [](Edit& e) { remove_mark(e, 1, MarkKind::hot_cue, 2); },
      [](Edit& e) { set_field(e, 1, *find_field("bpm"), {}); },
  };
  std::vector<std::string> after{everything()};
  for (const auto& step : steps) {
    edit(step);
    EXPECT_NE(everything(), after.back());
    after.push_back(everything());
  }
  EXPECT_EQ(db().integer("SELECT count(*) FROM crate"), 0);
  for (std::size_t i = steps.size(); i-- > 0;) {
    ASSERT_TRUE(undo(store_));
    EXPECT_EQ(everything(), after[i]) << i;
  }
  EXPECT_FALSE(undo(store_));
  for (std::size_t i = 1; i < after.size(); ++i) {
    ASSERT_TRUE(redo(store_));
    EXPECT_EQ(everything(), after[i]) << i;
  }
  EXPECT_FALSE(redo(store_));
  undo(store_);
  edit([](Edit& e) { set_prepared(e, {2}); });
  EXPECT_FALSE(redo(store_)) << "a new change ends what can be done again";
  EXPECT_EQ(changes(db(), 100).size(), steps.size());
}

TEST_F(Editing, WhatMakesNoSenseIsRefusedAndChangesNothing) {
  edit([](Edit& e) { make_crate(e, "Sets/Friday", CrateKind::list); });
  const auto crate = [&](const char* path) { return find_crate(db(), path).value_or(0); };
  refused([&](Edit& e) { make_crate(e, "Sets/Friday", CrateKind::list); }, "already");
  refused([&](Edit& e) { make_crate(e, "Sets/Friday/Deeper", CrateKind::list); }, "no folder");
  refused([&](Edit& e) { make_crate(e, "", CrateKind::list); }, "name");
  refused([&](Edit& e) { move_crate(e, crate("Sets"), crate("Sets")); }, "into itself");
  refused([&](Edit& e) { move_crate(e, crate("Sets"), crate("Sets/Friday")); }, "folders");
  refused([&](Edit& e) { add_to_crate(e, crate("Sets"), {1}); }, "folder");
  refused([&](Edit& e) { put_mark(e, 1, {.start = -1}); }, "0 seconds");
  refused([&](Edit& e) { put_mark(e, 1, {.kind = MarkKind::loop, .start = 5, .stop = 5}); }, "ends after");
  refused([&](Edit& e) { set_grid(e, 1, {{0, 0, 1000}}); }, "tempo");
  refused([&](Edit& e) { set_field(e, 1, *find_field("plays"), std::int64_t{3}); }, "by hand");
  refused([&](Edit& e) { set_field(e, 99, *find_field("bpm"), 120.0); }, "no track");
  for (const auto& [field, text] :
       {std::pair{"bpm", "fast"}, {"bpm", "1000"}, {"rating", "2.5"}, {"key", "H"}, {"color", "red"}})
    EXPECT_THROW(value(field, text), StoreError) << field << text;
  Edit nothing(store_, "test", "nothing");
  EXPECT_FALSE(nothing.commit());
}

TEST_F(Editing, ATrackIsReadAsItWasWritten) {
  edit([](Edit& e) {
    set_field(e, 2, *find_field("key"), value("key", "Am"));
    set_field(e, 2, *find_field("color"), value("color", "#0a0B0c"));
    set_field(e, 2, *find_field("rating"), value("rating", "4"));
    put_mark(e, 2, {.number = 0, .start = 1.25, .color = 255});
    set_grid(e, 2, {{0.5, 0, 124}});
  });
  const Track t = *read_track(db(), 2);
  EXPECT_EQ(std::get<std::string>(t.field("title")), "Two");
  const auto text = [&](const char* name) { return field_text(*find_field(name), t.field(name)); };
  EXPECT_EQ(text("key"), "8A");
  EXPECT_EQ(text("color"), "#0A0B0C");
  EXPECT_EQ(text("rating"), "4");
  EXPECT_EQ(text("bpm"), "124");  // of the grid
  ASSERT_EQ(t.marks.size(), 1u);
  EXPECT_EQ(t.marks[0].start, 1.25);
  EXPECT_EQ(t.marks[0].color, 255);
  ASSERT_EQ(t.grid.size(), 1u);
  EXPECT_TRUE(t.grid_by_hand);
  EXPECT_FALSE(read_track(db(), 99));
  EXPECT_EQ(find_track(db(), "#2"), 2);
  EXPECT_FALSE(find_track(db(), "nowhere.mp3"));
}

TEST_F(Editing, PlaysCountOnce) {
  const std::vector<Play> night = {{1, "night", 1000, 200, 1}, {2, "night", 1200, 180, 2}, {1, "night", 1400, 90, 1}};
  EXPECT_EQ(record_plays(store_, night), 3u);
  EXPECT_EQ(record_plays(store_, night), 0u);
  EXPECT_EQ(db().integer("SELECT plays FROM track WHERE id = 1"), 2);
  EXPECT_EQ(db().integer("SELECT last_played FROM track WHERE id = 1"), 1400);
  ASSERT_EQ(sessions(db(), 10).size(), 1u);
  EXPECT_EQ(sessions(db(), 10)[0].plays, 3);
  EXPECT_EQ(plays_of(db(), "night")[1].track, 2);
}

}  // namespace
}  // namespace tactus::library
