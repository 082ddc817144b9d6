// Scanning folders: what is found, found again, missing, broken.
#include "library/store/scan.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <taglib/apetag.h>
#include <taglib/attachedpictureframe.h>
#include <taglib/fileref.h>
#include <taglib/flacfile.h>
#include <taglib/id3v2tag.h>
#include <taglib/mp4file.h>
#include <taglib/mpegfile.h>
#include <taglib/tpropertymap.h>
#include <taglib/xiphcomment.h>
#include <unistd.h>

#include <filesystem>

#include "library/store/art.h"
#include "library/store/scan_writer.h"
#include "library/store/tracks.h"
#include "music.h"
#include "support/temp_folder.h"

namespace tactus::library {
namespace {

namespace fs = std::filesystem;

class Scanning : public ::testing::Test {
 protected:
  Scanning() : music_(folder_ / "music"), store_(folder_ / "library") { fs::create_directories(music_); }
  std::string at(const std::string& name) const { return music_ + "/" + name; }
  ScanReport scan_now() { return scan_folder(music_); }
  ScanReport scan_folder(const std::string& folder) {
    ScanOptions o;
    o.folders = {folder};
    return scan(store_, o);
  }
  Database& db() { return store_.db(); }
  std::int64_t count(const std::string& of) { return *db().integer("SELECT count(*) FROM " + of); }
  std::int64_t track_at(const std::string& path) {
    return db().integer("SELECT track FROM file WHERE path = ?1", Bytes{path}).value_or(0);
  }

  test::TempFolder folder_;
  std::string music_;
  Store store_;
};

void set_tags(const std::string& path, const std::string& title, const std::string& artist) {
  TagLib::FileRef ref(path.c_str());
  TagLib::PropertyMap tags = ref.file()->properties();
  tags["TITLE"] = TagLib::String(title, TagLib::String::UTF8);
  tags["ARTIST"] = TagLib::String(artist, TagLib::String::UTF8);
  ref.file()->setProperties(tags);
  ASSERT_TRUE(ref.save()) << path;
}

TEST_F(Scanning, FindsFilesOnceAndReadsOnlyWhatChanged) {
  fs::create_directories(at("a/b"));
  test::write_bytes(at("a/one.wav"), test::wav(1));
  test::write_bytes(at("a/b/two.wav"), test::wav(2, 2));
  test::write_bytes(at("a/text.txt"), "no music");
  test::write_bytes(at("a/.hidden.wav"), test::wav(3));
  set_tags(at("a/one.wav"), "Eins", "Ada");
  ScanReport r = scan_now();
  EXPECT_EQ(r.files, 2u);
  EXPECT_EQ(r.added, 2u);
  EXPECT_EQ(db().text("SELECT artist || ' ' || title FROM track WHERE id = ?1", track_at(at("a/one.wav"))), "Ada Eins");
  EXPECT_EQ(db().text("SELECT title FROM track WHERE id = ?1", track_at(at("a/b/two.wav"))), "two");
  EXPECT_EQ(db().integer("SELECT duration FROM track WHERE title = 'two'"), 2);
  EXPECT_EQ(db().text("SELECT codec FROM track WHERE title = 'two'"), "wav");

  r = scan_now();
  EXPECT_EQ(r.unchanged, 2u);
  EXPECT_EQ(r.added + r.changed + r.missing, 0u);

  set_tags(at("a/one.wav"), "Uno", "Ada");
  db().run("UPDATE track SET artist = 'By hand', by_hand = ?1", 1 << find_field("artist")->bit);
  r = scan_now();
  EXPECT_EQ(r.changed, 1u);
  EXPECT_EQ(r.unchanged, 1u);
  EXPECT_EQ(count("track"), 2);
  EXPECT_EQ(db().text("SELECT artist || ' ' || title FROM track WHERE id = ?1", track_at(at("a/one.wav"))),
            "By hand Uno");
}

TEST_F(Scanning, WhatIsGivenBackIsReadAgain) {
  test::write_bytes(at("one.wav"), test::wav(1));
  set_tags(at("one.wav"), "Eins", "Ada");
  scan_now();
  for (const char* title : {"By hand", ""}) {
    Edit edit(store_, "test", "title");
    set_field(edit, 1, *find_field("title"), parse_field(*find_field("title"), title));
    edit.commit();
    scan_now();
    EXPECT_EQ(db().text("SELECT title FROM track"), *title ? title : "Eins");
  }
}

TEST_F(Scanning, MovedFilesKeepTheirTrackAndCopiesShareIt) {
  test::write_bytes(at("one.wav"), test::wav(1));
  scan_now();
  const std::int64_t track = track_at(at("one.wav"));
  fs::create_directories(at("new"));
  fs::rename(at("one.wav"), at("new/renamed.wav"));
  set_tags(at("new/renamed.wav"), "Other tags", "too");
  ScanReport r = scan_now();
  EXPECT_EQ(r.moved, 1u);
  EXPECT_EQ(r.added + r.missing + r.duplicates, 0u);
  EXPECT_EQ(track_at(at("new/renamed.wav")), track);
  EXPECT_EQ(count("file"), 1);

  fs::copy(at("new/renamed.wav"), at("copy.wav"));
  r = scan_now();
  EXPECT_EQ(r.duplicates, 1u);
  EXPECT_EQ(track_at(at("copy.wav")), track);
  EXPECT_EQ(count("track"), 1);

  // Two that swap their names are still each other's.
  test::write_bytes(at("two.wav"), test::wav(2));
  scan_now();
  const std::int64_t two = track_at(at("two.wav"));
  fs::rename(at("two.wav"), at("x"));
  fs::rename(at("copy.wav"), at("two.wav"));
  fs::rename(at("x"), at("copy.wav"));
  scan_now();
  EXPECT_EQ(track_at(at("copy.wav")), two);
  EXPECT_EQ(track_at(at("two.wav")), track);
  EXPECT_EQ(count("track"), 2);
}

TEST_F(Scanning, AnotherCodingOfAPieceStaysTheTrackAndOtherMusicDoesNot) {
  test::write_bytes(at("one.wav"), test::wav(1, 3));
  scan_now();
  const std::int64_t track = track_at(at("one.wav"));
  test::write_bytes(at("one.wav"), test::wav(2, 3.5));
  scan_now();
  EXPECT_EQ(track_at(at("one.wav")), track);
  test::write_bytes(at("one.wav"), test::wav(3, 9));
  scan_now();
  EXPECT_NE(track_at(at("one.wav")), track);
  // Its old music lies elsewhere, and as long as the new: they are told apart.
  const std::int64_t other = track_at(at("one.wav"));
  fs::rename(at("one.wav"), at("zzz.wav"));
  test::write_bytes(at("one.wav"), test::wav(4, 9));
  scan_now();
  EXPECT_EQ(track_at(at("zzz.wav")), other);
  EXPECT_NE(track_at(at("one.wav")), other);
}

TEST_F(Scanning, WhatIsGoneIsMissingAndComesBack) {
  fs::create_directories(at("drive"));
  test::write_bytes(at("drive/one.wav"), test::wav(1));
  test::write_bytes(at("two.wav"), test::wav(2));
  scan_now();
  fs::rename(at("drive"), folder_ / "unplugged");
  ScanReport r = scan_now();
  EXPECT_EQ(r.missing, 1u);
  EXPECT_EQ(scan_now().missing, 0u);  // once
  EXPECT_EQ(count("file WHERE missing_since IS NOT NULL"), 1);
  EXPECT_EQ(count("track"), 2);
  fs::rename(folder_ / "unplugged", at("drive"));
  r = scan_now();
  EXPECT_EQ(r.back, 1u);
  EXPECT_EQ(count("file WHERE missing_since IS NOT NULL"), 0);
  // A whole root that isn't there.
  fs::rename(music_, folder_ / "unplugged");
  r = scan(store_, {});
  EXPECT_EQ(r.missing, 2u);
  ASSERT_EQ(r.problems.size(), 1u);
  EXPECT_NE(r.problems[0].find("drive isn't there"), std::string::npos) << r.problems[0];
  // The drive has another place now.
  r = scan_folder(folder_ / "unplugged");
  EXPECT_EQ(r.moved, 2u);
  EXPECT_EQ(count("track"), 2);
  EXPECT_EQ(count("file"), 2);
}

TEST_F(Scanning, ABrokenFileIsNotedAndTheRestGoesOn) {
  test::write_bytes(at("a.mp3"), "this is no music at all, however it is called");
  test::write_bytes(at("b.wav"), "");
  test::write_bytes(at("c.wav"), test::wav(1));
  ::mkfifo(at("d.wav").c_str(), 0600);
  ScanReport r = scan_now();
  EXPECT_EQ(r.added, 1u);
  EXPECT_EQ(r.broken, 2u);
  EXPECT_EQ(db().text("SELECT error FROM file WHERE path = ?1", Bytes{at("b.wav")}), "it is empty");
  EXPECT_EQ(scan_now().unchanged, 3u);
  test::write_bytes(at("b.wav"), test::wav(2));
  r = scan_now();
  EXPECT_EQ(r.changed, 1u);
  EXPECT_EQ(r.broken, 0u);
  EXPECT_EQ(count("file WHERE error IS NULL"), 2);
}

TEST_F(Scanning, WhatWasOutOfReachIsReadAgainThoughItStaysAsItIs) {
  scan_now();
  ScanReport r;
  ScanWriter writer(db(), r);
  const FoundFile file{at("a.wav"), *db().integer("SELECT id FROM root"), 1000, 12345};
  for (const bool passing : {false, true}) {
    MusicFile read;
    read.error = "it can't be opened";
    read.passing = passing;
    writer.put(file, read);
    EXPECT_EQ(writer.know(file), !passing);
  }
}

TEST_F(Scanning, ReadersThatCrashOrHangCostOneFile) {
  for (int i = 0; i < 40; ++i) test::write_bytes(at("f" + std::to_string(100 + i) + ".wav"), test::wav(i));
  ScanOptions o;
  o.folders = {music_};
  o.most_per_file = std::chrono::milliseconds(300);
  o.read = [](const std::string& path) -> MusicFile {
    if (path.ends_with("f110.wav")) ::raise(SIGKILL);
    if (path.ends_with("f120.wav")) ::pause();
    if (path.ends_with("f130.wav")) throw std::runtime_error("a tag of 4 GiB");
    return read_music_file(path);
  };
  const ScanReport r = scan(store_, o);
  EXPECT_EQ(r.added, 37u);
  EXPECT_EQ(r.broken, 3u);
  const auto why = [&](const std::string& name) {
    return db().text("SELECT error FROM file WHERE path = ?1", Bytes{at(name)}).value_or("");
  };
  EXPECT_EQ(why("f110.wav"), "reading its tags crashed the reader");
  EXPECT_EQ(why("f120.wav"), "reading its tags took too long");
  EXPECT_EQ(why("f130.wav"), "its tags are broken: a tag of 4 GiB");
}

TEST_F(Scanning, AnyNameAndLoopsOfLinks) {
  const std::string odd = "Bj\xf6rk \xe2\x98\x83 \n.wav";  // Latin-1, UTF-8 and a line's end
  test::write_bytes(at(odd), test::wav(1));
  fs::create_directories(at("x"));
  fs::create_directory_symlink("..", at("x/up"));
  fs::create_directory_symlink("x", at("y"));
  const ScanReport r = scan_now();
  EXPECT_EQ(r.files, 1u);
  EXPECT_EQ(r.problems.size(), 2u);
  EXPECT_EQ(db().text("SELECT path FROM file"), at(odd));
  EXPECT_EQ(shown_path(odd), "Bj\\xf6rk \xe2\x98\x83 \\x0a.wav");
  EXPECT_EQ(db().text("SELECT title FROM track"), "Bj\\xf6rk \xe2\x98\x83 \\x0a");
}

TEST_F(Scanning, StoppedItKeepsWhatItHas) {
  for (int i = 0; i < 30; ++i) test::write_bytes(at(std::to_string(i) + ".wav"), test::wav(i));
  ScanOptions o;
  o.folders = {music_};
  o.progress = [](const ScanProgress& p) { return p.done < 10 || p.of == 0; };
  ScanReport r = scan(store_, o);
  EXPECT_TRUE(r.stopped);
  EXPECT_EQ(r.added, 10u);
  r = scan_now();
  EXPECT_EQ(r.unchanged, 10u);
  EXPECT_EQ(r.added, 20u);
}

// What no re-tagging may change, of a real file of each format.
struct Coded {
  const char *name, *options;
};
class Identity : public ::testing::TestWithParam<Coded> {};

TEST_P(Identity, IsOfTheSoundAlone) {
  test::TempFolder folder;
  const auto make = [&](const std::string& path, int pitch) {
    const std::string command = "ffmpeg -v error -f lavfi -i 'aevalsrc=0.3*sin(" + std::to_string(pitch) +
                                "*t)+0.1*random(0):s=44100:d=2' " + GetParam().options + " '" + path + "'";
    ASSERT_EQ(std::system(command.c_str()), 0) << command;
  };
  const std::string path = folder / GetParam().name, other = folder / ("other-" + std::string(GetParam().name));
  make(path, 1000);
  make(other, 1500);
  const MusicFile before = read_music_file(path);
  ASSERT_EQ(before.error, "");
  EXPECT_NEAR(before.duration, 2, 0.1);
  EXPECT_FALSE(before.art);
  set_tags(path, std::string(3000, 'x'), "Sig\xc3\xbar R\xc3\xb3s");
  // Of two pictures the front cover is shown, wherever it stands.
  const TagLib::ByteVector picture = TagLib::ByteVector("\x89PNG\r\n\x1a\n", 8) + TagLib::ByteVector(100000, 'p');
  if (path.ends_with(".mp3")) {
    TagLib::MPEG::File f(path.c_str());
    for (const bool front : {false, true}) {
      auto* frame = new TagLib::ID3v2::AttachedPictureFrame;
      frame->setType(front ? TagLib::ID3v2::AttachedPictureFrame::FrontCover
                           : TagLib::ID3v2::AttachedPictureFrame::Artist);
      frame->setPicture(front ? picture : TagLib::ByteVector("another"));
      f.ID3v2Tag(true)->addFrame(frame);
    }
    f.save(TagLib::MPEG::File::AllTags);  // with ID3v1 at the end, and APE
    f.APETag(true)->setTitle("x");
    f.save(TagLib::MPEG::File::AllTags, TagLib::File::StripNone);
  } else if (path.ends_with(".flac")) {
    TagLib::FLAC::File f(path.c_str());
    auto* p = new TagLib::FLAC::Picture;
    p->setData(picture);
    f.addPicture(p);
    f.save();
  } else if (path.ends_with(".m4a")) {
    TagLib::MP4::File f(path.c_str());
    f.tag()->setItem("covr", TagLib::MP4::CoverArtList().append({TagLib::MP4::CoverArt::PNG, picture}));
    f.save();
  } else if (auto* xiph = dynamic_cast<TagLib::Ogg::XiphComment*>(TagLib::FileRef(path.c_str()).tag())) {
    ASSERT_NE(xiph, nullptr);
  }
  const MusicFile after = read_music_file(path);
  EXPECT_EQ(after.identity, before.identity);
  EXPECT_EQ(after.artist, "Sig\xc3\xbar R\xc3\xb3s");
  EXPECT_EQ(after.title, std::string(1000, 'x'));  // cut
  EXPECT_EQ(after.art, path.ends_with(".mp3") || path.ends_with(".flac") || path.ends_with(".m4a"));
  const std::optional<Art> art = embedded_art(path);
  ASSERT_EQ(art.has_value(), after.art);
  if (art) {
    EXPECT_EQ(art->type, "image/png");
    EXPECT_EQ(art->bytes, std::string(picture.data(), picture.size()));
  }
  EXPECT_FALSE(read_music_file(other).identity == before.identity);
}

INSTANTIATE_TEST_SUITE_P(Formats, Identity,
                         ::testing::Values(Coded{"a.mp3", "-b:a 128k"}, Coded{"a.flac", ""}, Coded{"a.wav", ""},
                                           Coded{"a.aiff", "-write_id3v2 1"}, Coded{"a.m4a", "-movflags +faststart"},
                                           Coded{"a.ogg", "-c:a libvorbis"}, Coded{"a.opus", "-c:a libopus"}),
                         [](const auto& of) { return std::string(of.param.name).substr(2); });

}  // namespace
}  // namespace tactus::library
