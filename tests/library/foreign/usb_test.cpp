// USB sticks of rekordbox and Engine DJ, and Serato's folder, built by their published layouts.
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <zlib.h>

#include <map>

#include "library/foreign/binary.h"
#include "library/foreign/foreign.h"
#include "library/foreign/readers.h"
#include "library/foreign/serato.h"
#include "library/foreign/tag_files.h"
#include "support/temp_folder.h"

namespace tactus::library {
namespace {

using namespace test_binary;

ForeignLibrary read_at(const std::string& path) {
  std::string error;
  auto found = read_foreign(path, &error);
  EXPECT_TRUE(found) << error;
  return found.value_or(ForeignLibrary{});
}

// -- rekordbox

std::string u32s(std::initializer_list<std::uint32_t> values, const std::string& text = {}) {
  std::string out;
  for (const std::uint32_t v : values) little(out, v, 4);
  return out + text;
}

std::string anlz_tag(std::string_view name, const std::string& body, std::uint32_t header) {
  std::string out(name);
  big(out, header, 4);
  big(out, 12 + body.size(), 4);
  return out + body;
}

std::string anlz(const std::string& tags) {
  std::string out = "PMAI";
  big(out, 28, 4);
  big(out, 28 + tags.size(), 4);
  out.resize(28, '\0');
  return out + tags;
}

// 128 bpm: a beat each 468.75 ms, of which whole milliseconds are written.
std::string beat_tag(int beats) {
  std::string b;
  for (const std::uint32_t v : {0u, 0x80000u, static_cast<std::uint32_t>(beats)}) big(b, v, 4);
  for (int i = 0; i < beats; ++i) {
    big(b, static_cast<unsigned>(i % 4 + 1), 2);
    big(b, 12800, 2);
    big(b, static_cast<unsigned>(50.4 + 468.75 * i), 4);
  }
  return anlz_tag("PQTZ", b, 24);
}

std::string pcpt(std::uint32_t hot, std::uint32_t type, std::uint32_t at, std::uint32_t end) {
  std::string c;
  for (const std::uint32_t v : {hot, 1u, 0x10000u, 0u}) big(c, v, 4);
  big(c, type, 1);
  c += std::string("\0\x03\xE8", 3);
  big(c, at, 4);
  big(c, end, 4);
  c.resize(0x38 - 12, '\0');
  return anlz_tag("PCPT", c, 0x1C);
}

std::string pcob(std::uint32_t kind, const std::vector<std::string>& cues) {
  std::string b;
  big(b, kind, 4);
  big(b, cues.size(), 4);
  big(b, 0xFFFFFFFF, 4);
  for (const std::string& c : cues) b += c;
  return anlz_tag("PCOB", b, 24);
}

std::string pco2(std::uint32_t hot, std::uint32_t at, std::string_view name) {
  std::string c;
  big(c, hot, 4);
  c += '\1';
  c += std::string("\0\x03\xE8", 3);
  big(c, at, 4);
  big(c, 0xFFFFFFFF, 4);
  c.resize(c.size() + 12, '\0');
  big(c, 2 * name.size() + 2, 4);
  c += wide(name) + std::string(2, '\0') + std::string("\x2A\x10\x20\x30", 4);
  std::string b;
  big(b, 1, 4);
  big(b, 1, 2);
  big(b, 0, 2);
  return anlz_tag("PCO2", b + anlz_tag("PCP2", c, 0x10), 20);
}

TEST(UsbStick, RekordboxTracksListsCuesAndGrids) {
  const test::TempFolder stick;
  Pdb pdb;
  pdb.add(2, u32s({0x60, 7, 0x0C03}) + Pdb::text("Ada"));
  pdb.add(5, u32s({3, 3}, Pdb::text("Am")));
  pdb.add(0, Pdb::track(11, 7, 3, "Grün", "/Contents/a.mp3", "/PIONEER/USBANLZ/P1/ANLZ0000.DAT"));
  pdb.add(0, Pdb::track(12, 0, 0, "Two", "/Contents/b.mp3", "/../../etc/passwd"));
  pdb.add(7, u32s({0, 0, 1, 5, 1}, Pdb::text("Gigs")));
  pdb.add(7, u32s({5, 0, 1, 6, 0}, Pdb::text("May")));
  pdb.add(7, u32s({8, 0, 1, 8, 1}, Pdb::text("In itself")));
  pdb.add(8, u32s({2, 11, 6}));
  pdb.add(8, u32s({1, 12, 6}));
  pdb.add(8, u32s({3, 99, 6}));
  pdb.add(11, u32s({1}, Pdb::text("HISTORY 001")));
  pdb.add(12, u32s({11, 1, 1}));
  write(stick.path() / "PIONEER/rekordbox/export.pdb", pdb.bytes());
  write(stick.path() / "PIONEER/USBANLZ/P1/ANLZ0000.DAT",
        anlz(beat_tag(600) + pcob(1, {pcpt(1, 1, 5000, 0), pcpt(2, 2, 6000, 8000)}) + pcob(0, {pcpt(0, 1, 1234, 0)})));
  write(stick.path() / "PIONEER/USBANLZ/P1/ANLZ0000.EXT", anlz(pco2(3, 7000, "Drop")));
  const ForeignLibrary lib = read_at(stick.path());
  ASSERT_EQ(lib.tracks.size(), 2u);
  const ForeignTrack& t = lib.tracks[0];
  EXPECT_EQ(t.path, stick / "Contents/a.mp3");
  EXPECT_EQ(t.artist, "Ada");
  EXPECT_EQ(t.key, "Am");
  EXPECT_DOUBLE_EQ(t.bpm, 126.5);
  EXPECT_EQ(t.rating, 4);
  EXPECT_EQ(t.plays, 3);
  EXPECT_EQ(t.color, "#FF0000");
  EXPECT_EQ(t.id, "11");
  // What .EXT says of hot cues goes before what .DAT says of them; memory cues are another kind.
  EXPECT_EQ(t.cues, (std::vector<ForeignCue>{{1.234, -1, "", ""}, {7, 2, "Drop", "#102030"}}));
  EXPECT_TRUE(t.loops.empty());
  ASSERT_EQ(t.grid.size(), 1u) << "600 beats on a line are one anchor";
  EXPECT_NEAR(t.grid[0].bpm, 128, 0.001);
  EXPECT_EQ(lib.playlists, (std::vector<ForeignPlaylist>{{{"Gigs", "May"}, {1, 0}},
                                                         {{"History", "HISTORY 001"}, {0}, ForeignList::history}}));
  EXPECT_EQ(lib.notes.size(), 3u) << "a folder in itself, an entry of no track, an analysis outside of the stick";
  EXPECT_EQ(read_at(stick / "PIONEER/rekordbox/export.pdb"), lib);
  // Damage is no end of anything.
  std::string error;
  ForeignLibrary none;
  std::vector<std::string> analyses;
  EXPECT_FALSE(read_pdb(std::string(64, '\xFF'), "/", none, analyses, &error));
  std::string ring = pdb.bytes();
  for (std::size_t page = 1; page < ring.size() / Pdb::kPage; ++page) {
    ring[page * Pdb::kPage + 12] = static_cast<char>(page);
    ring[28 + 16 * (page - 1) + 12] = 99;
  }
  EXPECT_TRUE(read_pdb(ring, "/", none, analyses, &error)) << "pages that follow themselves";
}

TEST(UsbStick, AGridOfTwoTemposHasTwoAnchors) {
  std::string b;
  for (const std::uint32_t v : {0u, 0x80000u, 64u}) big(b, v, 4);
  for (int i = 0; i < 64; ++i) {
    big(b, static_cast<unsigned>(i % 4 + 1), 2);
    big(b, i < 32 ? 12000 : 15000, 2);
    big(b, static_cast<unsigned>(i < 32 ? 500 * i : 16000 + 400 * (i - 32)), 4);
  }
  ForeignTrack t;
  ASSERT_TRUE(read_anlz(anlz(anlz_tag("PQTZ", b, 24)), t));
  ASSERT_EQ(t.grid.size(), 2u);
  EXPECT_EQ(t.grid[0], (ForeignAnchor{0, 120, 1, 4}));
  EXPECT_DOUBLE_EQ(t.grid[1].seconds, 16);
  EXPECT_NEAR(t.grid[1].bpm, 150, 1e-9);
}

// -- Engine DJ

std::string packed(const std::string& bytes) {
  std::string out;
  big(out, bytes.size(), 4);
  std::string zip(compressBound(bytes.size()), '\0');
  uLongf size = zip.size();
  compress(reinterpret_cast<Bytef*>(zip.data()), &size, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
  return out + zip.substr(0, size);
}
void big_f64(std::string& out, double v) { big(out, std::bit_cast<std::uint64_t>(v), 8); }
void little_f64(std::string& out, double v) { little(out, std::bit_cast<std::uint64_t>(v), 8); }

std::string engine_beats() {
  std::string b;
  big_f64(b, 44100);
  big_f64(b, 44100 * 200);
  b += '\1';
  for (int grid = 0; grid < 2; ++grid) {
    big(b, 2, 8);
    for (const int beat : {-4, 396}) {
      little_f64(b, 4410 + 22050.0 * (beat + 4) - 2 * 44100);
      little(b, static_cast<std::uint64_t>(std::int64_t{beat}), 8);
      little(b, 400, 4);
      little(b, 0, 4);
    }
  }
  return packed(b);
}

std::string engine_cues() {
  std::string b;
  big(b, 8, 8);
  for (int i = 0; i < 8; ++i) {
    const std::string name = i == 1 ? "Drop" : "";
    b += static_cast<char>(name.size()) + name;
    big_f64(b, i == 1 ? 44100 * 2.5 : -1);
    b += std::string("\xFF\x10\x20\x30", 4);
  }
  big_f64(b, 441);
  b += '\1';
  big_f64(b, 0);
  return packed(b);
}

std::string engine_loops() {
  std::string b;
  little(b, 1, 8);
  b += "\4Loop";
  little_f64(b, 44100);
  little_f64(b, 88200);
  return b + std::string("\1\1\xFF\xAA\xBB\xCC", 6);
}

void make_engine(const std::string& file, const std::string& major) {
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(file.c_str(), &db), SQLITE_OK);
  const std::string sql =
      "CREATE TABLE Information(id INTEGER, schemaVersionMajor INTEGER, schemaVersionMinor INTEGER, schemaVersionPatch "
      "INTEGER); INSERT INTO Information VALUES(1," +
      major +
      ",0,1);"
      "CREATE TABLE Track(id INTEGER PRIMARY KEY, path TEXT, title TEXT, artist TEXT, album TEXT, genre TEXT, comment "
      "TEXT, label TEXT, composer TEXT, remixer TEXT, key INTEGER, bpmAnalyzed REAL, bpm INTEGER, length INTEGER, year "
      "INTEGER, rating INTEGER);"
      "INSERT INTO Track VALUES(1,'../Music/a.mp3','One','Ada','','','','','','',1,120.0,120,200,2020,80),"
      "(2,'../Music/b.mp3','Two','','','','','','','',NULL,NULL,99,100,NULL,NULL);"
      "CREATE TABLE PerformanceData(trackId INTEGER PRIMARY KEY, beatData BLOB, quickCues BLOB, loops BLOB);"
      "CREATE TABLE Playlist(id INTEGER PRIMARY KEY, title TEXT, parentListId INTEGER, nextListId INTEGER);"
      "INSERT INTO Playlist VALUES(1,'Second',0,0),(2,'First',0,1),(3,'Inner',1,0),(4,'Ring',5,0),(5,'Ring',4,0);"
      "CREATE TABLE PlaylistEntity(id INTEGER PRIMARY KEY, listId INTEGER, trackId INTEGER, nextEntityId INTEGER);"
      "INSERT INTO PlaylistEntity VALUES(1,2,1,0),(2,2,2,1),(3,3,7,0);";
  char* why = nullptr;
  ASSERT_EQ(sqlite3_exec(db, sql.c_str(), nullptr, nullptr, &why), SQLITE_OK) << why;
  sqlite3_stmt* s = nullptr;
  ASSERT_EQ(sqlite3_prepare_v2(db, "INSERT INTO PerformanceData VALUES(1,?,?,?)", -1, &s, nullptr), SQLITE_OK);
  int column = 0;
  for (const std::string& blob : {engine_beats(), engine_cues(), engine_loops()})
    sqlite3_bind_blob(s, ++column, blob.data(), static_cast<int>(blob.size()), SQLITE_TRANSIENT);
  EXPECT_EQ(sqlite3_step(s), SQLITE_DONE);
  sqlite3_finalize(s);
  sqlite3_close(db);
}

TEST(UsbStick, EngineDjTracksListsCuesAndGrids) {
  const test::TempFolder stick;
  std::filesystem::create_directories(stick.path() / "Engine Library/Database2");
  make_engine(stick / "Engine Library/Database2/m.db", "3");
  const ForeignLibrary lib = read_at(stick.path());
  ASSERT_EQ(lib.tracks.size(), 2u);
  const ForeignTrack& t = lib.tracks[0];
  EXPECT_EQ(lib.program, "Engine DJ, schema 3.0.1");
  EXPECT_EQ(t.path, stick / "Music/a.mp3");
  EXPECT_EQ(t.key, "Am");
  EXPECT_EQ(t.rating, 4);
  EXPECT_EQ(t.cues, (std::vector<ForeignCue>{{2.5, 1, "Drop", "#102030"}, {0.01, -1, "", ""}}));
  EXPECT_EQ(t.loops, (std::vector<ForeignLoop>{{1, 2, 0, "Loop", "#AABBCC"}}));
  EXPECT_EQ(t.grid, (std::vector<ForeignAnchor>{{-1.9, 120, 1, 4}}));
  EXPECT_DOUBLE_EQ(lib.tracks[1].bpm, 99);
  EXPECT_EQ(lib.playlists, (std::vector<ForeignPlaylist>{{{"First"}, {1, 0}}, {{"Second", "Inner"}, {}}}));
  EXPECT_EQ(lib.notes.size(), 2u) << "lists within each other, an entry of no track";
  // Older ones, and what is no database.
  const test::TempFolder old;
  std::filesystem::create_directories(old.path() / "Database2");
  make_engine(old / "Database2/m.db", "1");
  std::string error;
  EXPECT_FALSE(read_foreign(old.path(), &error));
  EXPECT_NE(error.find("older than 2"), std::string::npos) << error;
  write(old.path() / "Database2/m.db", "no database");
  EXPECT_FALSE(read_foreign(old.path(), &error));
  EXPECT_FALSE(error.empty());
}

// -- Serato

std::string markers2_tag() {
  std::string cue = std::string("\0\1", 2);
  big(cue, 2500, 4);
  cue += std::string("\0\xCC\x88\0\0\0Drop\0", 11);
  std::string loop = std::string("\0\0", 2);
  big(loop, 4000, 4);
  big(loop, 6000, 4);
  loop += std::string("\xFF\xFF\xFF\xFF\0\x27\xAA\xE1\0\1\0", 11);
  std::string inner = "\1\1";
  const auto entry = [&](const std::string& name, const std::string& data) {
    inner += name + '\0';
    big(inner, data.size(), 4);
    inner += data;
  };
  entry("COLOR", std::string("\0\xFF\x99\x99", 4));
  entry("CUE", cue);
  entry("LOOP", loop);
  entry("FLIP", "what is not known");
  entry("BPMLOCK", std::string(1, '\0'));
  inner += '\0';
  std::string out = "\1\1";
  // Base64 in lines of 72 letters, without '=' at its end.
  constexpr const char* kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i * 6 < inner.size() * 8; ++i) {
    unsigned six = 0;
    for (std::size_t bit = i * 6; bit < i * 6 + 6; ++bit)
      six = six << 1 | (bit / 8 < inner.size() ? static_cast<unsigned char>(inner[bit / 8]) >> (7 - bit % 8) & 1u : 0u);
    if (i > 0 && i % 72 == 0) out += '\n';
    out += kLetters[six];
  }
  out.resize(470, '\0');
  return out;
}

std::string beatgrid_tag() {
  std::string b = std::string("\1\0", 2);
  big(b, 2, 4);
  big(b, std::bit_cast<std::uint32_t>(0.5f), 4);
  big(b, 16, 4);
  big(b, std::bit_cast<std::uint32_t>(8.5f), 4);
  big(b, std::bit_cast<std::uint32_t>(140.0f), 4);
  return b + '\x37';
}

TEST(Serato, TagsAreReadAndChangeOnlyWhereTheTrackDid) {
  ForeignTrack t;
  t.kept = {{kSeratoMarkers2, markers2_tag()},
            {kSeratoBeatGrid, beatgrid_tag()},
            {kSeratoAutotags, std::string("\1\1"
                                          "120.00\0-3.2\0",
                                          15)}};
  std::vector<std::string> notes;
  read_serato_tags(t, notes);
  EXPECT_TRUE(notes.empty());
  EXPECT_EQ(t.cues, (std::vector<ForeignCue>{{2.5, 1, "Drop", "#CC8800"}}));
  EXPECT_EQ(t.loops, (std::vector<ForeignLoop>{{4, 6, 0, "", ""}}));
  EXPECT_EQ(t.grid, (std::vector<ForeignAnchor>{{0.5, 120, 1, 4}, {8.5, 140, 1, 4}}));
  EXPECT_DOUBLE_EQ(t.bpm, 120);
  EXPECT_EQ(t.color, "#993333");
  std::vector<std::string> cant;
  EXPECT_EQ(serato_tags_of(t, t.kept, false, cant), t.kept) << "nothing changed";
  // One cue moves: both kinds of markers say so, all else is byte for byte what it was.
  ForeignTrack moved = t;
  moved.cues[0].seconds = 3.0004;
  moved.kept = serato_tags_of(moved, t.kept, false, cant);
  EXPECT_EQ(cant, (std::vector<std::string>{"cues and loops are rounded to whole milliseconds"}));
  ASSERT_EQ(moved.kept.size(), 4u);
  EXPECT_EQ(moved.kept[1], t.kept[1]);
  EXPECT_EQ(moved.kept[3].name, kSeratoMarkers);
  EXPECT_EQ(moved.kept[3].bytes.size(), 6u + 14 * 22 + 4);
  EXPECT_EQ(moved.kept[0].bytes.size(), 470u);
  for (const bool without_old : {false, true}) {
    ForeignTrack again;
    again.kept = moved.kept;
    if (without_old) again.kept.pop_back();
    read_serato_tags(again, notes);
    EXPECT_EQ(again.cues, (std::vector<ForeignCue>{{3, 1, "Drop", "#CC8800"}}));
    EXPECT_EQ(again.loops, t.loops);
    EXPECT_EQ(again.color, t.color);
  }
  ForeignTrack old;
  old.kept = {moved.kept[3]};
  read_serato_tags(old, notes);
  EXPECT_EQ(old.cues, (std::vector<ForeignCue>{{3, 1, "", "#CC8800"}})) << "the old kind has no names";
  EXPECT_EQ(old.loops, t.loops);
  // And back: what is not known is still there.
  cant.clear();
  const auto back = serato_tags_of(t, moved.kept, false, cant);
  EXPECT_EQ(back[0].bytes, t.kept[0].bytes);
}

TEST(Serato, WhatDoesNotFitIsListed) {
  ForeignTrack t;
  for (int i = 0; i < 10; ++i) t.cues.push_back({1.0 + i, i, "", ""});
  for (int i = 0; i < 9; ++i) t.loops.push_back({1.0 + i, 2.0 + i, -1, "", ""});
  t.cues[0].seconds = 20000;
  for (const bool mp4 : {false, true}) {
    std::vector<std::string> cant;
    ForeignTrack again;
    again.kept = serato_tags_of(t, {}, mp4, cant);
    EXPECT_EQ(cant.size(), 4u) << "two cues, a loop, loops without numbers, a mark after hours";
    read_serato_tags(again, cant);
    EXPECT_EQ(again.cues.size(), 8u);
    EXPECT_EQ(again.loops.size(), 8u);
  }
}

std::string database(const std::string& track) {
  return chunk("vrsn", wide("2.0/Serato Scratch LIVE Database")) +
         chunk("otrk", chunk("ttyp", wide("mp3")) + chunk("pfil", wide(track)) + chunk("tsng", wide("One")) +
                           chunk("tbpm", wide("126.50")) + chunk("tlen", wide("03:27.45")) + chunk("bunk", "x"));
}

std::string crate(const std::vector<std::string>& tracks) {
  std::string out = chunk("vrsn", wide("1.0/Serato ScratchLive Crate")) +
                    chunk("osrt", chunk("tvcn", wide("song")) + chunk("brev", std::string(1, '\0')));
  for (const std::string& t : tracks) out += chunk("otrk", chunk("ptrk", wide(t)));
  return out;
}

void encode(const test::TempFolder& folder, const std::string& outputs) {
  const std::string command =
      "cd '" + folder.path().string() + "' && ffmpeg -v error -y -f lavfi -i sine=frequency=440:duration=1 " + outputs;
  ASSERT_EQ(std::system(command.c_str()), 0) << command;
}

TEST(Serato, AFolderHasTracksCratesSmartCratesAndSessions) {
  const test::TempFolder drive;
  encode(drive, "a.flac");
  const auto serato = drive.path() / "_Serato_";
  write(serato / "database V2", database("a.flac"));
  write(serato / "Subcrates/House%%Deep.crate", crate({"b.mp3", "a.flac"}));
  write(serato / "SmartCrates/New.scrate", chunk("vrsn", wide("1.0/Serato ScratchLive Smart Crate")) +
                                               chunk("rart", chunk("brut", std::string(1, '\1'))) +
                                               chunk("otrk", chunk("ptrk", wide("a.flac"))));
  std::string field;
  big(field, 2, 4);
  big(field, 2 * (drive / "a.flac").size() + 2, 4);
  write(serato / "History/Sessions/3.session",
        chunk("vrsn", wide("1.0/Serato Scratch LIVE Review")) +
            chunk("oent", chunk("adat", field + wide(drive / "a.flac") + std::string(2, '\0'))));
  std::string error;
  ASSERT_TRUE(write_serato_tags(drive / "a.flac", {{kSeratoMarkers2, markers2_tag()}}, &error)) << error;
  const ForeignLibrary lib = read_at(drive.path());
  ASSERT_EQ(lib.tracks.size(), 2u);
  EXPECT_EQ(lib.tracks[0].path, drive / "a.flac");
  EXPECT_NEAR(lib.tracks[0].length, 207.45, 1e-9);
  EXPECT_DOUBLE_EQ(lib.tracks[0].bpm, 126.5);
  EXPECT_EQ(lib.tracks[0].cues.size(), 1u) << "from the file's tags";
  EXPECT_EQ(lib.playlists, (std::vector<ForeignPlaylist>{{{"House", "Deep"}, {1, 0}},
                                                         {{"New"}, {0}, ForeignList::smart},
                                                         {{"History", "3"}, {0}, ForeignList::history}}));
  EXPECT_EQ(read_at(serato), lib);
  EXPECT_EQ(serato_bytes(*serato_chunks(database("a.flac"))), database("a.flac"));
  write(serato / "database V2", database("a.flac").substr(0, 90));
  EXPECT_NE(read_at(serato).notes.at(0).find("damaged"), std::string::npos);
}

TEST(Serato, TagsGoIntoEachKindOfFileAndItsAudioStays) {
  const test::TempFolder folder;
  encode(folder, "a.mp3 -c:a aac b.m4a -c:a flac c.flac -c:a libvorbis d.ogg e.aiff f.wav");
  for (const char* name : {"a.mp3", "b.m4a", "c.flac", "d.ogg", "e.aiff", "f.wav"}) {
    SCOPED_TRACE(name);
    const std::string path = folder / name, before = slurp(path);
    ForeignTrack t;
    t.cues = {{0.25, 2, "Grün", "#112233"}};
    t.loops = {{0.5, 0.75, 1, "", ""}};
    t.grid = {{0.1, 120, 1, 4}};
    std::vector<std::string> cant;
    const auto tags = serato_tags_of(t, {}, is_mp4(path), cant);
    std::string error;
    ASSERT_TRUE(write_serato_tags(path, tags, &error)) << error;
    const std::string after = slurp(path);
    EXPECT_NE(after, before);
    EXPECT_TRUE(same_audio_bytes(before, after, path));
    std::string other = after;
    const std::size_t middle = path.ends_with("aiff") || path.ends_with("wav") ? before.size() / 2 : after.size() - 200;
    other[path.ends_with("b.m4a") ? other.find("mdat") + 100 : middle] ^= 1;
    EXPECT_FALSE(same_audio_bytes(before, other, path)) << "a bit of it is another";
    const auto found = read_at(path).tracks.at(0);
    EXPECT_EQ(found.cues, t.cues);
    EXPECT_EQ(found.loops, t.loops);
    ASSERT_EQ(found.grid.size(), 1u);
    EXPECT_NEAR(found.grid[0].seconds, 0.1, 1e-6);
  }
  // Nothing is left beside them, and a file that isn't what its name says is left alone.
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 6);
  write(folder.path() / "g.mp3", "no music");
  std::string error;
  EXPECT_FALSE(write_serato_tags(folder / "g.flac", {{kSeratoMarkers2, markers2_tag()}}, &error));
  write(folder.path() / "h.flac", "no music");
  EXPECT_FALSE(write_serato_tags(folder / "h.flac", {{kSeratoMarkers2, markers2_tag()}}, &error));
  EXPECT_EQ(slurp(folder.path() / "h.flac"), "no music");
}

}  // namespace
}  // namespace tactus::library
