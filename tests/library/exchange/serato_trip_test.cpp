// Serato's folder and its tags in music files: in, one cue edited with the folder deleted, and out again.
#include <gtest/gtest.h>
#include <taglib/fileref.h>
#include <taglib/tag.h>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>

#include "library/exchange/exporter.h"
#include "library/exchange/importer.h"
#include "library/foreign/binary.h"
#include "library/foreign/serato.h"
#include "library/foreign/tag_files.h"
#include "library/foreign/timeline.h"
#include "library/foreign/write.h"
#include "library/store/tracks.h"
#include "support/temp_folder.h"

namespace tactus::library {
namespace {

namespace fs = std::filesystem;
using namespace test_binary;

// What a music file's tags hold besides Serato's markers, piece by piece as bytes: frames of ID3, atoms of MP4, blocks
// of FLAC (of its comments each), chunks of AIFF.
using Pieces = std::multimap<std::string, std::string>;

std::uint32_t big_at(std::string_view b, std::size_t at, int bits = 8) {
  std::uint32_t v = 0;
  for (std::size_t i = 0; i < 4; ++i) v = v << bits | static_cast<unsigned char>(b.at(at + i));
  return v;
}

void id3_frames(std::string_view tag, Pieces& out) {
  const bool v4 = tag.at(3) == 4;
  const std::size_t end = 10 + big_at(tag, 6, 7);
  out.emplace("version", std::string(tag.substr(3, 2)));
  for (std::size_t at = 10; at + 10 <= end && tag[at] != '\0';) {
    const std::size_t size = 10 + big_at(tag, at + 4, v4 ? 7 : 8);
    out.emplace(tag.substr(at, 4), tag.substr(at, size));
    at += size;
  }
}

void flac_blocks(std::string_view b, Pieces& out) {
  const auto little_at = [&](std::size_t at) {
    std::size_t v = 0;
    for (std::size_t i = 4; i-- > 0;) v = v << 8 | static_cast<unsigned char>(b.at(at + i));
    return v;
  };
  for (std::size_t at = 4, last = 0; last == 0;) {
    last = static_cast<unsigned char>(b.at(at)) >> 7;
    const int type = b[at] & 127;
    const std::size_t size = big_at(b, at) & 0xFFFFFF;
    if (type == 4) {
      std::size_t p = at + 8 + little_at(at + 4);
      for (std::size_t n = little_at(p), i = (p += 4, 0); i < n; ++i) {
        std::string comment(b.substr(p + 4, little_at(p)));
        for (char& c : comment) {  // names have no case
          if (c == '=') break;
          c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
        }
        out.emplace("comment " + comment.substr(0, comment.find('=')), comment);
        p += 4 + little_at(p);
      }
    } else if (type != 1) {  // padding is room
      out.emplace("block " + std::to_string(type), b.substr(at + 4, size));
    }
    at += 4 + size;
  }
}

// Chunks of AIFF and atoms of MP4's "moov/udta/meta/ilst".
void boxes(std::string_view b, bool mp4, Pieces& out) {
  for (std::size_t at = mp4 ? 0 : 12; at + 8 <= b.size();) {
    const std::string name(b.substr(at + (mp4 ? 4 : 0), 4));
    const std::size_t size = big_at(b, at + (mp4 ? 0 : 4)) + (mp4 ? 0u : 8u);
    const std::string_view inside = b.substr(at + 8, size - 8);
    if (mp4 && (name == "moov" || name == "udta" || name == "ilst")) {
      boxes(inside, true, out);
    } else if (mp4 && name == "meta") {
      boxes(inside.substr(4), true, out);
    } else if (name == "ID3 ") {
      id3_frames(inside, out);
    } else if (name != "free" && name != "trak") {  // room; where its samples are
      out.emplace(name, b.substr(at, size));
    }
    at += size + (mp4 ? 0 : size % 2);
  }
}

Pieces pieces_of(const std::string& path) {
  const std::string bytes = slurp(path);
  Pieces out;
  if (path.ends_with(".mp3")) id3_frames(bytes, out);
  if (path.ends_with(".flac")) flac_blocks(bytes, out);
  if (path.ends_with(".aiff")) boxes(bytes, false, out);
  if (path.ends_with(".m4a")) boxes(bytes, true, out);
  std::erase_if(out, [](const auto& p) {
    const bool serato = p.second.find("Serato ") != std::string::npos ||
                        p.second.find("SERATO_") != std::string::npos ||
                        p.second.find("com.serato.dj") != std::string::npos;
    return serato;
  });
  return out;
}

// To be shown.
std::vector<std::string> names_of(const Pieces& pieces) {
  std::vector<std::string> out;
  for (const auto& [name, bytes] : pieces) out.push_back(name + " " + bytes.substr(0, 60));
  return out;
}

// A tag as other programs leave it: what only they know, and frames that later versions of ID3 don't have.
std::string odd_id3() {
  std::string frames;
  const auto frame = [&](const char* name, const std::string& data) {
    frames += name;
    big(frames, data.size(), 4);
    frames += std::string("\0\0", 2) + data;
  };
  for (const auto& [name, text] : {std::pair{"TIT2", "One"},
                                   {"TYER", "2019"},
                                   {"TDAT", "2405"},
                                   {"TIME", "2130"},
                                   {"TSIZ", "12345"},
                                   {"TCON", "(17)Rock"},
                                   {"TXYZ", "unknown"}})
    frame(name, std::string(1, '\0') + text);
  frame("PRIV", std::string("www.example.org\0\1\2\3", 19));
  frame("XODD", std::string("\0\xFF\xFE\1", 4));
  frame("RVAD", std::string("\3\x10\0\x20\0\x20", 6));
  frame("GEOB", std::string("\0a/b\0\0Other\0bytes", 17));
  std::string out("ID3\3\0\0", 6);
  for (int bits = 21; bits >= 0; bits -= 7) out += static_cast<char>(frames.size() >> bits & 127);
  return out + frames;
}

// An atom that nobody knows at the end of an MP4's tags, which are the last of it.
std::string with_odd_atom(std::string mp4) {
  const std::string odd = std::string("\0\0\0\x0Bxyzw\1\2\3", 11);
  const std::size_t ilst = mp4.rfind("ilst");
  const std::size_t size = big_at(mp4, ilst - 4);
  mp4.insert(ilst - 4 + size, odd);
  for (const char* name : {"moov", "udta", "meta", "ilst"}) {
    const std::size_t at = mp4.rfind(name, ilst);
    std::string longer;
    big(longer, big_at(mp4, at - 4) + odd.size(), 4);
    mp4.replace(at - 4, 4, longer);
  }
  return mp4;
}

std::string with_odd_block(std::string flac) {
  std::string odd = "\2";
  big(odd, 8, 3);
  return flac.insert(42, odd + "ODDaFLAC");  // behind STREAMINFO
}

std::string with_odd_chunks(std::string aiff) {
  aiff += chunk("APPL", "oddone") + chunk("ID3 ", odd_id3());
  std::string size;
  big(size, aiff.size() - 8, 4);
  return aiff.replace(4, 4, size);
}

class SeratoTrip : public testing::Test {
 protected:
  void SetUp() override {
    const std::string command =
        "cd '" + folder_ +
        "' && ffmpeg -v error -y -f lavfi -i sine=frequency=440:duration=2 -metadata title=One "
        "-id3v2_version 0 a.mp3 -metadata title=One -metadata ODD=x b.flac -metadata title=One -c:a aac c.m4a d.aiff";
    ASSERT_EQ(std::system(command.c_str()), 0);
    change("a.mp3", [](const std::string& b) { return odd_id3() + b; });
    change("b.flac", with_odd_block);
    change("d.aiff", [](std::string b) { return with_odd_chunks(std::move(b)); });
  }
  void change(const char* name, const std::function<std::string(std::string)>& how) {
    write(folder_ + "/" + name, how(slurp(folder_ + "/" + name)));
  }
  // As Serato leaves it.
  void mark(const std::string& name) {
    ForeignTrack t;
    t.cues = {{0.25, 0, "Drop", "#112233"}, {1, 3, "", "#CC0000"}};
    t.loops = {{0.5, 0.75, 1, "round", ""}};
    t.grid = {{0.125, 120, 1, 4}};
    std::vector<std::string> cant;
    std::string error;
    const std::string path = folder_ + "/" + name;
    ASSERT_TRUE(write_serato_tags(path, serato_tags_of(t, {}, is_mp4(path), cant), &error)) << name << ": " << error;
  }
  std::string database() const {
    std::string out = chunk("vrsn", wide("2.0/Serato Scratch LIVE Database"));
    for (const char* name : kNames)
      out += chunk("otrk", chunk("pfil", wide(name)) + chunk("tsng", wide("One")) + chunk("bunk", "x"));
    return out + chunk("zzzz", "what is not known");
  }

  static constexpr const char* kNames[] = {"a.mp3", "b.flac", "c.m4a", "d.aiff"};
  const test::TempFolder temp_;
  const std::string folder_ = temp_.path().string();
};

TEST_F(SeratoTrip, OneCueDiffersAndAllElseOfTheMusicFilesSurvives) {
  std::map<std::string, Pieces> before;
  std::map<std::string, std::string> audio;
  for (const std::string name : kNames) {
    before[name] = pieces_of(folder_ + "/" + name);
    audio[name] = slurp(folder_ + "/" + name);
    mark(name);
  }
  const std::string crate = chunk("vrsn", wide("1.0/Serato ScratchLive Crate")) +
                            chunk("otrk", chunk("ptrk", wide("b.flac")) + chunk("bnew", "y")) +
                            chunk("otrk", chunk("ptrk", wide("a.mp3")));
  const std::string smart = chunk("vrsn", wide("1.0/Serato ScratchLive Smart Crate")) +
                            chunk("rurt", chunk("trft", wide("cond_is_str")) + chunk("trpt", wide("House"))) +
                            chunk("otrk", chunk("ptrk", wide("a.mp3")));
  const fs::path serato = folder_ + "/_Serato_";
  write(serato / "database V2", database());
  write(serato / "Subcrates/Deep.crate", crate);
  write(serato / "SmartCrates/New.scrate", smart);

  Store store(folder_ + "/library");
  std::string error;
  const auto read = read_foreign(folder_, &error);
  ASSERT_TRUE(read) << error;
  ASSERT_EQ(read->tracks.size(), 4u);
  ImportOptions how;
  how.accept_proposed = true;  // of AAC with an edit list nobody knows
  const ImportReport report = import_library(store, *read, folder_, how);
  EXPECT_EQ(report.missing, 0u);
  EXPECT_EQ(report.marks, 12u);
  fs::remove_all(serato);
  for (const char* name : kNames) {
    const auto track = read_track(store.db(), *find_track(store.db(), folder_ + "/" + name));
    Mark m = track->marks.at(0);
    m.start = 0.75;
    Edit edit(store, "a test", "a cue");
    put_mark(edit, track->id, m);
    ASSERT_TRUE(edit.commit());
  }
  std::vector<std::string> notes;
  const ForeignLibrary out = export_library(store.db(), "Serato", {}, notes);
  ASSERT_TRUE(write_foreign(out, ForeignFormat::serato, folder_, &error, true)) << error;
  const auto cant = write_serato_music(out);

  EXPECT_EQ(slurp(serato / "database V2"), database());
  EXPECT_EQ(slurp(serato / "Subcrates/Deep.crate"), crate);
  EXPECT_EQ(slurp(serato / "SmartCrates/New.scrate"), smart);
  for (std::size_t i = 0; i < 4; ++i) {
    const std::string name = kNames[i], path = folder_ + "/" + name;
    SCOPED_TRACE(name);
    const Pieces after = pieces_of(path);
    EXPECT_EQ(names_of(after), names_of(before[name]));
    EXPECT_TRUE(after == before[name]);
    EXPECT_TRUE(same_audio_bytes(audio[name], slurp(path), path));
    const auto again = read_foreign(path, &error);
    ASSERT_TRUE(again) << error;
    ForeignTrack want = read->tracks[i], got = again->tracks[0];
    const Timeline line = timeline_of("Serato", path);
    ASSERT_EQ(got.cues.size(), 2u);
    EXPECT_NEAR(got.cues[0].seconds, 0.75 - line.proposed, 0.0005);
    want.cues[0].seconds = got.cues[0].seconds;
    EXPECT_EQ(got.cues, want.cues);
    EXPECT_EQ(got.loops, want.loops);
    EXPECT_EQ(got.grid, want.grid);
  }
  EXPECT_EQ(cant, std::vector<std::string>({folder_ + "/a.mp3: cues and loops are rounded to whole milliseconds",
                                            folder_ + "/c.m4a: cues and loops are rounded to whole milliseconds"}));
}

std::string sevens(std::size_t v) {
  std::string out;
  for (int bits = 21; bits >= 0; bits -= 7) out += static_cast<char>(v >> bits & 127);
  return out;
}
std::string tag_of(int version, int flags, const std::string& body) {
  return std::string("ID3") + static_cast<char>(version) + '\0' + static_cast<char>(flags) + sevens(body.size()) + body;
}
std::string sized(std::size_t size, int bytes) {
  std::string out;
  big(out, size, bytes);
  return out;
}
std::size_t count_of(const std::string& in, const std::string& what) {
  std::size_t n = 0;
  for (std::size_t at = in.find(what); at != std::string::npos; at = in.find(what, at + 1)) ++n;
  return n;
}

// TagLib would drop their frames, too, or write them as others.
TEST_F(SeratoTrip, Id3TagsThatAreWrappedOrOldKeepTheirFrames) {
  const std::string zeros("\0\0", 2), title("\0One", 4), odd("\0\xFF\0\xE0x", 5), stuffed("\0\xFF\0\0\xE0x", 6);
  const std::string mine = std::string("\0a/b\0\0Serato Markers2\0old", 25);
  const std::string v2 = "TT2" + sized(4, 3) + title + "XOD" + sized(5, 3) + odd + "GEO" + sized(25, 3) + mine;
  const std::string v3 = "TIT2" + sized(4, 4) + zeros + title + "XODD" + sized(5, 4) + zeros + odd;
  const std::string v3_stuffed = "TIT2" + sized(4, 4) + zeros + title + "XODD" + sized(5, 4) + zeros + stuffed;
  const std::string extended = sized(6, 4) + std::string(6, '\0');
  const std::string v4 = "TIT2" + sevens(4) + zeros + title + "XODD" + sevens(6) + zeros + stuffed + "GEOB" +
                         sevens(29) + std::string("\0\3", 2) + sevens(25) + mine;
  const std::string music = slurp(folder_ + "/a.mp3").substr(odd_id3().size()), path = folder_ + "/a.mp3";
  const std::string kept3 = "XODD" + sized(5, 4) + zeros + odd, kept4 = "XODD" + sevens(5) + zeros + odd;
  struct Case {
    std::string tag, kept;
  };
  for (const Case& c : {Case{tag_of(2, 0, v2), "XOD" + sized(5, 3) + odd}, Case{tag_of(3, 0x80, v3_stuffed), kept3},
                        Case{tag_of(3, 0x40, extended + v3), kept3}, Case{tag_of(4, 0x80, v4), kept4}}) {
    SCOPED_TRACE(static_cast<int>(c.tag[3]) * 1000 + static_cast<unsigned char>(c.tag[5]));
    write(path, c.tag + music);
    for (const char* now : {"first", "second"}) {
      std::string error;
      ASSERT_TRUE(write_serato_tags(path, {{kSeratoMarkers2, now}}, &error)) << error;
      const std::string after = slurp(path);
      EXPECT_EQ(after[3], c.tag[3]);
      EXPECT_EQ(count_of(after, c.kept), 1u);
      EXPECT_EQ(count_of(after, kSeratoMarkers2), 1u);
      EXPECT_TRUE(after.ends_with(music));
      EXPECT_EQ(TagLib::FileRef(path.c_str()).tag()->title(), "One");
      const auto tags = serato_tags_in(path);
      ASSERT_TRUE(tags && tags->size() == 1);
      EXPECT_EQ((*tags)[0].bytes, now);
    }
  }
  // What doesn't hold together, or can't be opened, is left alone.
  for (const std::string& tag : {tag_of(3, 0, v3 + "?"), tag_of(2, 0x40, v2), tag_of(4, 0x10, v4),
                                 tag_of(3, 0, "GEOB" + sized(25, 4) + std::string("\0\x80", 2) + mine)}) {
    write(path, tag + music);
    std::string error;
    EXPECT_FALSE(write_serato_tags(path, {{kSeratoMarkers2, "x"}}, &error));
    EXPECT_NE(error.find("ID3 tag is damaged"), std::string::npos) << error;
    EXPECT_EQ(slurp(path), tag + music);
  }
}

// TagLib would drop it.
TEST_F(SeratoTrip, AnMp4WithATagThatWouldBeLostIsLeftAlone) {
  change("c.m4a", with_odd_atom);
  const std::string path = folder_ + "/c.m4a", before = slurp(path);
  std::string error;
  EXPECT_FALSE(write_serato_tags(path, {{kSeratoMarkers2, "x"}}, &error));
  EXPECT_EQ(error, "writing its tags would lose the one that is called \"xyzw\"");
  EXPECT_EQ(slurp(path), before);
}

}  // namespace
}  // namespace tactus::library
