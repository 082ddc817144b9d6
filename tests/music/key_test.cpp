#include "music/key.h"

#include <set>

using tactus::music::Key;
using tactus::music::key_distance;
using tactus::music::parse_key;

namespace {

Key key(const char* text) {
  const auto k = parse_key(text);
  EXPECT_TRUE(k) << text;
  return k.value_or(Key{});
}

TEST(Key, WheelsAgreeWithTheirPublishedTables) {
  // Camelot and Open Key charts: the whole outer and inner ring.
  const char* rows[][4] = {{"Abm", "1A", "B", "1B"},  {"Ebm", "2A", "F#", "2B"},  {"Bbm", "3A", "Db", "3B"},
                           {"Fm", "4A", "Ab", "4B"},  {"Cm", "5A", "Eb", "5B"},   {"Gm", "6A", "Bb", "6B"},
                           {"Dm", "7A", "F", "7B"},   {"Am", "8A", "C", "8B"},    {"Em", "9A", "G", "9B"},
                           {"Bm", "10A", "D", "10B"}, {"F#m", "11A", "A", "11B"}, {"C#m", "12A", "E", "12B"}};
  for (const auto& r : rows) {
    EXPECT_EQ(key(r[0]).camelot(), r[1]);
    EXPECT_EQ(key(r[2]).camelot(), r[3]);
  }
  EXPECT_EQ(key("Am").open_key(), "1m");
  EXPECT_EQ(key("C").open_key(), "1d");
  EXPECT_EQ(key("Em").open_key(), "2m");
  EXPECT_EQ(key("F").open_key(), "12d");
}

TEST(Key, EveryFormReadsBack) {
  std::set<std::string_view> seen;
  for (int i = 0; i < 24; ++i) {
    const Key k = Key::of_index(i);
    EXPECT_EQ(k.index(), i);
    for (const std::string_view form : {k.name(), k.tag(), k.camelot(), k.open_key()}) {
      EXPECT_TRUE(seen.insert(form).second) << form;
      EXPECT_EQ(parse_key(form), k) << form;
    }
  }
  EXPECT_EQ(parse_key("D# minor"), parse_key("Ebm"));
  EXPECT_EQ(parse_key("Cb"), parse_key("B"));
  for (const char* bad : {"", "H", "A x", "13A", "0d", "Amm", "#"}) EXPECT_FALSE(parse_key(bad)) << bad;
}

TEST(Key, DistanceIsAMetricThatMovesWithBothKeys) {
  for (int i = 0; i < 24; ++i) {
    const Key a = Key::of_index(i);
    EXPECT_EQ(key_distance(a, a.relative()), 1);
    EXPECT_EQ(a.relative().relative(), a);
    EXPECT_EQ(key_distance(a, a.shifted(7)), 1);  // a fifth up
    EXPECT_EQ(key_distance(a, a.shifted(6)), 6);  // a tritone, as far as can be
    for (int j = 0; j < 24; ++j) {
      const Key b = Key::of_index(j);
      EXPECT_EQ(key_distance(a, b), key_distance(b, a));
      EXPECT_EQ(key_distance(a, b) == 0, a == b);
      EXPECT_EQ(key_distance(a.shifted(-5), b.shifted(-5)), key_distance(a, b));
      for (int k = 0; k < 24; ++k) {
        const Key c = Key::of_index(k);
        EXPECT_LE(key_distance(a, c), key_distance(a, b) + key_distance(b, c));
      }
    }
  }
}

}  // namespace
