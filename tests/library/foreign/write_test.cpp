// What is written is read back; what was read is changed only where it was edited.
#include "library/foreign/write.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "library/foreign/binary.h"
#include "library/foreign/serato.h"
#include "support/temp_folder.h"

namespace tactus::library {
namespace {

using namespace test_binary;

ForeignLibrary read_text(const std::string& text, const std::string& name) {
  std::string error;
  auto found = read_foreign(text, "/lists", name, &error);
  EXPECT_TRUE(found) << error << "\n" << text;
  return found.value_or(ForeignLibrary{});
}

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

// The lines that aren't the same, as "before" and "after".
std::vector<std::pair<std::string, std::string>> differences(const std::string& a, const std::string& b) {
  const auto x = lines(a), y = lines(b);
  std::vector<std::pair<std::string, std::string>> out;
  for (std::size_t i = 0; i < std::max(x.size(), y.size()); ++i) {
    const std::string left = i < x.size() ? x[i] : "", right = i < y.size() ? y[i] : "";
    if (left != right) out.emplace_back(left, right);
  }
  return out;
}

constexpr const char* kRekordboxSource = R"(<?xml version="1.0" encoding="UTF-8"?>
<!-- by hand -->
<DJ_PLAYLISTS Version="1.0.0">
<PRODUCT Name="rekordbox" Version="6.7.7" Company="AlphaTheta"/>
<COLLECTION Entries="2">
<TRACK TrackID="11" Name="Grün &amp; Blau" Artist="Ada" Kind="MP3 File" Size="123" TotalTime="245" AverageBpm="126.50" Rating="204" Future="yes" Location="file://localhost/C:/Music/a%20b.mp3" Tonality="Am">
<TEMPO Inizio="0.025" Bpm="126.50" Metro="4/4" Battito="1"/>
<TEMPO Inizio="60.025" Bpm="127.00" Metro="4/4" Battito="3"/>
<POSITION_MARK Name="Drop" Type="0" Start="30.500" Num="0" Red="40" Green="226" Blue="20" New="x"/>
<POSITION_MARK Name="" Type="0" Start="10.000" Num="-1"/>
<POSITION_MARK Name="Roll" Type="4" Start="40.000" End="44.000" Num="1"/>
<POSITION_MARK Name="" Type="3" Start="0.020" Num="-1"/>
<UNKNOWN a="1"><![CDATA[<kept>]]></UNKNOWN>
</TRACK>
<TRACK TrackID="12" Name="Two" Location="file://localhost/C:/Music/two.wav"/>
</COLLECTION>
<PLAYLISTS>
<NODE Type="0" Name="ROOT" Count="1">
<NODE Name="Gigs" Type="0" Count="1">
<NODE Name="May" Type="1" KeyType="0" Entries="2" Odd="1">
<TRACK Key="12"/>
<TRACK Key="11"/>
</NODE>
</NODE>
</NODE>
</PLAYLISTS>
</DJ_PLAYLISTS>
)";

constexpr const char* kTraktorSource = R"(<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<NML VERSION="19">
<HEAD COMPANY="www.native-instruments.com" PROGRAM="Traktor"/>
<COLLECTION ENTRIES="1">
<ENTRY MODIFIED_DATE="2023/1/1" AUDIO_ID="AAA" TITLE="One" ARTIST="Ada">
<LOCATION DIR="/:Users/:me/:" FILE="a.mp3" VOLUME="Macintosh HD" VOLUMEID="x"/>
<INFO BITRATE="320000" GENRE="House" PLAYTIME="200" RANKING="153" COVERARTID="1"/>
<TEMPO BPM="128.000000" BPM_QUALITY="100"/>
<LOUDNESS PEAK_DB="-1"/>
<MUSICAL_KEY VALUE="21"/>
<CUE_V2 NAME="AutoGrid" DISPL_ORDER="0" TYPE="4" START="53.201" LEN="0" REPEATS="-1" HOTCUE="0">
<GRID BPM="128"/>
</CUE_V2>
<CUE_V2 NAME="Drop" DISPL_ORDER="0" TYPE="0" START="15000.250000" LEN="0" REPEATS="-1" HOTCUE="1" NEW="x"/>
<CUE_V2 NAME="n.n." DISPL_ORDER="0" TYPE="5" START="20000.000000" LEN="1875.000000" REPEATS="-1" HOTCUE="2"/>
<CUE_V2 NAME="n.n." DISPL_ORDER="0" TYPE="3" START="53.2" LEN="0" REPEATS="-1" HOTCUE="-1"/>
</ENTRY>
</COLLECTION>
<SETS ENTRIES="0"/>
<PLAYLISTS>
<NODE TYPE="FOLDER" NAME="$ROOT">
<SUBNODES COUNT="2">
<NODE TYPE="PLAYLIST" NAME="May">
<PLAYLIST ENTRIES="1" TYPE="LIST" UUID="u">
<ENTRY>
<PRIMARYKEY TYPE="TRACK" KEY="Macintosh HD/:Users/:me/:a.mp3"/>
</ENTRY>
</PLAYLIST>
</NODE>
<NODE TYPE="SMARTLIST" NAME="Clever"/>
</SUBNODES>
</NODE>
</PLAYLISTS>
</NML>
)";

constexpr const char* kVirtualDjSource = R"(<?xml version="1.0" encoding="UTF-8"?>
<VirtualDJ_Database Version="2023">
<Song FilePath="C:\Music\a.wav" FileSize="25724840" New="x">
<Tags Author="A" Title="T" Bpm="0.5" Flag="1"/>
<Infos SongLength="72.9" PlayCount="5" Bitrate="320"/>
<Comment>hm</Comment>
<Scan Version="801" Bpm="0.507959" Key="A#"/>
<Poi Pos="3.7" Type="beatgrid"/>
<Poi Name="Cue 1" Pos="15.9" Num="1" Color="4294901760" Odd="1"/>
<Poi Pos="20" Type="loop" Size="8" Num="2" Slot="2"/>
<Poi Pos="3.72" Type="automix" Point="realStart"/>
</Song>
</VirtualDJ_Database>
)";

struct Source {
  ForeignFormat format;
  const char *text, *name;
  double cue;          // where the first cue with a number goes
  const char* before;  // the line that changes
  const char* after;
};
constexpr Source kSources[] = {
    {ForeignFormat::rekordbox, kRekordboxSource, "rekordbox.xml", 31.25,
     R"(<POSITION_MARK Name="Drop" Type="0" Start="30.500" Num="0" Red="40" Green="226" Blue="20" New="x"/>)",
     R"(<POSITION_MARK Name="Drop" Type="0" Start="31.250" Num="0" Red="40" Green="226" Blue="20" New="x"/>)"},
    {ForeignFormat::traktor, kTraktorSource, "collection.nml", 16,
     R"(<CUE_V2 NAME="Drop" DISPL_ORDER="0" TYPE="0" START="15000.250000" LEN="0" REPEATS="-1" HOTCUE="1" NEW="x"/>)",
     R"(<CUE_V2 NAME="Drop" DISPL_ORDER="0" TYPE="0" START="16000.000000" LEN="0" REPEATS="-1" HOTCUE="1" NEW="x"/>)"},
    {ForeignFormat::virtualdj, kVirtualDjSource, "database.xml", 16.5,
     R"(<Poi Name="Cue 1" Pos="15.9" Num="1" Color="4294901760" Odd="1"/>)",
     R"(<Poi Name="Cue 1" Pos="16.5" Num="1" Color="4294901760" Odd="1"/>)"}};

ForeignCue& edited_cue(ForeignLibrary& lib) {
  auto& cues = lib.tracks[0].cues;
  return *std::find_if(cues.begin(), cues.end(),
                       [](const ForeignCue& c) { return !c.name.empty() && c.name != "AutoGrid"; });
}

TEST(Write, WhatWasReadIsWrittenAsItWasButForOneCue) {
  for (const Source& s : kSources) {
    SCOPED_TRACE(s.name);
    ForeignLibrary lib = read_text(s.text, s.name);
    Cant cant;
    EXPECT_EQ(foreign_text(lib, s.format, cant), s.text) << "byte for byte";
    edited_cue(lib).seconds = s.cue;
    const std::string edited = foreign_text(lib, s.format, cant);
    EXPECT_EQ(differences(s.text, edited), (std::vector<std::pair<std::string, std::string>>{{s.before, s.after}}));
    EXPECT_TRUE(cant.all().empty()) << cant.all()[0];
    const ForeignLibrary again = read_text(edited, s.name);
    EXPECT_EQ(again.tracks, lib.tracks);
    EXPECT_EQ(again.playlists, lib.playlists);
  }
}

TEST(Write, AnOddFirstLineLosesNothing) {
  std::string text = kVirtualDjSource;
  text.replace(text.find("version="), 8, "version ");
  ForeignLibrary lib = read_text(text, "database.xml");
  edited_cue(lib).seconds = 1;
  Cant cant;
  EXPECT_NE(foreign_text(lib, ForeignFormat::virtualdj, cant).find("Odd=\"1\""), std::string::npos);
}

TEST(Write, CuesLoopsGridsTracksAndListsComeAndGo) {
  for (const Source& s : kSources) {
    SCOPED_TRACE(s.name);
    ForeignLibrary lib = read_text(s.text, s.name);
    ForeignTrack& t = lib.tracks[0];
    t.cues.erase(t.cues.begin());
    t.cues.push_back({50, 6, "New", ""});
    t.loops[0].end += 1;
    t.loops.push_back({60, 64, 5, "", ""});
    t.grid.push_back({90, 125, 1, 4});
    t.title = "Ein \"anderer\" <Titel>";
    t.rating = 5;
    ForeignTrack fresh;
    fresh.path = "/Users/me/new.flac";
    fresh.title = "New";
    fresh.bpm = 120;
    fresh.grid = {{0.5, 120, 1, 4}};
    lib.tracks.push_back(fresh);
    if (!lib.playlists.empty()) {
      lib.playlists[0].tracks.push_back(lib.tracks.size() - 1);
      lib.playlists.push_back({{"Gigs", "June"}, {0}});
    }
    Cant cant;
    ForeignLibrary again = read_text(foreign_text(lib, s.format, cant), s.name);
    ASSERT_EQ(again.tracks.size(), lib.tracks.size());
    for (std::size_t i = 0; i < again.tracks.size(); ++i) {
      ForeignTrack want = lib.tracks[i], got = again.tracks[i];
      const auto by_time = [](const auto& a, const auto& b) { return a.seconds < b.seconds; };
      std::sort(want.cues.begin(), want.cues.end(), by_time);
      std::sort(got.cues.begin(), got.cues.end(), by_time);
      want.id = got.id;
      if (i + 1 == again.tracks.size()) want.plays = got.plays, want.rating = got.rating;  // not stated: none
      EXPECT_EQ(got, want) << i;
    }
    EXPECT_EQ(again.playlists, lib.playlists);
    // And back to what it was, but for the marks' order and what a format writes of its own.
    ForeignLibrary less = lib;
    less.tracks.pop_back();
    less.playlists.clear();
    again = read_text(foreign_text(less, s.format, cant), s.name);
    EXPECT_EQ(again.tracks.size(), less.tracks.size());
    EXPECT_TRUE(again.playlists.empty());
  }
}

TEST(Write, AGridMarkerOnAPadIsPartedWhenOneOfThemMoves) {
  ForeignLibrary lib = read_text(kTraktorSource, "collection.nml");
  ForeignTrack& t = lib.tracks[0];
  ASSERT_EQ(t.cues[0].name, "AutoGrid");
  const double was = t.grid[0].seconds;
  t.grid[0].seconds = 0.06;
  Cant cant;
  ForeignTrack again = read_text(foreign_text(lib, ForeignFormat::traktor, cant), "collection.nml").tracks[0];
  ASSERT_EQ(again.grid.size(), 1u);
  EXPECT_NEAR(again.grid[0].seconds, 0.06, 1e-9);
  ASSERT_EQ(again.cues.size(), 2u);
  const auto pad = std::find_if(again.cues.begin(), again.cues.end(), [](const auto& c) { return c.number == 0; });
  ASSERT_NE(pad, again.cues.end());
  EXPECT_NEAR(pad->seconds, was, 1e-9) << "the cue stays where it was";
}

// What a person has of a set: everything that one of the formats can say.
ForeignLibrary full_library() {
  ForeignLibrary lib;
  lib.format = "test";
  ForeignTrack t;
  t.path = "/Users/me/Müsic/a #1.flac";
  t.title = "One & only";
  t.artist = "Ada";
  t.album = "LP";
  t.genre = "House";
  t.comment = "late";
  t.key = "F#m";
  t.label = "Label";
  t.composer = "Comp";
  t.remixer = "Rem";
  t.color = "#FF007F";
  t.bpm = 126.5;
  t.length = 245;
  t.rating = 4;
  t.plays = 7;
  t.year = 2019;
  t.cues = {{30.5, 0, "Drop", "#28E214"}, {10, -1, "", ""}};
  t.loops = {{40, 44, 1, "Roll", ""}};
  t.grid = {{0.025, 126.5, 1, 4}};
  lib.tracks = {t, t};
  lib.tracks[1].path = "/Users/me/Müsic/b.mp3";
  lib.playlists = {{{"Gigs", "May"}, {1, 0, 1}}, {{"All"}, {0}}};
  return lib;
}

TEST(Write, BetweenFormatsWhatBothCanSayIsKeptAndTheRestIsListed) {
  const ForeignLibrary lib = full_library();
  const auto through = [&](ForeignFormat format, const char* name, Cant& cant) {
    ForeignLibrary out = read_text(foreign_text(lib, format, cant), name);
    for (ForeignTrack& t : out.tracks) t.id.clear();
    return out;
  };
  Cant rekordbox, traktor, virtualdj;
  ForeignLibrary got = through(ForeignFormat::rekordbox, "x.xml", rekordbox);
  EXPECT_EQ(got.tracks, lib.tracks);
  EXPECT_EQ(got.playlists, lib.playlists);
  EXPECT_TRUE(rekordbox.all().empty());
  got = through(ForeignFormat::traktor, "x.nml", traktor);
  EXPECT_EQ(got.playlists, lib.playlists);
  EXPECT_EQ(traktor.all(),
            (std::vector<std::string>{"colours of tracks are left out", "2 colours of cues and loops are left out"}));
  for (std::size_t i = 0; i < 2; ++i) {
    ForeignTrack want = lib.tracks[i];
    want.color = want.cues[0].color = "";
    EXPECT_EQ(got.tracks[i], want);
  }
  got = through(ForeignFormat::virtualdj, "x.xml", virtualdj);
  ForeignTrack song = got.tracks[0];
  EXPECT_NEAR(song.bpm, 126.5, 1e-6);
  EXPECT_NEAR(song.loops[0].end, 44, 1e-5);
  EXPECT_NEAR(song.grid[0].bpm, 126.5, 1e-6);
  song.bpm = 126.5;
  song.loops[0].end = 44;
  song.grid[0].bpm = 126.5;
  EXPECT_EQ(song, lib.tracks[0]);
  EXPECT_EQ(virtualdj.all(),
            (std::vector<std::string>{"2 playlists are left out: VirtualDJ keeps them in files of their own (m3u8)"}));
}

TEST(Write, RoundingIsSaid) {
  ForeignLibrary lib = full_library();
  lib.tracks[0].cues[0].seconds = 30.50049;
  lib.tracks[0].bpm = 126.505;
  Cant cant;
  foreign_text(lib, ForeignFormat::rekordbox, cant);
  EXPECT_EQ(cant.all(), (std::vector<std::string>{"tempos are rounded to hundredths",
                                                  "positions are rounded to whole milliseconds"}));
}

TEST(Write, TextFormatsAreReadBack) {
  ForeignLibrary lib = full_library();
  lib.playlists.pop_back();
  lib.playlists[0].path = {"May"};
  lib.playlists[0].tracks = {1, 0};
  Cant cant;
  ForeignLibrary got = read_text(foreign_text(lib, ForeignFormat::m3u8, cant), "x.m3u8");
  EXPECT_EQ(got.tracks[0].path, lib.tracks[1].path);
  EXPECT_EQ(got.tracks[1].title, "One & only");
  EXPECT_EQ(got.playlists[0].path, (std::vector<std::string>{"May"}));
  EXPECT_EQ(cant.all().size(), 4u);
  got = read_text(foreign_text(lib, ForeignFormat::pls, cant), "x.pls");
  EXPECT_EQ(got.tracks[1].path, lib.tracks[0].path);
  EXPECT_EQ(got.tracks[1].artist, "Ada");
  got = read_text(foreign_text(lib, ForeignFormat::csv, cant), "x.csv");
  EXPECT_EQ(got.tracks[1].path, lib.tracks[0].path);
  EXPECT_DOUBLE_EQ(got.tracks[1].bpm, 126.5);
  EXPECT_EQ(got.tracks[1].rating, 4);
  EXPECT_EQ(got.tracks[1].comment, "late");
  Cant sheet;
  got = read_text(foreign_text(lib, ForeignFormat::cue, sheet), "x.cue");
  ASSERT_EQ(got.tracks[0].cues.size(), 2u);
  EXPECT_NEAR(got.tracks[0].cues[0].seconds, 30.5, 0.007);
  EXPECT_EQ(got.tracks[0].cues[0].name, "Drop");
  EXPECT_NE(std::find(sheet.all().begin(), sheet.all().end(), "cues are rounded to frames of a CD, 1/75 s"),
            sheet.all().end());
}

TEST(Write, AnM3uKeepsItsOwnLines) {
  const std::string text =
      "#EXTM3U\n#PLAYLIST:Late\n#EXTINF:217,Ada - One\n#EXTART:somebody\nsub/one.mp3\n# a word\n#EXTINF:10,Bea - "
      "Two\ntwo.mp3\n# the end\n";
  ForeignLibrary lib = read_text(text, "x.m3u8");
  Cant cant;
  EXPECT_EQ(foreign_text(lib, ForeignFormat::m3u8, cant), text);
  std::swap(lib.playlists[0].tracks[0], lib.playlists[0].tracks[1]);
  lib.tracks[0].title = "Three";
  EXPECT_EQ(foreign_text(lib, ForeignFormat::m3u8, cant),
            "#EXTM3U\n#PLAYLIST:Late\n# a word\n#EXTINF:10,Bea - Two\ntwo.mp3\n#EXTINF:217,Ada - "
            "Three\n#EXTART:somebody\nsub/one.mp3\n# the end\n");
}

TEST(Write, OtherTextsKeepTheirOwnLinesToo) {
  const std::string table = "Nr;Location;Title;BPM;Mood\r\n1;a.mp3;\"One\";\"126,5\";dark\r\n2;b.mp3;Two;;\r\n";
  ForeignLibrary lib = read_text(table, "x.csv");
  Cant cant;
  EXPECT_EQ(foreign_text(lib, ForeignFormat::csv, cant), table);
  lib.tracks[1].bpm = 128;
  EXPECT_EQ(foreign_text(lib, ForeignFormat::csv, cant),
            "Nr;Location;Title;BPM;Mood\r\n1;a.mp3;\"One\";\"126,5\";dark\r\n2;b.mp3;Two;128;\r\n");
  const std::string pls = "[playlist]\nX=1\nFile2=b.mp3\nTitle2=Two\nOdd2=x\nFile1=a.mp3\nTitle1=One\nVersion=2\n";
  lib = read_text(pls, "x.pls");
  EXPECT_EQ(foreign_text(lib, ForeignFormat::pls, cant), pls);
  lib.tracks[0].title = "Eins";
  EXPECT_EQ(differences(pls, foreign_text(lib, ForeignFormat::pls, cant)),
            (std::vector<std::pair<std::string, std::string>>{{"Title1=One", "Title1=Eins"}}));
  const std::string sheet =
      "REM COMMENT x\nTITLE \"Live\"\nFILE \"live set.wav\" WAVE\n  TRACK 01 AUDIO\n    TITLE \"One\"\n    ISRC X\n    "
      "INDEX "
      "01 00:00:00\n  TRACK 02 AUDIO\n    TITLE \"Two\"\n    INDEX 00 03:59:00\n    INDEX 01 04:00:37\n";
  lib = read_text(sheet, "x.cue");
  EXPECT_EQ(foreign_text(lib, ForeignFormat::cue, cant), sheet);
  lib.tracks[0].cues[1].seconds = 242;
  EXPECT_TRUE(cant.all().empty());
  EXPECT_EQ(differences(sheet, foreign_text(lib, ForeignFormat::cue, cant)),
            (std::vector<std::pair<std::string, std::string>>{{"    INDEX 01 04:00:37", "    INDEX 01 04:02:00"}}));
  lib.tracks[0].cues.pop_back();
  foreign_text(lib, ForeignFormat::cue, cant);
  EXPECT_EQ(cant.all(), (std::vector<std::string>{"lines that aren't understood are left out"}));
}

TEST(Write, SeratosFolderKeepsWhatItHadAndListsWhatItCannotSay) {
  const test::TempFolder drive, other;
  const std::string database =
      chunk("vrsn", wide("2.0/Serato Scratch LIVE Database")) +
      chunk("otrk", chunk("ttyp", wide("mp3")) + chunk("pfil", wide("a.mp3")) + chunk("tsng", wide("One")) +
                        chunk("tbpm", wide("126.50")) + chunk("bunk", "x")) +
      chunk("zzzz", "what is not known");
  const std::string crate =
      chunk("vrsn", wide("1.0/Serato ScratchLive Crate")) + chunk("osrt", chunk("tvcn", wide("song"))) +
      chunk("otrk", chunk("ptrk", wide("a.mp3")) + chunk("bnew", "y")) + chunk("otrk", chunk("ptrk", wide("b.mp3")));
  const std::string smart = chunk("vrsn", wide("1.0/Serato ScratchLive Smart Crate")) +
                            chunk("rurt", chunk("trft", wide("cond_is_str")) + chunk("trpt", wide("House"))) +
                            chunk("otrk", chunk("ptrk", wide("a.mp3")));
  write(drive.path() / "_Serato_/database V2", database);
  write(drive.path() / "_Serato_/Subcrates/House%%Deep.crate", crate);
  write(drive.path() / "_Serato_/SmartCrates/New.scrate", smart);
  std::string error;
  auto lib = read_foreign(drive.path(), &error);
  ASSERT_TRUE(lib) << error;
  const auto out = other.path() / "_Serato_";
  auto cant = write_foreign(*lib, ForeignFormat::serato, other.path(), &error);
  ASSERT_TRUE(cant) << error;
  EXPECT_TRUE(cant->empty());
  EXPECT_EQ(slurp(out / "database V2"), database);
  EXPECT_EQ(slurp(out / "Subcrates/House%%Deep.crate"), crate);
  EXPECT_EQ(slurp(out / "SmartCrates/New.scrate"), smart);
  // A title and the order change; nothing else does.
  lib->tracks[0].title = "Eins";
  std::swap(lib->playlists[0].tracks[0], lib->playlists[0].tracks[1]);
  ASSERT_TRUE(write_foreign(*lib, ForeignFormat::serato, other.path(), &error));
  const auto again = read_foreign(out, &error);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->tracks[0].title, "Eins");
  EXPECT_EQ(again->playlists[0].tracks, (std::vector<std::size_t>{1, 0}));
  EXPECT_NE(slurp(out / "database V2").find(chunk("bunk", "x")), std::string::npos);
  EXPECT_NE(slurp(out / "Subcrates/House%%Deep.crate").find(chunk("bnew", "y")), std::string::npos);
  // From another format.
  ForeignLibrary full = full_library();
  const test::TempFolder fresh;
  full.tracks[0].path = fresh / "Music/a.flac";
  cant = write_foreign(full, ForeignFormat::serato, fresh.path(), &error);
  ASSERT_TRUE(cant) << error;
  EXPECT_EQ(cant->size(), 2u) << "ratings; marks belong into the files";
  const auto made = read_foreign(fresh.path(), &error);
  ASSERT_TRUE(made) << error;
  EXPECT_EQ(made->tracks[0].path, full.tracks[0].path);
  EXPECT_EQ(made->tracks[0].artist, "Ada");
  EXPECT_DOUBLE_EQ(made->tracks[0].length, 245);
  EXPECT_EQ(made->tracks[0].plays, 7);
  EXPECT_EQ(made->playlists[1].path, (std::vector<std::string>{"Gigs", "May"}));
  EXPECT_EQ(made->playlists[1].tracks, (std::vector<std::size_t>{1, 0, 1}));
}

TEST(Write, SeveralPlaylistsAreFilesOfAFolderAndAFullDiskIsSaid) {
  const test::TempFolder folder;
  std::string error;
  ForeignLibrary lib = full_library();
  lib.playlists.push_back({{"a/b"}, {0}});
  ASSERT_TRUE(write_foreign(lib, ForeignFormat::m3u8, folder / "lists", &error)) << error;
  EXPECT_TRUE(std::filesystem::exists(folder / "lists/Gigs/May.m3u8"));
  EXPECT_TRUE(std::filesystem::exists(folder / "lists/All.m3u8"));
  EXPECT_TRUE(std::filesystem::exists(folder / "lists/a_b.m3u8"));
  EXPECT_FALSE(write_foreign(lib, ForeignFormat::rekordbox, "/dev/full/x.xml", &error));
  EXPECT_NE(error.find("/dev/full/x.xml"), std::string::npos);
  EXPECT_FALSE(write_foreign(lib, ForeignFormat::rekordbox, folder / "none/x.xml", &error));
}

}  // namespace
}  // namespace tactus::library
