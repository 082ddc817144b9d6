// Other programs' libraries, as those programs write them.
#include "library/foreign/foreign.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "library/foreign/readers.h"
#include "support/temp_folder.h"

namespace tactus::library {
namespace {

ForeignLibrary read(const std::string& text, const std::string& name, const std::string& folder = "/lists") {
  std::string error;
  auto found = read_foreign(text, folder, name, &error);
  EXPECT_TRUE(found) << error;
  return found.value_or(ForeignLibrary{});
}

std::string why_not(const std::string& text, const std::string& name) {
  std::string error;
  EXPECT_FALSE(read_foreign(text, "/lists", name, &error));
  return error;
}

constexpr const char* kRekordbox = R"(<?xml version="1.0" encoding="UTF-8"?>
<DJ_PLAYLISTS Version="1.0.0">
  <PRODUCT Name="rekordbox" Version="6.7.7" Company="AlphaTheta"/>
  <COLLECTION Entries="2">
    <TRACK TrackID="11" Name="Gr&#252;n &amp; Blau" Artist="Ada" Album="One" Genre="House" Kind="MP3 File" TotalTime="245"
           Year="2019" AverageBpm="126.50" BitRate="320" Comments="late" PlayCount="7" Rating="204" Colour="0xFF007F"
           Location="file://localhost/Users/dj/My%20Music/gr%C3%BCn%26.mp3" Tonality="8A">
      <TEMPO Inizio="0.115" Bpm="126.50" Metro="4/4" Battito="1"/>
      <TEMPO Inizio="60.500" Bpm="127.00" Metro="3/4" Battito="2"/>
      <POSITION_MARK Name="" Type="0" Start="0.115" Num="-1"/>
      <POSITION_MARK Name="Drop" Type="0" Start="61.25" Num="0" Red="40" Green="226" Blue="20"/>
      <POSITION_MARK Name="Roll" Type="4" Start="30.5" End="32.397" Num="2"/>
      <POSITION_MARK Name="" Type="1" Start="0.2" Num="-1"/>
    </TRACK>
    <TRACK TrackID="12" Name="Two" Location="file://localhost/C:/Music/two.wav"/>
  </COLLECTION>
  <PLAYLISTS><NODE Type="0" Name="ROOT" Count="2">
    <NODE Name="Sets" Type="0" Count="1">
      <NODE Name="Friday" Type="1" KeyType="0" Entries="3"><TRACK Key="12"/><TRACK Key="11"/><TRACK Key="12"/><TRACK Key="99"/></NODE>
    </NODE>
    <NODE Name="By place" Type="1" KeyType="1" Entries="1"><TRACK Key="file://localhost/C:/Music/two.wav"/></NODE>
  </NODE></PLAYLISTS>
</DJ_PLAYLISTS>)";

TEST(Foreign, RekordboxKeepsMemoryCuesApartAndEveryTempo) {
  const ForeignLibrary lib = read(kRekordbox, "anything.xml");
  EXPECT_EQ(lib.format, "rekordbox XML");
  EXPECT_EQ(lib.program, "rekordbox 6.7.7");
  ASSERT_EQ(lib.tracks.size(), 2u);
  const ForeignTrack& t = lib.tracks[0];
  EXPECT_EQ(t.path, "/Users/dj/My Music/grün&.mp3");
  EXPECT_EQ(t.title, "Grün & Blau");
  EXPECT_EQ(t.key, "8A");
  EXPECT_EQ(t.color, "#FF007F");
  EXPECT_EQ(t.rating, 4);
  EXPECT_EQ(t.plays, 7);
  EXPECT_EQ(t.year, 2019);
  EXPECT_DOUBLE_EQ(t.bpm, 126.5);
  EXPECT_EQ(t.cues, (std::vector<ForeignCue>{{0.115, -1, "", ""}, {61.25, 0, "Drop", "#28E214"}}));
  EXPECT_EQ(t.loops, (std::vector<ForeignLoop>{{30.5, 32.397, 2, "Roll", ""}}));
  EXPECT_EQ(t.grid, (std::vector<ForeignAnchor>{{0.115, 126.5, 1, 4}, {60.5, 127, 2, 3}}));
  EXPECT_EQ(lib.tracks[1].path, "C:/Music/two.wav");
  EXPECT_EQ(lib.tracks[1].rating, -1) << "none was given";
  EXPECT_EQ(lib.playlists, (std::vector<ForeignPlaylist>{{{"Sets", "Friday"}, {1, 0, 1}}, {{"By place"}, {1}}}));
  EXPECT_EQ(lib.notes.size(), 2u) << "a fade mark, and an entry of no track";
}

TEST(Foreign, TraktorsGridMarkersAreTheGridAndTimesAreSeconds) {
  const ForeignLibrary lib = read(R"(<?xml version="1.0" encoding="UTF-8" standalone="no" ?>
<NML VERSION="19"><HEAD COMPANY="www.native-instruments.com" PROGRAM="Traktor Pro 3"></HEAD>
<COLLECTION ENTRIES="2">
<ENTRY TITLE="One" ARTIST="A &amp; B"><LOCATION DIR="/:Users/:dj/:Music/:" FILE="one.mp3" VOLUME="Macintosh HD" VOLUMEID="x"></LOCATION>
<ALBUM TITLE="LP"></ALBUM><INFO GENRE="Techno" COMMENT="c" PLAYCOUNT="3" PLAYTIME="300" PLAYTIME_FLOAT="300.25" RANKING="255" RELEASE_DATE="2008/1/1"></INFO>
<TEMPO BPM="130.000000" BPM_QUALITY="100.000000"></TEMPO><MUSICAL_KEY VALUE="21"></MUSICAL_KEY>
<CUE_V2 NAME="AutoGrid" DISPL_ORDER="0" TYPE="4" START="57.5" LEN="0.0" REPEATS="-1" HOTCUE="-1"><GRID BPM="130.01"></GRID></CUE_V2>
<CUE_V2 NAME="n.n." DISPL_ORDER="0" TYPE="0" START="15000.25" LEN="0.0" REPEATS="-1" HOTCUE="0"></CUE_V2>
<CUE_V2 NAME="Beat" DISPL_ORDER="0" TYPE="4" START="30057.5" LEN="0.0" REPEATS="-1" HOTCUE="1"></CUE_V2>
<CUE_V2 NAME="Loop" DISPL_ORDER="0" TYPE="5" START="20000" LEN="1846.153846" REPEATS="-1" HOTCUE="-1"></CUE_V2>
<CUE_V2 NAME="in" DISPL_ORDER="0" TYPE="1" START="1" LEN="0" REPEATS="-1" HOTCUE="-1"></CUE_V2></ENTRY>
<ENTRY TITLE="Two"><LOCATION DIR="/:Music/:" FILE="two.flac" VOLUME="D:"></LOCATION></ENTRY>
</COLLECTION>
<PLAYLISTS><NODE TYPE="FOLDER" NAME="$ROOT"><SUBNODES COUNT="2">
<NODE TYPE="FOLDER" NAME="Gigs"><SUBNODES COUNT="1"><NODE TYPE="PLAYLIST" NAME="May"><PLAYLIST ENTRIES="2" TYPE="LIST" UUID="u">
<ENTRY><PRIMARYKEY TYPE="TRACK" KEY="D:/:Music/:two.flac"></PRIMARYKEY></ENTRY>
<ENTRY><PRIMARYKEY TYPE="TRACK" KEY="Macintosh HD/:Users/:dj/:Music/:one.mp3"></PRIMARYKEY></ENTRY></PLAYLIST></NODE></SUBNODES></NODE>
<NODE TYPE="SMARTLIST" NAME="fresh"></NODE></SUBNODES></NODE></PLAYLISTS></NML>)",
                                  "collection.nml");
  EXPECT_EQ(lib.program, "Traktor Pro 3");
  ASSERT_EQ(lib.tracks.size(), 2u);
  const ForeignTrack& t = lib.tracks[0];
  EXPECT_EQ(t.path, "/Users/dj/Music/one.mp3");
  EXPECT_EQ(lib.tracks[1].path, "D:/Music/two.flac");
  EXPECT_EQ(t.key, "Am");
  EXPECT_EQ(t.rating, 5);
  EXPECT_EQ(t.year, 2008);
  EXPECT_DOUBLE_EQ(t.length, 300.25);
  ASSERT_EQ(t.grid.size(), 2u);
  EXPECT_NEAR(t.grid[0].seconds, 0.0575, 1e-9);
  EXPECT_DOUBLE_EQ(t.grid[0].bpm, 130.01);
  EXPECT_DOUBLE_EQ(t.grid[1].bpm, 130) << "one without its own tempo has the track's";
  ASSERT_EQ(t.cues.size(), 2u);
  EXPECT_NEAR(t.cues[0].seconds, 15.00025, 1e-9);
  EXPECT_EQ(t.cues[0].name, "") << "n.n. is no name";
  EXPECT_EQ(t.cues[1].number, 1) << "a grid marker on a pad";
  ASSERT_EQ(t.loops.size(), 1u);
  EXPECT_NEAR(t.loops[0].end, 21.846153846, 1e-9);
  EXPECT_EQ(lib.playlists, (std::vector<ForeignPlaylist>{{{"Gigs", "May"}, {1, 0}}}));
  EXPECT_EQ(lib.notes.size(), 2u) << "a fade mark and a smart playlist";
}

TEST(Foreign, VirtualDjsTemposAreSecondsABeatAndPadsCountFromOne) {
  const ForeignLibrary lib = read(R"(<?xml version="1.0" encoding="UTF-8"?>
<VirtualDJ_Database Version="2023">
<Song FilePath="C:\Users\dj\Music\a.wav" FileSize="25724840"><Tags Author="A" Title="T" Bpm="0.5" Stars="3" />
<Infos SongLength="72.9" PlayCount="5" /><Comment>hm</Comment><Scan Version="801" Bpm="0.507959" Key="A#" />
<Poi Pos="3.7" Type="beatgrid" /><Poi Name="Cue 1" Pos="15.9" Num="1" Color="4294901760" /><Poi Pos="20" Type="loop" Size="8" Num="2" />
<Poi Pos="3.72" Type="automix" Point="realStart" /></Song></VirtualDJ_Database>)",
                                  "database.xml");
  ASSERT_EQ(lib.tracks.size(), 1u);
  const ForeignTrack& t = lib.tracks[0];
  EXPECT_EQ(t.path, "C:/Users/dj/Music/a.wav");
  EXPECT_DOUBLE_EQ(t.bpm, 120) << "what the person set goes before what was measured";
  EXPECT_EQ(t.key, "A#");
  EXPECT_EQ(t.comment, "hm");
  EXPECT_EQ(t.cues, (std::vector<ForeignCue>{{15.9, 0, "Cue 1", "#FF0000"}}));
  EXPECT_EQ(t.loops, (std::vector<ForeignLoop>{{20, 24, 1, "", ""}}));
  EXPECT_EQ(t.grid, (std::vector<ForeignAnchor>{{3.7, 120, 1, 4}}));
}

TEST(Foreign, ITunesPlaylistsLieInTheirFolders) {
  const ForeignLibrary lib = read(R"(<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple Computer//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0"><dict><key>Application Version</key><string>12.9</string><key>Tracks</key><dict>
<key>7</key><dict><key>Track ID</key><integer>7</integer><key>Name</key><string>N</string><key>Artist</key><string>A</string>
<key>Total Time</key><integer>200500</integer><key>BPM</key><integer>99</integer><key>Rating</key><integer>60</integer>
<key>Location</key><string>file:///Users/dj/n%20n.m4a</string></dict>
<key>8</key><dict><key>Track ID</key><integer>8</integer><key>Rating</key><integer>80</integer><key>Rating Computed</key><true/></dict>
</dict><key>Playlists</key><array>
<dict><key>Name</key><string>Library</string><key>Master</key><true/></dict>
<dict><key>Name</key><string>Mine</string><key>Playlist Persistent ID</key><string>AA</string><key>Folder</key><true/></dict>
<dict><key>Name</key><string>Best</string><key>Playlist Persistent ID</key><string>BB</string><key>Parent Persistent ID</key><string>AA</string>
<key>Playlist Items</key><array><dict><key>Track ID</key><integer>8</integer></dict><dict><key>Track ID</key><integer>7</integer></dict></array></dict>
</array></dict></plist>)",
                                  "Library.xml");
  ASSERT_EQ(lib.tracks.size(), 2u);
  EXPECT_EQ(lib.tracks[0].path, "/Users/dj/n n.m4a");
  EXPECT_DOUBLE_EQ(lib.tracks[0].length, 200.5);
  EXPECT_EQ(lib.tracks[0].rating, 3);
  EXPECT_EQ(lib.tracks[1].rating, -1) << "worked out from its album";
  EXPECT_EQ(lib.playlists, (std::vector<ForeignPlaylist>{{{"Mine", "Best"}, {1, 0}}}));
}

TEST(Foreign, PlaylistsOfTextInTheirOrderBesideTheirFile) {
  const ForeignLibrary m3u = read(
      "\xEF\xBB\xBF#EXTM3U\r\n#PLAYLIST:Late\r\n#EXTINF:217 logo=\"a, b\",Ada - One - Two\r\nsub/one.mp3\r\n\r\n# "
      "word\r\n"
      "C:\\Music\\two.mp3\r\n/abs/three.mp3\r\nsub/one.mp3\r\n",
      "x.m3u8");
  ASSERT_EQ(m3u.tracks.size(), 3u);
  EXPECT_EQ(m3u.tracks[0].path, "/lists/sub/one.mp3");
  EXPECT_EQ(m3u.tracks[0].artist, "Ada");
  EXPECT_EQ(m3u.tracks[0].title, "One - Two");
  EXPECT_DOUBLE_EQ(m3u.tracks[0].length, 217);
  EXPECT_EQ(m3u.tracks[1].path, "C:/Music/two.mp3");
  EXPECT_EQ(m3u.playlists, (std::vector<ForeignPlaylist>{{{"Late"}, {0, 1, 2, 0}}}));
  EXPECT_EQ(read("caf\xE9.mp3\n", "old.m3u").tracks[0].path, "/lists/café.mp3") << "Latin-1";
  EXPECT_EQ(read(std::string("\xFF\xFE"
                             "a\0.\0m\0p\0\x33\0",
                             12),
                 "w.m3u")
                .tracks[0]
                .path,
            "/lists/a.mp3")
      << "UTF-16";

  const ForeignLibrary pls =
      read("[playlist]\nFile2=b.ogg\nTitle1=A - T\nFile1=a.ogg\nLength1=12\nNumberOfEntries=2\n", "x.pls");
  ASSERT_EQ(pls.tracks.size(), 2u);
  EXPECT_EQ(pls.tracks[0].path, "/lists/a.ogg") << "by number";
  EXPECT_EQ(pls.tracks[0].title, "T");

  const ForeignLibrary csv =
      read("Track Title;Artist;Location;BPM;Time\n\"One; \"\"x\"\"\";A;m/one.wav;128,5;3:25\nTwo;B;;90;\n", "x.csv");
  ASSERT_EQ(csv.tracks.size(), 2u);
  EXPECT_EQ(csv.tracks[0].title, "One; \"x\"");
  EXPECT_DOUBLE_EQ(csv.tracks[0].bpm, 128.5);
  EXPECT_DOUBLE_EQ(csv.tracks[0].length, 205);
  EXPECT_DOUBLE_EQ(csv.tracks[1].bpm, 90);
  EXPECT_EQ(csv.playlists[0].tracks, (std::vector<std::size_t>{0, 1}));
  // Of two columns of a kind the one that says more, whichever comes first.
  for (const char* text : {"File Name;Location\none.wav;/m/one.wav\n", "Location;File Name\n/m/one.wav;\n"}) {
    const ForeignLibrary two = read(text, "x.csv");
    ASSERT_EQ(two.tracks.size(), 1u);
    EXPECT_EQ(two.tracks[0].path, "/m/one.wav");
  }
  EXPECT_NE(why_not("a,b,c\n1,2,3\n", "x.csv").find("first line"), std::string::npos);
}

TEST(Foreign, ACueSheetsPiecesAreCuesOfTheirFile) {
  const ForeignLibrary mix = read(
      "PERFORMER \"Ada\"\nTITLE \"Live\"\nREM DATE 2020\nFILE \"live set.wav\" WAVE\n  TRACK 01 AUDIO\n    TITLE "
      "\"One\"\n"
      "    INDEX 01 00:00:00\n  TRACK 02 AUDIO\n    TITLE \"Two\"\n    PERFORMER \"Bea\"\n    INDEX 00 03:59:00\n"
      "    INDEX 01 04:00:37\n",
      "x.cue");
  ASSERT_EQ(mix.tracks.size(), 1u);
  EXPECT_EQ(mix.tracks[0].path, "/lists/live set.wav");
  EXPECT_EQ(mix.tracks[0].title, "Live");
  EXPECT_EQ(mix.tracks[0].cues, (std::vector<ForeignCue>{{0, -1, "One", ""}, {240 + 37 / 75.0, -1, "Bea - Two", ""}}));
  const ForeignLibrary album = read(
      "TITLE LP\nFILE 1.flac WAVE\nTRACK 01 AUDIO\nTITLE One\nINDEX 01 00:00:00\nFILE 2.flac WAVE\nTRACK 02 AUDIO\n"
      "TITLE Two\nINDEX 01 00:00:00\n",
      "x.cue");
  ASSERT_EQ(album.tracks.size(), 2u);
  EXPECT_EQ(album.tracks[1].title, "Two");
  EXPECT_TRUE(album.tracks[1].cues.empty());
}

TEST(Foreign, WhatIsNoLibrarySaysWhereAndWhy) {
  EXPECT_NE(why_not("<a>\n<b>\n</a>", "x.xml").find("line 3"), std::string::npos);
  EXPECT_NE(why_not("<html></html>", "x.xml").find("<html>"), std::string::npos);
  EXPECT_NE(why_not("hello", "x.bin").find("rekordbox"), std::string::npos);
  std::string error;
  EXPECT_FALSE(read_foreign("/nowhere/x.xml", &error));
  EXPECT_EQ(error, "No such file or directory");
  const test::TempFolder folder;
  EXPECT_FALSE(read_foreign(folder.path(), &error));
  std::ofstream(folder / "empty.m3u");
  EXPECT_FALSE(read_foreign(folder / "empty.m3u", &error));
  EXPECT_EQ(error, "the file is empty");
}

// What a program is known to have, and Tactus doesn't read, is called by its name, with what to take instead.
TEST(Foreign, DatabasesThatAreNotReadAreNamed) {
  const test::TempFolder folder;
  const std::pair<const char*, const char*> kUnread[] = {
      {"stick/PIONEER/rekordbox/exportLibrary.db", "Device Library Plus"},
      {"pc/master.db", "XML"},
      {"prime/Engine Library/m.db", "Engine DJ 2 or later"},
      {"prime/Engine Library/p.db", "Engine DJ 2 or later"},
      {"engine/Engine Library/Database2/hm.db", "histories"}};
  for (const auto& [name, words] : kUnread) {
    const std::filesystem::path file = folder.path() / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << "encrypted";
    const std::string top = folder / std::string(name).substr(0, std::string(name).find('/'));
    for (const std::string& path : {file.string(), top}) {
      std::string error;
      EXPECT_FALSE(read_foreign(path, &error));
      EXPECT_NE(error.find(words), std::string::npos) << path << ": " << error;
    }
  }
}

TEST(Foreign, HostileXmlCostsNothing) {
  // Entities of the document's own are no text of it.
  std::string bomb = "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\">";
  for (char c = 'b'; c <= 'z'; ++c) {
    bomb += std::string("<!ENTITY ") + c + " \"";
    for (int i = 0; i < 10; ++i) bomb += std::string("&") + static_cast<char>(c - 1) + ";";
    bomb += "\">";
  }
  bomb += "]><DJ_PLAYLISTS><COLLECTION><TRACK Name=\"&z;\"/></COLLECTION></DJ_PLAYLISTS>";
  EXPECT_EQ(read(bomb, "x.xml").tracks[0].title, "&z;");
  // Folders in folders, without end.
  std::string deep = "<DJ_PLAYLISTS><PLAYLISTS>";
  for (int i = 0; i < 200000; ++i) deep += "<NODE Type=\"0\" Name=\"x\">";
  for (int i = 0; i < 200000; ++i) deep += "</NODE>";
  EXPECT_TRUE(read(deep + "</PLAYLISTS></DJ_PLAYLISTS>", "x.xml").playlists.empty());
  // Numbers that are none.
  const ForeignLibrary odd = read(
      "<DJ_PLAYLISTS><COLLECTION><TRACK AverageBpm=\"nan\" Rating=\"1e300\" Year=\"-1e300\" PlayCount=\"x\" "
      "TotalTime=\"inf\"><POSITION_MARK Type=\"0\" Start=\"x\" Num=\"9e99\" "
      "Red=\"999\"/></TRACK></COLLECTION></DJ_PLAYLISTS>",
      "x.xml");
  EXPECT_EQ(odd.tracks[0].bpm, 0);
  EXPECT_EQ(odd.tracks[0].rating, 5);
  EXPECT_EQ(odd.tracks[0].plays, -1);
  EXPECT_EQ(odd.tracks[0].cues[0].color, "");
}

}  // namespace
}  // namespace tactus::library
