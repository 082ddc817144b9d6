#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "library/exchange/exporter.h"
#include "library/exchange/foreign_json.h"
#include "library/exchange/importer.h"
#include "library/foreign/write.h"
#include "library/store/crates.h"
#include "library/store/music.h"
#include "library/store/scan.h"
#include "library/store/tracks.h"
#include "support/temp_folder.h"

namespace tactus::library {
namespace {

namespace fs = std::filesystem;

std::string whole_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream out;
  out << in.rdbuf();
  return out.str();
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

// Two tracks with what only this program knows (Mystery), a folder with a playlist.
constexpr const char* kRekordbox = R"(<?xml version="1.0" encoding="UTF-8"?>
<DJ_PLAYLISTS Version="1.0.0">
  <PRODUCT Name="rekordbox" Version="6.7.4" Company="AlphaTheta"/>
  <COLLECTION Entries="2">
    <TRACK TrackID="7" Name="First Light" Artist="Ada" Tonality="Am" AverageBpm="124.00" Rating="204" PlayCount="5" Comments="sunrise" Mystery="42" Location="file://localhost@/a.wav">
      <TEMPO Inizio="0.123" Bpm="124.00" Metro="4/4" Battito="3"/>
      <TEMPO Inizio="0.607" Bpm="126.50" Metro="4/4" Battito="4"/>
      <POSITION_MARK Name="start" Type="0" Start="0.123" Num="0" Red="40" Green="226" Blue="20" Secret="x"/>
      <POSITION_MARK Name="" Type="0" Start="0.250" Num="-1"/>
      <POSITION_MARK Name="round" Type="4" Start="0.300" End="0.700" Num="1"/>
      <UNKNOWN a="b">kept</UNKNOWN>
    </TRACK>
    <TRACK TrackID="9" Name="Second Wind" Artist="Bo" Location="file://localhost@/b.wav"/>
  </COLLECTION>
  <PLAYLISTS>
    <NODE Type="0" Name="ROOT" Count="1">
      <NODE Name="Sets" Type="0" Count="1">
        <NODE Name="Friday" Type="1" KeyType="0" Entries="3">
          <TRACK Key="9"/>
          <TRACK Key="7"/>
          <TRACK Key="9"/>
        </NODE>
      </NODE>
    </NODE>
  </PLAYLISTS>
</DJ_PLAYLISTS>
)";

class Exchange : public testing::Test {
 protected:
  void SetUp() override {
    test::write_bytes(folder_ + "/a.wav", test::wav(1));
    test::write_bytes(folder_ + "/b.wav", test::wav(2));
    source_ = folder_ + "/rekordbox.xml";
    text_ = replaced(kRekordbox, "@", folder_);
    test::write_bytes(source_, text_);
    store_ = std::make_unique<Store>(folder_ + "/library");
  }
  ForeignLibrary read(const std::string& path) {
    std::string error;
    auto found = read_foreign(path, &error);
    EXPECT_TRUE(found) << error;
    return found.value_or(ForeignLibrary{});
  }
  ImportReport import(const ImportOptions& options = {}) {
    return import_library(*store_, read(source_), source_, options);
  }
  void scan_folder() {
    ScanOptions options;
    options.folders = {folder_};
    scan(*store_, options);
  }
  void say(const std::string& from, const std::string& to) {
    text_ = replaced(text_, from, to);
    test::write_bytes(source_, text_);
  }
  Track track(const char* file) {
    const auto id = find_track(store_->db(), folder_ + "/" + file);
    EXPECT_TRUE(id) << file;
    auto found = id ? read_track(store_->db(), *id) : std::nullopt;
    return found.value_or(Track{});
  }
  std::string exported(ForeignFormat format, const ExportOptions& options = {}) {
    std::vector<std::string> notes;
    const ForeignLibrary library = export_library(store_->db(), read_name(format), options, notes);
    std::string error;
    EXPECT_TRUE(write_foreign(library, format, folder_ + "/out", &error)) << error;
    return whole_file(folder_ + "/out");
  }
  void move_hot_cue(double seconds) {
    Mark mark = track("a.wav").marks.at(0);
    mark.start = seconds;
    Edit edit(*store_, "a test", "a hot cue");
    put_mark(edit, track("a.wav").id, mark);
    EXPECT_TRUE(edit.commit());
  }

  const test::TempFolder temp_;
  const std::string folder_ = temp_.path().string();
  std::string source_, text_;
  std::unique_ptr<Store> store_;
};

TEST_F(Exchange, TracksCuesLoopsGridsAndPlaylistsComeIn) {
  const std::string music = whole_file(folder_ + "/a.wav");
  const ImportReport r = import();
  EXPECT_EQ(r.tracks, 2U);
  EXPECT_EQ(r.added, 2U);
  EXPECT_EQ(r.missing, 0U);
  EXPECT_EQ(r.crates, 1U);
  const Track a = track("a.wav");
  EXPECT_EQ(a.field("title"), FieldValue("First Light"));
  EXPECT_EQ(a.field("rating"), FieldValue(std::int64_t{4}));
  EXPECT_EQ(a.field("plays"), FieldValue(std::int64_t{5}));
  EXPECT_EQ(a.field("key"), FieldValue(std::int64_t{21}));
  EXPECT_EQ(a.field("codec"), FieldValue("wav"));
  ASSERT_EQ(a.marks.size(), 3U);
  EXPECT_EQ(a.marks[0].kind, MarkKind::hot_cue);
  EXPECT_EQ(a.marks[0].number, 0);
  EXPECT_EQ(a.marks[0].start, 0.123);
  EXPECT_EQ(a.marks[0].name, "start");
  EXPECT_EQ(a.marks[0].color, 0x28E214);
  EXPECT_EQ(a.marks[1].kind, MarkKind::memory_cue);
  EXPECT_EQ(a.marks[1].start, 0.25);
  EXPECT_EQ(a.marks[2].kind, MarkKind::loop);
  EXPECT_EQ(a.marks[2].stop, 0.7);
  EXPECT_TRUE(a.grid_by_hand);
  ASSERT_EQ(a.grid.size(), 2U);
  EXPECT_EQ(a.grid[0].beat, 2);  // the third beat of a bar
  EXPECT_EQ(a.grid[1].beat, 3);
  EXPECT_EQ(a.grid[1].bpm, 126.5);
  const auto crate = find_crate(store_->db(), "rekordbox/Sets/Friday");
  ASSERT_TRUE(crate);
  const TrackId b = track("b.wav").id;
  EXPECT_EQ(crate_tracks(store_->db(), *crate, 0, 10), (std::vector<TrackId>{b, a.id, b}));
  EXPECT_EQ(whole_file(folder_ + "/a.wav"), music);
}

// Analysis and tags give way to what came with a person's library.
TEST_F(Exchange, WhatCameInCountsAsAHumansEdit) {
  scan_folder();
  EXPECT_EQ(import().added, 0U);
  Facts facts;
  facts.content = "c";
  facts.bpm = 62;
  facts.key = 3;
  facts.grid = {{0.5, 0, 62}};
  put_analysis(*store_, track("a.wav").id, facts);
  const Track a = track("a.wav");
  EXPECT_EQ(a.field("bpm"), FieldValue(124.0));
  EXPECT_EQ(a.field("key"), FieldValue(std::int64_t{21}));
  EXPECT_EQ(a.grid.size(), 2U);
}

TEST_F(Exchange, WithoutAnEditARoundTripGivesTheSourceByteForByte) {
  import();
  fs::remove(source_);
  EXPECT_EQ(exported(ForeignFormat::rekordbox), text_);
}

TEST_F(Exchange, AfterARoundTripOnlyTheEditedCueDiffers) {
  import();
  fs::remove(source_);
  move_hot_cue(0.456);
  EXPECT_EQ(exported(ForeignFormat::rekordbox),
            replaced(text_, "Type=\"0\" Start=\"0.123\"", "Type=\"0\" Start=\"0.456\""));
}

// Its paths are of the machine that it came from.
TEST_F(Exchange, PathsThatWereMappedGoBackAsTheyWere) {
  say(folder_ + "/a.wav", "/C:/Music/a.wav");
  say(folder_ + "/b.wav", "/C:/Music/b.wav");
  std::string error;
  ImportOptions options;
  options.map = {{"C:/Music", folder_}};
  const auto found = read_foreign(source_, &error, options.map);
  ASSERT_TRUE(found) << error;
  EXPECT_EQ(import_library(*store_, *found, source_, options).missing, 0U);
  EXPECT_EQ(track("a.wav").marks.size(), 3U);
  EXPECT_EQ(exported(ForeignFormat::rekordbox), text_);
}

TEST_F(Exchange, EditsOfFieldsAndCratesGoOutToo) {
  import();
  {
    Edit edit(*store_, "a test", "a comment");
    set_field(edit, track("a.wav").id, *find_field("comment"), "sunset");
    add_to_crate(edit, *find_crate(store_->db(), "rekordbox/Sets/Friday"), {track("a.wav").id});
    edit.commit();
  }
  const std::string out = exported(ForeignFormat::rekordbox);
  EXPECT_NE(out.find("Comments=\"sunset\""), std::string::npos);
  EXPECT_NE(out.find("Mystery=\"42\""), std::string::npos);
  const ForeignLibrary again = read(folder_ + "/out");
  ASSERT_EQ(again.playlists.size(), 1U);
  EXPECT_EQ(again.playlists[0].tracks, (std::vector<std::size_t>{1, 0, 1, 0}));
}

TEST_F(Exchange, ASecondImportBringsWhatChangedAndLeavesWhatWasSetInTactus) {
  import();
  const ImportReport nothing = import();
  EXPECT_EQ(nothing.fields + nothing.marks + nothing.grids + nothing.crates + nothing.kept + nothing.added, 0U);
  move_hot_cue(0.456);
  say("Type=\"0\" Start=\"0.123\"", "Type=\"0\" Start=\"0.200\"");  // the same cue
  say("Start=\"0.250\"", "Start=\"0.260\"");
  say("sunrise", "dawn");
  const ImportReport r = import();
  EXPECT_EQ(r.kept, 1U);
  const Track a = track("a.wav");
  EXPECT_EQ(a.marks[0].start, 0.456);
  EXPECT_EQ(a.marks[1].start, 0.26);
  EXPECT_EQ(a.field("comment"), FieldValue("dawn"));
  ImportOptions options;
  options.overwrite = true;
  import(options);
  EXPECT_EQ(track("a.wav").marks[0].start, 0.2);
}

TEST_F(Exchange, ADeletedCueStaysDeletedHereAndInTheSource) {
  import();
  {
    Edit edit(*store_, "a test", "no memory cue");
    remove_mark(edit, track("a.wav").id, MarkKind::memory_cue, 0);
    edit.commit();
  }
  import();
  EXPECT_EQ(track("a.wav").marks.size(), 2U);
  EXPECT_EQ(exported(ForeignFormat::rekordbox).find("Start=\"0.250\""), std::string::npos);
}

TEST_F(Exchange, AnImportIsTakenBackAsOneAndMayComeAgain) {
  import();
  ASSERT_TRUE(undo(*store_));
  EXPECT_EQ(store_->db().integer("SELECT count(*) FROM mark"), 0);
  EXPECT_FALSE(find_crate(store_->db(), "rekordbox/Sets/Friday"));
  import();
  EXPECT_EQ(track("a.wav").marks.size(), 3U);
  EXPECT_TRUE(find_crate(store_->db(), "rekordbox/Sets/Friday"));
}

// Nothing is lost of it: it is there when the file is.
TEST_F(Exchange, ATrackWhoseFileIsMissingIsKeptAndItsPositionsWait) {
  fs::rename(folder_ + "/a.wav", folder_ + "/elsewhere.wav");
  const ImportReport r = import();
  EXPECT_EQ(r.missing, 1U);
  ASSERT_EQ(r.waiting.size(), 1U);
  EXPECT_NE(r.waiting[0].find("the file isn't there"), std::string::npos);
  EXPECT_EQ(track("a.wav").field("title"), FieldValue("First Light"));
  EXPECT_TRUE(track("a.wav").marks.empty());
  EXPECT_EQ(exported(ForeignFormat::rekordbox), text_);
  fs::rename(folder_ + "/elsewhere.wav", folder_ + "/a.wav");
  EXPECT_EQ(import().added, 0U);
  EXPECT_EQ(track("a.wav").marks.size(), 3U);
  EXPECT_EQ(track("a.wav").files.size(), 1U);
  EXPECT_FALSE(track("a.wav").files[0].missing_since);
}

// What a track has that was read once is its own: it isn't that of other music where its file was.
TEST_F(Exchange, AnotherTracksMusicWhereAFileWasTakesNothingFromItsTrack) {
  fs::copy(folder_ + "/a.wav", folder_ + "/copy.wav");
  scan_folder();
  import();
  const Track was = track("copy.wav");
  ASSERT_EQ(was.marks.size(), 3U);
  fs::remove(folder_ + "/a.wav");
  scan_folder();
  for (const int music : {2, 3}) {  // b.wav's, and what no track has
    test::write_bytes(folder_ + "/a.wav", test::wav(music));
    import();
    EXPECT_EQ(track("copy.wav").id, was.id) << music;
    EXPECT_EQ(track("copy.wav").marks.size(), 3U) << music;
    EXPECT_NE(track("a.wav").id, was.id) << music;
    EXPECT_EQ(track("a.wav").id == track("b.wav").id, music == 2);
    EXPECT_EQ(track("a.wav").marks.size(), 3U) << music;
    fs::remove(folder_ + "/a.wav");
    scan_folder();
  }
}

// Its file, found in two places, is one track: with what a person said of it while it wasn't there.
TEST_F(Exchange, WhatAPersonSaidOfAMissingTrackIsKeptWhenItIsFoundToBeAnother) {
  fs::rename(folder_ + "/a.wav", folder_ + "/elsewhere.wav");
  scan_folder();
  import();
  {
    Edit edit(*store_, "a test", "a comment and a cue");
    set_field(edit, track("a.wav").id, *find_field("comment"), FieldValue("last one"));
    put_mark(edit, track("a.wav").id, {.kind = MarkKind::hot_cue, .number = 6, .start = 0.5});
    edit.commit();
  }
  import_library(*store_, read(source_), "another source", {});
  fs::copy(folder_ + "/elsewhere.wav", folder_ + "/a.wav");
  say("First Light", "First Sun");
  import();
  EXPECT_EQ(track("a.wav").id, track("elsewhere.wav").id);
  EXPECT_EQ(track("a.wav").field("comment"), FieldValue("last one"));
  EXPECT_EQ(track("a.wav").field("title"), FieldValue("First Sun"));
  EXPECT_EQ(track("a.wav").marks.size(), 4U);
  EXPECT_EQ(store_->db().integer("SELECT count(*) FROM source_item WHERE what = 'track'"), 4);
}

// A drive that wasn't there at the import is plugged in, and scanned: the crates play.
TEST_F(Exchange, AScanThatFindsTheFilesOfAnImportGivesThemToItsTracks) {
  fs::create_directory(folder_ + "/drive");
  for (const char* file : {"/a.wav", "/b.wav"}) fs::rename(folder_ + file, folder_ + "/drive" + file);
  import();
  for (const char* file : {"/a.wav", "/b.wav"}) fs::copy(folder_ + "/drive/a.wav", folder_ + file);
  fs::remove_all(folder_ + "/drive");
  scan_folder();
  EXPECT_EQ(store_->db().integer("SELECT count(*) FROM track"), 1);  // the same music twice
  EXPECT_EQ(track("a.wav").files.size(), 2U);
  EXPECT_EQ(track("a.wav").field("rating"), FieldValue(std::int64_t{4}));
  const auto crate = find_crate(store_->db(), "rekordbox/Sets/Friday");
  ASSERT_TRUE(crate);
  EXPECT_EQ(crate_tracks(store_->db(), *crate, 0, 10), (std::vector<TrackId>(3, track("a.wav").id)));
}

TEST_F(Exchange, AnImportThatIsStoppedChangesNothing) {
  ImportOptions options;
  options.progress = [](double share) { return share < 0.5; };
  EXPECT_TRUE(import(options).stopped);
  EXPECT_EQ(store_->db().integer("SELECT count(*) FROM track"), 0);
  EXPECT_EQ(store_->db().integer("SELECT count(*) FROM source"), 0);
}

TEST_F(Exchange, OneCrateGoesOutAsAPlaylistAndComesBack) {
  import();
  ExportOptions options;
  options.crates = {"rekordbox/Sets/Friday"};
  exported(ForeignFormat::m3u8, options);
  const ForeignLibrary again = read(folder_ + "/out");
  ASSERT_EQ(again.playlists.size(), 1U);
  std::vector<std::string> paths;
  for (const std::size_t i : again.playlists[0].tracks) paths.push_back(again.tracks[i].path);
  EXPECT_EQ(paths, (std::vector<std::string>{folder_ + "/b.wav", folder_ + "/a.wav", folder_ + "/b.wav"}));
  options.crates = {"no such crate"};
  std::vector<std::string> notes;
  EXPECT_THROW(export_library(store_->db(), "M3U playlist", options, notes), StoreError);
}

// What both formats can say goes from one program to another by way of the library.
TEST_F(Exchange, AnotherProgramGetsWhatItsFormatCanSay) {
  import();
  fs::remove(source_);
  for (const ForeignFormat format : {ForeignFormat::traktor, ForeignFormat::virtualdj}) {
    exported(format);
    const ForeignLibrary again = read(folder_ + "/out");
    ASSERT_EQ(again.tracks.size(), 2U) << read_name(format);
    const ForeignTrack& a = again.tracks[0];
    EXPECT_EQ(a.title, "First Light");
    EXPECT_EQ(a.rating, 4) << read_name(format);
    ASSERT_FALSE(a.cues.empty());
    EXPECT_EQ(a.cues[0].number, 0);
    EXPECT_NEAR(a.cues[0].seconds, 0.123, 1e-6);
    ASSERT_FALSE(a.grid.empty());
    EXPECT_NEAR(a.grid[0].seconds, 0.123, 1e-6);
    if (format == ForeignFormat::virtualdj) continue;  // it keeps its lists elsewhere
    ASSERT_EQ(again.playlists.size(), 1U);
    EXPECT_EQ(again.playlists[0].tracks.size(), 3U);
  }
}

// A track that was only a name is found to be one that a scan has under another name.
TEST_F(Exchange, AFileThatComesBackAsAKnownTrackIsThatTrack) {
  fs::rename(folder_ + "/a.wav", folder_ + "/elsewhere.wav");
  import();
  scan_folder();
  const TrackId known = track("elsewhere.wav").id;
  EXPECT_NE(track("a.wav").id, known);
  import_library(*store_, read(source_), "another source", {});
  fs::copy(folder_ + "/elsewhere.wav", folder_ + "/a.wav");
  say("First Light", "First Sun");
  import();
  EXPECT_EQ(track("a.wav").id, known);
  EXPECT_EQ(crate_tracks(store_->db(), *find_crate(store_->db(), "rekordbox/Sets/Friday"), 1, 1),
            std::vector<TrackId>{known});
  EXPECT_EQ(store_->db().integer("SELECT count(*) FROM track"), 2);
}

TEST(ForeignJson, NamesOfFilesKeepAllTheirBytes) {
  for (const std::string name : {"/m/plain \xC3\xA9.mp3", "/m/\xFF\xC3(\x80.mp3", ""}) {
    ForeignTrack t;
    t.path = t.id = name;
    t.title = "One";
    t.plays = 3;
    std::optional<double> offset;
    const auto again = parse_foreign_track(foreign_json(t, 0.5), offset);
    ASSERT_TRUE(again);
    EXPECT_TRUE(*again == t);
    EXPECT_EQ(offset, 0.5);
  }
}

}  // namespace
}  // namespace tactus::library
