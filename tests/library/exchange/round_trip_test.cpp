// What comes in and goes out again, by the database alone: the source is deleted and one cue is edited in between.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <pugixml.hpp>
#include <sstream>

#include "library/exchange/exporter.h"
#include "library/exchange/importer.h"
#include "library/foreign/binary.h"
#include "library/foreign/write.h"
#include "library/store/crates.h"
#include "library/store/music.h"
#include "library/store/tracks.h"
#include "support/temp_folder.h"

namespace tactus::library {
namespace {

namespace fs = std::filesystem;
using namespace test_binary;

std::string with(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

using Lines = std::vector<std::pair<std::string, std::string>>;

// The lines that aren't the same, with their ends.
Lines other_lines(const std::string& a, const std::string& b) {
  std::istringstream x(a), y(b);
  Lines out;
  for (std::string left, right; x || y; left.clear(), right.clear()) {
    std::getline(x, left);
    std::getline(y, right);
    if (left != right) out.emplace_back(left, right);
  }
  return out;
}

class RoundTrip : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"a.wav", "b.wav"})
      test::write_bytes(folder_ + "/" + name, test::wav(static_cast<unsigned char>(*name)));
    store_ = std::make_unique<Store>(folder_ + "/library");
  }
  void take_in(const std::string& path) {
    std::string error;
    const auto found = read_foreign(path, &error);
    ASSERT_TRUE(found) << error;
    const ImportReport r = import_library(*store_, *found, path, {});
    EXPECT_EQ(r.missing, 0u);
    EXPECT_TRUE(r.waiting.empty());
  }
  // Without what it came from. Returns what can't be said or is rounded.
  std::vector<std::string> give_out(ForeignFormat format, const std::string& to, const std::string& crate = {}) {
    ExportOptions options;
    if (!crate.empty()) options.crates = {crate};
    std::vector<std::string> notes;
    const ForeignLibrary library = export_library(store_->db(), read_name(format), options, notes);
    std::string error;
    const bool tags = format == ForeignFormat::serato;
    const auto cant = write_foreign(library, format, to, &error, tags);
    EXPECT_TRUE(cant) << error;
    if (cant) notes.insert(notes.end(), cant->begin(), cant->end());
    if (tags) {
      for (std::string& n : write_serato_music(library)) notes.push_back(std::move(n));
    }
    return notes;
  }
  Track track(const std::string& file) {
    const auto id = find_track(store_->db(), folder_ + "/" + file);
    EXPECT_TRUE(id) << file;
    return id ? read_track(store_->db(), *id).value_or(Track{}) : Track{};
  }
  void move_cue(const std::string& file, int number, double seconds, MarkKind kind = MarkKind::hot_cue) {
    const Track t = track(file);
    for (Mark m : t.marks) {
      if (m.kind != kind || m.number != number) continue;
      m.start = seconds;
      Edit edit(*store_, "a test", "a cue");
      put_mark(edit, t.id, m);
      EXPECT_TRUE(edit.commit());
      return;
    }
    ADD_FAILURE() << file << " has no cue " << number;
  }
  void retitle(const std::string& file, const std::string& title) {
    Edit edit(*store_, "a test", "a title");
    set_field(edit, track(file).id, *find_field("title"), title);
    EXPECT_TRUE(edit.commit());
  }

  const test::TempFolder temp_;
  const std::string folder_ = temp_.path().string();
  std::unique_ptr<Store> store_;
};

constexpr const char* kNml = R"(<?xml version="1.0" encoding="UTF-8" standalone="no" ?>
<NML VERSION="19"><HEAD COMPANY="www.native-instruments.com" PROGRAM="Traktor"></HEAD>
<COLLECTION ENTRIES="1"><ENTRY MODIFIED_DATE="2023/1/1" AUDIO_ID="AAA" TITLE="One" ARTIST="Ada">
<LOCATION DIR="@" FILE="a.wav" VOLUME="" VOLUMEID="x"></LOCATION>
<INFO BITRATE="320000" GENRE="House" RANKING="153" COVERARTID="1"></INFO>
<TEMPO BPM="128.000000" BPM_QUALITY="100"></TEMPO>
<FUTURE a="1">kept<!-- too --></FUTURE>
<CUE_V2 NAME="AutoGrid" DISPL_ORDER="0" TYPE="4" START="53.201" LEN="0" REPEATS="-1" HOTCUE="0"></CUE_V2>
<CUE_V2 NAME="Drop" DISPL_ORDER="0" TYPE="0" START="500.250000" LEN="0" REPEATS="-1" HOTCUE="1" NEW="x"></CUE_V2>
<CUE_V2 NAME="n.n." DISPL_ORDER="0" TYPE="5" START="600.000000" LEN="187.500000" REPEATS="-1" HOTCUE="2"></CUE_V2>
<CUE_V2 NAME="n.n." DISPL_ORDER="0" TYPE="3" START="53.2" LEN="0" REPEATS="-1" HOTCUE="-1"></CUE_V2>
</ENTRY>
</COLLECTION>
<SETS ENTRIES="0"></SETS>
<PLAYLISTS><NODE TYPE="FOLDER" NAME="$ROOT"><SUBNODES COUNT="2">
<NODE TYPE="PLAYLIST" NAME="May"><PLAYLIST ENTRIES="1" TYPE="LIST" UUID="u">
<ENTRY><PRIMARYKEY TYPE="TRACK" KEY="@a.wav"></PRIMARYKEY></ENTRY></PLAYLIST></NODE>
<NODE TYPE="SMARTLIST" NAME="Clever"></NODE></SUBNODES></NODE></PLAYLISTS>
</NML>
)";

TEST_F(RoundTrip, OfTraktorOneCueDiffers) {
  const std::string text = with(kNml, "@", with(folder_, "/", "/:") + "/:");
  write(folder_ + "/collection.nml", text);
  take_in(folder_ + "/collection.nml");
  fs::remove(folder_ + "/collection.nml");
  const std::string out = folder_ + "/out.nml";
  EXPECT_EQ(give_out(ForeignFormat::traktor, out), std::vector<std::string>());
  EXPECT_EQ(slurp(out), text);
  move_cue("a.wav", 1, 0.75);
  EXPECT_EQ(give_out(ForeignFormat::traktor, out), std::vector<std::string>());
  // As XML: of elements without content the end isn't written in the same way.
  pugi::xml_document before, after;
  ASSERT_TRUE(before.load_string(with(text, "500.250000", "750.000000").c_str(), pugi::parse_full));
  ASSERT_TRUE(after.load_string(slurp(out).c_str(), pugi::parse_full));
  std::ostringstream x, y;
  before.print(x);
  after.print(y);
  EXPECT_EQ(x.str(), y.str());
}

TEST_F(RoundTrip, OfVirtualDjOneCueDiffers) {
  const std::string text = with(R"(<?xml version="1.0" encoding="UTF-8"?>
<VirtualDJ_Database Version="2023">
<Song FilePath="@/a.wav" FileSize="25724840" New="x">
<Tags Author="A" Title="T" Bpm="0.5" Flag="1"/>
<Infos SongLength="72.9" PlayCount="5" Bitrate="320"/>
<Comment>hm</Comment>
<Scan Version="801" Bpm="0.507959" Key="A#"/>
<Future><![CDATA[<kept>]]></Future>
<Poi Pos="0.1" Type="beatgrid"/>
<Poi Name="Cue 1" Pos="0.5" Num="1" Color="4294901760" Odd="1"/>
<Poi Pos="0.6" Type="loop" Size="0.5" Num="2" Slot="2"/>
<Poi Pos="3.72" Type="automix" Point="realStart"/>
</Song>
</VirtualDJ_Database>
)",
                                "@", folder_);
  write(folder_ + "/database.xml", text);
  take_in(folder_ + "/database.xml");
  fs::remove(folder_ + "/database.xml");
  const std::string out = folder_ + "/out.xml";
  EXPECT_EQ(give_out(ForeignFormat::virtualdj, out), std::vector<std::string>());
  EXPECT_EQ(slurp(out), text);
  move_cue("a.wav", 0, 0.75);
  EXPECT_EQ(give_out(ForeignFormat::virtualdj, out), std::vector<std::string>());
  EXPECT_EQ(other_lines(text, slurp(out)),
            (Lines{{R"(<Poi Name="Cue 1" Pos="0.5" Num="1" Color="4294901760" Odd="1"/>)",
                    R"(<Poi Name="Cue 1" Pos="0.75" Num="1" Color="4294901760" Odd="1"/>)"}}));
}

// Lists have no cues: what is set in Tactus is said to be left out, and nothing of the list is touched by it.
TEST_F(RoundTrip, ListsKeepTheirOrderAndLinesOfTheirOwn) {
  struct List {
    ForeignFormat format;
    std::string name, text, line;  // the line of b.wav's title
  };
  const List lists[] = {
      {ForeignFormat::m3u8, "m.m3u8",
       "#EXTM3U\r\n# mine\r\n#EXTINF:1,Bo - Two\r\n#EXTX:x\r\nb.wav\r\n#EXTINF:1,One\r\na.wav\r\n# "
       "again\r\n./b.wav\r\n# end",
       "#EXTINF:1,Bo - Two\r"},
      {ForeignFormat::pls, "p.pls",
       "[playlist]\r\nX=1\r\nFile1=b.wav\r\nTitle1=Bo - Two\r\nOdd1=x\r\nFile2=a.wav\r\nFile3=b.wav\r\nVersion=2\r\n",
       "Title1=Bo - Two\r"},
      {ForeignFormat::csv, "c.csv",
       "Nr;Location;Title;Artist;Mood\r\n;;;;later\r\n1;b.wav;Two;Bo;\"so; so\"\r\n2;a.wav;;;\r\n3;b.wav\r\n;;;;end",
       "1;b.wav;Two;Bo;\"so; so\"\r"}};
  for (const List& l : lists) {
    SCOPED_TRACE(l.name);
    const std::string source = folder_ + "/" + l.name, out = folder_ + "/out";
    write(source, l.text);
    take_in(source);
    fs::remove(source);
    const std::string crate = l.name.substr(0, 1);
    EXPECT_EQ(give_out(l.format, out, crate), std::vector<std::string>());
    EXPECT_EQ(slurp(out), l.text);
    {
      Edit edit(*store_, "a test", "a cue");
      put_mark(edit, track("a.wav").id, {.kind = MarkKind::hot_cue, .number = 2, .start = 0.5});
      edit.commit();
    }
    EXPECT_EQ(give_out(l.format, out, crate), std::vector<std::string>{"1 cues are left out"});
    EXPECT_EQ(slurp(out), l.text);
    retitle("b.wav", "Zwei");
    give_out(l.format, out, crate);
    EXPECT_EQ(other_lines(l.text, slurp(out)), (Lines{{l.line, with(l.line, "Two", "Zwei")}}));
    store_ = nullptr;
    fs::remove_all(folder_ + "/library");
    store_ = std::make_unique<Store>(folder_ + "/library");
  }
}

TEST_F(RoundTrip, OfACueSheetOneCueDiffersAndItsRoundingIsSaid) {
  const std::string text =
      "REM COMMENT x\r\nTITLE \"Live\"\r\nFILE \"a.wav\" WAVE\r\n  TRACK 01 AUDIO\r\n    TITLE \"One\"\r\n    ISRC "
      "X\r\n"
      "    INDEX 01 00:00:00\r\n  TRACK 02 AUDIO\r\n    TITLE \"Two\"\r\n    INDEX 00 00:00:10\r\n    INDEX 01 "
      "00:00:15\r\n";
  write(folder_ + "/s.cue", text);
  take_in(folder_ + "/s.cue");
  fs::remove(folder_ + "/s.cue");
  const std::string out = folder_ + "/out.cue";
  EXPECT_EQ(give_out(ForeignFormat::cue, out, "Live"), std::vector<std::string>());
  EXPECT_EQ(slurp(out), text);
  move_cue("a.wav", 1, 0.5, MarkKind::memory_cue);
  EXPECT_EQ(give_out(ForeignFormat::cue, out, "Live"),
            std::vector<std::string>{"cues are rounded to frames of a CD, 1/75 s"});
  EXPECT_EQ(other_lines(text, slurp(out)), (Lines{{"    INDEX 01 00:00:15\r", "    INDEX 01 00:00:38\r"}}));
}

// What a person set on a track whose positions wait can't go out to the program that it came from: that is said.
TEST_F(RoundTrip, CuesThatCannotBePlacedAreSaid) {
  const std::string text = "<VirtualDJ_Database Version=\"2023\"><Song FilePath=\"" + folder_ +
                           "/m.mp3\"><Poi Name=\"x\" Pos=\"0.5\" Num=\"1\"/></Song></VirtualDJ_Database>";
  // A frame of MP3, 128 kbit/s at 44,100 Hz, again and again.
  std::string mp3;
  for (int i = 0; i < 40; ++i) mp3 += "\xFF\xFB\x90\x64" + std::string(413, '\0');
  write(folder_ + "/m.mp3", mp3);
  write(folder_ + "/database.xml", text);
  std::string error;
  const auto found = read_foreign(folder_ + "/database.xml", &error);
  ASSERT_TRUE(found) << error;
  EXPECT_EQ(import_library(*store_, *found, folder_ + "/database.xml", {}).waiting.size(), 1u);
  EXPECT_EQ(give_out(ForeignFormat::virtualdj, folder_ + "/out.xml"), std::vector<std::string>());
  {
    Edit edit(*store_, "a test", "a cue");
    put_mark(edit, track("m.mp3").id, {.kind = MarkKind::hot_cue, .number = 2, .start = 0.25});
    edit.commit();
  }
  const auto notes = give_out(ForeignFormat::virtualdj, folder_ + "/out.xml");
  ASSERT_EQ(notes.size(), 1u);
  EXPECT_NE(notes[0].find("1 tracks stay as VirtualDJ database has them"), std::string::npos);
  EXPECT_EQ(slurp(folder_ + "/out.xml"), text);
}

// From program to program, each with a library of its own in between.
class Passed : public RoundTrip {
 protected:
  // What `source` says, as another format. Returns what gets lost.
  std::vector<std::string> pass(const std::string& source, ForeignFormat format, const std::string& to) {
    store_ = nullptr;
    fs::remove_all(folder_ + "/library");
    store_ = std::make_unique<Store>(folder_ + "/library");
    take_in(source);
    return give_out(format, to);
  }
  ForeignLibrary read(const std::string& path) {
    std::string error;
    auto found = read_foreign(path, &error);
    EXPECT_TRUE(found) << error;
    return found.value_or(ForeignLibrary{});
  }
};

TEST_F(Passed, WhatAllCanSayComesBackAndTheRestIsListed) {
  ForeignLibrary first;
  first.format = "test";
  ForeignTrack a;
  a.path = folder_ + "/a.wav";
  a.title = "One & only";
  a.artist = "Ada";
  a.album = "LP";
  a.genre = "House";
  a.comment = "late";
  a.key = "F#m";
  a.bpm = 126.5;
  a.rating = 4;
  a.cues = {{0.25, 0, "Drop", "#28E214"}, {0.5, 3, "", ""}, {0.75, -1, "memory", ""}};
  a.loops = {{0.5, 0.625, 1, "Roll", ""}};
  a.grid = {{0.125, 126.5, 1, 4}};
  ForeignTrack b;
  b.path = folder_ + "/b.wav";
  b.title = "Two";
  first.tracks = {a, b};
  first.playlists = {{{"Gigs", "May"}, {1, 0, 1}}};
  std::string error;
  const std::string rekordbox = folder_ + "/rekordbox.xml", nml = folder_ + "/collection.nml",
                    virtualdj = folder_ + "/database.xml", back = folder_ + "/back.xml";
  ASSERT_TRUE(write_foreign(first, ForeignFormat::rekordbox, rekordbox, &error)) << error;

  using Notes = std::vector<std::string>;
  const std::string pads = "the pads that 1 loops were on aren't kept from one program to another";
  EXPECT_EQ(pass(rekordbox, ForeignFormat::serato, folder_),
            (Notes{pads, "1 tracks' ratings are left out",
                   a.path + ": 2 marks without a number of Serato's are given one that was free"}));
  EXPECT_EQ(pass(folder_ + "/_Serato_", ForeignFormat::traktor, nml),
            (Notes{pads, "3 colours of cues and loops are left out"}));
  const ForeignLibrary lists = read(nml);
  ASSERT_EQ(lists.playlists.size(), 1u);
  EXPECT_EQ(lists.playlists[0].path, (std::vector<std::string>{"Serato", "rekordbox", "Gigs", "May"}));
  EXPECT_EQ(lists.playlists[0].tracks.size(), 3u);
  EXPECT_EQ(lists.playlists[0].tracks[0], lists.playlists[0].tracks[2]);
  EXPECT_EQ(pass(nml, ForeignFormat::virtualdj, virtualdj),
            (Notes{pads, "1 playlists are left out: VirtualDJ keeps them in files of their own (m3u8)"}));
  EXPECT_EQ(pass(virtualdj, ForeignFormat::rekordbox, back), (Notes{pads}));
  const ForeignLibrary last = read(back);
  ASSERT_EQ(last.tracks.size(), 2u);
  ForeignTrack t = last.tracks[0];
  std::sort(t.cues.begin(), t.cues.end(), [](const auto& x, const auto& y) { return x.seconds < y.seconds; });
  for (const auto& [now, was] : {std::pair{&t.title, &a.title},
                                 {&t.artist, &a.artist},
                                 {&t.album, &a.album},
                                 {&t.genre, &a.genre},
                                 {&t.comment, &a.comment},
                                 {&t.key, &a.key}})
    EXPECT_EQ(*now, *was);
  EXPECT_NEAR(t.bpm, a.bpm, 0.01);
  ASSERT_EQ(t.cues.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_NEAR(t.cues[i].seconds, a.cues[i].seconds, 0.001);
    EXPECT_EQ(t.cues[i].name, a.cues[i].name);
    if (a.cues[i].number >= 0) {
      EXPECT_EQ(t.cues[i].number, a.cues[i].number);
    }
  }
  ASSERT_EQ(t.loops.size(), 1u);
  EXPECT_NEAR(t.loops[0].start, 0.5, 0.001);
  EXPECT_NEAR(t.loops[0].end, 0.625, 0.001);
  EXPECT_EQ(t.loops[0].name, "Roll");
  ASSERT_EQ(t.grid.size(), 1u);
  EXPECT_NEAR(t.grid[0].seconds, 0.125, 0.001);
  EXPECT_NEAR(t.grid[0].bpm, 126.5, 0.01);
}

}  // namespace
}  // namespace tactus::library
