#include "library/search/generate.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace tactus::library {

namespace {

constexpr std::int64_t kDaySeconds = 86400;

struct GenreShape {
  const char* name;
  double bpm;
  int energy;
};
// The most frequent first.
constexpr std::array kGenres = {GenreShape{"House", 124, 6},
                                GenreShape{"Techno", 132, 8},
                                GenreShape{"Deep House", 121, 5},
                                GenreShape{"Tech House", 126, 7},
                                GenreShape{"Hip-Hop", 92, 5},
                                GenreShape{"Pop", 116, 6},
                                GenreShape{"Drum & Bass", 174, 9},
                                GenreShape{"Trance", 138, 8},
                                GenreShape{"Progressive House", 124, 6},
                                GenreShape{"Disco", 118, 6},
                                GenreShape{"R&B", 98, 4},
                                GenreShape{"Melodic Techno", 123, 6},
                                GenreShape{"Minimal", 127, 6},
                                GenreShape{"Dubstep", 140, 8},
                                GenreShape{"Funk", 108, 6},
                                GenreShape{"Soul", 96, 4},
                                GenreShape{"Afro House", 121, 6},
                                GenreShape{"Electro", 128, 7},
                                GenreShape{"UK Garage", 132, 7},
                                GenreShape{"Ambient", 90, 1},
                                GenreShape{"Breaks", 133, 7},
                                GenreShape{"Reggaeton", 95, 6},
                                GenreShape{"Acid House", 125, 7},
                                GenreShape{"Hard Techno", 148, 10},
                                GenreShape{"Psytrance", 143, 9},
                                GenreShape{"Rock", 124, 7},
                                GenreShape{"Reggae", 76, 3},
                                GenreShape{"Downtempo", 88, 2},
                                GenreShape{"Jungle", 168, 9},
                                GenreShape{"Italo Disco", 122, 6},
                                GenreShape{"Progressive Trance", 134, 7},
                                GenreShape{"Amapiano", 113, 5},
                                GenreShape{"Hardstyle", 150, 10},
                                GenreShape{"Jazz", 110, 3},
                                GenreShape{"Música Brasileira", 102, 4},
                                GenreShape{"Latin", 104, 6}};

constexpr const char* kCommonWords[] = {
    "the",   "you",     "love",   "me",      "of",      "night", "in",     "dance",    "my",       "to",    "a",
    "i",     "feel",    "on",     "time",    "music",   "your",  "it",     "get",      "down",     "baby",  "house",
    "up",    "life",    "world",  "back",    "girl",    "one",   "do",     "deep",     "be",       "all",   "don",
    "light", "sun",     "heart",  "dream",   "go",      "body",  "good",   "way",      "more",     "come",  "day",
    "never", "fire",    "black",  "let",     "for",     "is",    "move",   "party",    "blue",     "soul",  "with",
    "high",  "no",      "people", "live",    "free",    "and",   "space",  "rock",     "beat",     "bass",  "city",
    "acid",  "home",    "sound",  "summer",  "street",  "out",   "star",   "gold",     "sky",      "moon",  "rain",
    "work",  "power",   "real",   "machine", "forever", "need",  "money",  "wild",     "Señorita", "noche", "Über",
    "fête",  "corazón", "ночь",   "любовь",  "夜",      "愛",    "Straße", "København"};

constexpr const char* kVersions[] = {"Original Mix", "Extended Mix", "Radio Edit", "Dub",
                                     "Instrumental", "Club Mix",     "Remastered", "Live"};
constexpr const char* kSyllables[] = {"ba",  "ko",  "ri",  "ta",  "me",  "lo",  "sa",  "ne", "vi",  "du",
                                      "mar", "ten", "sol", "kri", "fen", "dor", "la",  "zu", "pe",  "go",
                                      "shi", "ran", "el",  "is",  "an",  "or",  "tra", "nu", "wel", "hy",
                                      "ja",  "mo",  "ce",  "bri", "sto", "qua", "lin", "os"};
constexpr const char* kComments[] = {"peak time", "warm up",         "closing",       "Purchased at Beatport.com",
                                     "vinyl rip", "check the intro", "crowd pleaser", "after hours",
                                     "promo",     "needs a new grid"};

}  // namespace

LibraryGenerator::LibraryGenerator(std::size_t tracks, std::uint64_t seed, std::int64_t now)
    : state_(seed * 2654435761U + 88172645463325252ULL), now_(now) {
  for (const char* common : kCommonWords) words_.emplace_back(common);
  while (words_.size() < 1000 + tracks / 25) words_.push_back(made_word());
  const std::size_t artists = 10 + tracks / 12;
  for (std::size_t i = 0; i < artists; ++i) {
    std::string name = i % 11 == 3 ? "DJ " : i % 17 == 5 ? "The " : "";
    name += made_word();
    name[name.find_last_of(' ') + 1] = static_cast<char>(std::toupper(name[name.find_last_of(' ') + 1]));
    if (i % 3 == 0) name += " " + word();
    artists_.push_back(std::move(name));
    artist_genre_.push_back(zipf(kGenres.size()));
  }
  for (std::size_t i = 0; i < 10 + artists / 20; ++i) labels_.push_back(word() + (i % 2 ? " Records" : " Music"));
}

std::uint64_t LibraryGenerator::random() {  // xorshift64*, Vigna 2016
  state_ ^= state_ >> 12;
  state_ ^= state_ << 25;
  state_ ^= state_ >> 27;
  return state_ * 2685821657736338717ULL;
}

std::size_t LibraryGenerator::zipf(std::size_t n) {
  // The inverse of the sum of 1/k, which is nearly the logarithm.
  return std::min(n - 1, static_cast<std::size_t>(std::pow(static_cast<double>(n) + 1, uniform()) - 1));
}

std::string LibraryGenerator::made_word() {
  std::string out;
  for (std::size_t i = 0, n = 2 + random() % 3; i < n; ++i) out += kSyllables[random() % std::size(kSyllables)];
  if (random() % 3 == 0) out += static_cast<char>('a' + random() % 26);
  if (random() % 40 == 0) out += "é";
  return out;
}

const std::string& LibraryGenerator::word() {
  // Names that nothing else has: the vocabulary goes on growing.
  if (random() % 12 != 0) return words_[zipf(words_.size())];
  return words_.emplace_back(made_word());
}

void LibraryGenerator::mistype(std::string& text) {
  if (text.size() < 6 || random() % 50 != 0) return;
  const std::size_t at = 1 + random() % (text.size() - 2);
  if ((text[at] & 0x80) == 0 && (text[at + 1] & 0x80) == 0) std::swap(text[at], text[at + 1]);
}

std::string LibraryGenerator::title() {
  std::string out;
  for (std::size_t i = 0, n = 1 + zipf(6); i < n; ++i) {
    std::string next = word();
    if ((next[0] & 0x80) == 0) next[0] = static_cast<char>(std::toupper(next[0]));
    out += (out.empty() ? "" : " ") + next;
  }
  mistype(out);
  if (random() % 2 == 0) out += std::string(" (") + kVersions[zipf(std::size(kVersions))] + ")";
  return out;
}

std::string LibraryGenerator::comment() {
  if (random() % 3 != 0) return {};
  std::string out = kComments[zipf(std::size(kComments))];
  if (random() % 4 == 0) out += ", " + word() + " " + word();
  return out;
}

GeneratedTrack LibraryGenerator::next() {
  GeneratedTrack t;
  if (album_left_-- <= 0) {
    album_left_ = random() % 3 == 0 ? static_cast<int>(6 + random() % 10) : static_cast<int>(random() % 3);
    album_artist_ = zipf(artists_.size());
    album_ = title();
    album_year_ = 2026 - static_cast<int>(zipf(60));
  }
  // On some albums everybody is another one.
  const std::size_t who = random() % 8 == 0 ? zipf(artists_.size()) : album_artist_;
  t.artist = artists_[who];
  if (random() % 15 == 0) t.artist += " feat. " + artists_[zipf(artists_.size())];
  mistype(t.artist);
  t.title = title();
  if (random() % 6 == 0) t.remixer = artists_[zipf(artists_.size())];
  if (!t.remixer.empty()) t.title += " (" + t.remixer + " Remix)";
  t.album = album_;
  t.label = labels_[zipf(labels_.size())];
  t.comment = comment();
  const GenreShape& shape = kGenres[random() % 4 == 0 ? zipf(kGenres.size()) : artist_genre_[who]];
  if (random() % 12 != 0) t.genre = shape.name;
  t.bpm = shape.bpm + (uniform() + uniform() - 1) * 8;
  if (random() % 3 != 0) t.bpm = std::round(t.bpm);
  t.energy = std::clamp(shape.energy + static_cast<int>(random() % 5) - 2, 1, 10);
  t.key = static_cast<int>(random() % 3 == 0 ? random() % 12 : 12 + random() % 12);
  t.year = album_year_;
  t.length = 150 + uniform() * 300;
  t.added =
      now_ - static_cast<std::int64_t>(zipf(4000)) * kDaySeconds - static_cast<std::int64_t>(random() % kDaySeconds);
  if (random() % 3 == 0) t.plays = static_cast<int>(1 + zipf(400));
  if (t.plays > 0)
    t.played = std::max(t.added, now_ - static_cast<std::int64_t>(zipf(2000) * kDaySeconds + random() % kDaySeconds));
  if (random() % 4 == 0 || t.plays > 20) t.rating = static_cast<int>(1 + random() % 5);
  constexpr int kColors[] = {0xFF0000, 0xFF8000, 0xFFFF00, 0x00FF00, 0x00FFFF, 0x0000FF, 0x8000FF, 0xFF00FF};
  if (random() % 6 == 0) t.color = kColors[zipf(std::size(kColors))];
  return t;
}

}  // namespace tactus::library
