// What people type, as rules; and rules as JSON.
#include "library/search/query.h"

#include <gtest/gtest.h>

#include "music/key.h"
#include "random_rule.h"

namespace tactus::library {
namespace {

using test_search::RandomRules;

Rule only(std::string_view text) {
  const Query query = parse_query(text, Typing::no);
  for (const auto& e : query.errors) ADD_FAILURE() << text << ": " << e.what;
  EXPECT_EQ(query.rule.parts.size(), 1U) << text;
  return query.rule.parts.empty() ? Rule{} : query.rule.parts[0];
}

QueryRemark first_error(std::string_view text) {
  const Query query = parse_query(text, Typing::no);
  EXPECT_FALSE(query.errors.empty()) << text;
  return query.errors.empty() ? QueryRemark{} : query.errors[0];
}

TEST(Query, WordsPhrasesAndWhatIsNotWanted) {
  const Query query = parse_query("deep  \"feel the love\" -live -genre:house", Typing::no);
  EXPECT_TRUE(query.errors.empty());
  ASSERT_EQ(query.rule.parts.size(), 4U);
  EXPECT_EQ(query.rule.parts[0].text, "deep");
  EXPECT_EQ(query.rule.parts[1].kind, Rule::Kind::phrase);
  EXPECT_EQ(query.rule.parts[1].text, "feel the love");
  EXPECT_TRUE(query.rule.parts[2].negated);
  EXPECT_EQ(query.rule.parts[3].field, field_place("genre"));
  EXPECT_TRUE(query.rule.parts[3].negated);
  EXPECT_EQ(only("re\\:zero").text, "re:zero");
  EXPECT_EQ(only("drum-n-bass").text, "drum-n-bass");
}

TEST(Query, NumbersRangesAndComparisons) {
  EXPECT_EQ(only("bpm:120-128").low, 120);
  EXPECT_EQ(only("bpm:120-128").high, 128);
  EXPECT_EQ(only("BPM:120..128").places, 0);
  EXPECT_EQ(only("bpm:127.98").places, 2);
  EXPECT_TRUE(only("bpm:>120").low_open);
  EXPECT_FALSE(only("rating:>=4").low_open);
  EXPECT_EQ(only("lufs:-14..-9").low, -14);
  EXPECT_EQ(only("length:<6:30").high, 390);
  EXPECT_EQ(only("color:#ff8000").low, 0xff8000);
  EXPECT_EQ(only("energy:6,8-9").parts.size(), 2U);
}

TEST(Query, KeysInEachSpellingAndThoseThatGoWithThem) {
  for (const char* text : {"key:8A", "key:8a", "key:Am", "key:am", "key:1m"})
    EXPECT_EQ(only(text).keys, 1U << music::parse_key("8A")->index()) << text;
  std::uint32_t wanted = 0;
  for (const char* key : {"8A", "7A", "9A", "8B"}) wanted |= 1U << music::parse_key(key)->index();
  EXPECT_EQ(only("key:8A~").keys, wanted);
  EXPECT_EQ(only("key:8A,7A,9A,8B"), only("key:8A~"));
}

TEST(Query, DatesAndAges) {
  constexpr double kDay = 86400;
  EXPECT_EQ(only("added:<30d").high, 30 * kDay);
  EXPECT_EQ(only("played:>6m").low, 180 * kDay);
  EXPECT_EQ(only("added:1970-01").high, 31 * kDay);
  EXPECT_EQ(only("added:1972-02-29").high - only("added:1972-02-29").low, kDay);
  EXPECT_EQ(only("added:1970..1971").high, 730 * kDay);
  EXPECT_EQ(only("added:>1970").low, 365 * kDay);
}

TEST(Query, OthersThatAreNoFields) {
  EXPECT_EQ(only("crate:\"Warm up\"").field, Rule::kCrate);
  EXPECT_EQ(has_name(only("has:cues").field), "cues");
  EXPECT_TRUE(only("missing:key").negated);
  EXPECT_FALSE(only("-missing:key").negated);
  EXPECT_EQ(only("title:=\"One More\"").kind, Rule::Kind::is);
}

TEST(Query, WhatMakesNoSenseIsNamedWithItsPlace) {
  const QueryRemark bad = first_error("deep bpm:fast house");
  EXPECT_EQ(bad.at, 5U);
  EXPECT_EQ(bad.length, 8U);
  EXPECT_NE(bad.what.find("bpm: a number"), std::string::npos) << bad.what;
  EXPECT_NE(first_error("bmp:120").what.find("no field called bmp"), std::string::npos);
  EXPECT_NE(first_error("bpm:128-120").what.find("smaller"), std::string::npos);
  EXPECT_NE(first_error("energy:>60").what.find("from 1 to 10"), std::string::npos);
  EXPECT_NE(first_error("key:8C").what.find("8A"), std::string::npos);
  EXPECT_NE(first_error("added:30d").what.find("<30d"), std::string::npos);
  EXPECT_NE(first_error("added:2024-02-30").what.find("2024-05-01"), std::string::npos);
  EXPECT_NE(first_error("has:soul").what.find("has: what?"), std::string::npos);
  EXPECT_NE(first_error("\"deep house").what.find("quote"), std::string::npos);
  EXPECT_NE(first_error("art:1").what.find("has:art"), std::string::npos);
  EXPECT_NE(first_error("bpm:").what.find("missing"), std::string::npos);
  // The rest of it counts.
  EXPECT_EQ(parse_query("deep bpm:fast house", Typing::no).rule.parts.size(), 2U);
}

TEST(Query, WhileTypingNothingAtTheEndIsAnError) {
  for (const std::string whole : {"deep key:8A~ bpm:120-128 added:<30d rating:>=4 artist:\"daft punk\" -live has:cues",
                                  "genre:house,techno \"exact phrase\" year:1998-2003 -missing:key length:<6:30"}) {
    for (std::size_t end = 0; end <= whole.size(); ++end) {
      const Query query = parse_query(std::string_view(whole).substr(0, end), Typing::yes);
      EXPECT_TRUE(query.errors.empty()) << whole.substr(0, end) << ": " << query.errors[0].what;
    }
  }
  const Query query = parse_query("deep bpm:", Typing::yes);
  ASSERT_EQ(query.ignored.size(), 1U);
  EXPECT_EQ(query.ignored[0].at, 5U);
  EXPECT_EQ(query.rule.parts.size(), 1U);
  // What was left behind is one all the same.
  EXPECT_EQ(parse_query("bpm:fast deep", Typing::yes).errors.size(), 1U);
}

TEST(Query, ComesBackFromItsRule) {
  RandomRules random(1);
  for (int i = 0; i < 3000; ++i) {
    Rule rule;
    for (std::size_t k = 0, n = random.below(4); k < n; ++k) {
      Rule leaf = random.leaf();
      leaf.negated = random.below(3) == 0;
      // Words go one by one in a query.
      if (leaf.kind == Rule::Kind::words) leaf.text = leaf.text.substr(0, leaf.text.find(' '));
      if (leaf.kind == Rule::Kind::number && leaf.field == field_place("color")) leaf.places = 0;
      rule.parts.push_back(leaf);
    }
    const auto text = query_text(rule);
    ASSERT_TRUE(text) << rule_json(rule);
    const Query read = parse_query(*text, Typing::no);
    EXPECT_TRUE(read.errors.empty()) << *text << ": " << read.errors[0].what;
    EXPECT_EQ(read.rule, rule) << *text << "\n" << rule_json(rule) << "\n" << rule_json(read.rule);
  }
}

TEST(Query, AnyTextIsReadAndComesBackTheSame) {
  std::mt19937 random(2);
  constexpr std::string_view kPieces[] = {"bpm:", "key:",  "8A",      "~",       "-",   "\"",    " ",  ":",
                                          ",",    ">=",    "120",     "..",      "=",   "title", "\\", "house",
                                          "é",    "crate", "missing", "#ff8000", "<3d", "2024"};
  for (int i = 0; i < 20000; ++i) {
    std::string text;
    for (std::size_t k = 0, n = random() % 9; k < n; ++k) text += kPieces[random() % std::size(kPieces)];
    const Query query = parse_query(text, Typing::no);
    const auto written = query_text(query.rule);
    if (!written) continue;
    EXPECT_EQ(parse_query(*written, Typing::no).rule, query.rule) << text << "\n" << *written;
    for (const auto& e : query.errors) EXPECT_LE(e.at + e.length, text.size()) << text;
  }
}

TEST(RuleJson, ComesBackFromItsText) {
  RandomRules random(3);
  for (int i = 0; i < 2000; ++i) {
    const Rule rule = random.rule(4);
    std::string error;
    const auto read = parse_rule(rule_json(rule), &error);
    ASSERT_TRUE(read) << rule_json(rule) << ": " << error;
    EXPECT_EQ(*read, rule) << rule_json(rule);
  }
}

TEST(RuleJson, SaysWhereItMakesNoSense) {
  const auto error_of = [](const char* json) {
    std::string error;
    EXPECT_FALSE(parse_rule(json, &error)) << json;
    return error;
  };
  EXPECT_EQ(error_of("{"), "it is no JSON");
  EXPECT_EQ(error_of(R"({"all":[{"has":"cues"},{"field":"bmp","from":1}]})"), "all[1]: there is no field called bmp");
  EXPECT_EQ(error_of(R"({"any":[{"not":{"field":"bpm","from":"fast"}}]})"),
            "any[0].not.from: it makes no sense for this field");
  EXPECT_EQ(error_of(R"({"field":"bpm","from":128,"to":120})"), "the rule: the smaller number goes first");
  EXPECT_EQ(error_of(R"({"field":"bpm"})"), "the rule: it says nothing of the field");
  EXPECT_EQ(error_of(R"({"field":"key","keys":["8C"]})"), "keys: it makes no sense for this field");
  std::string deep;
  for (int i = 0; i < 20; ++i) deep += R"({"not":)";
  EXPECT_NE(error_of((deep + R"({"has":"key"})" + std::string(20, '}')).c_str()).find("too deep"), std::string::npos);
  EXPECT_EQ(error_of(std::string(100000, '[').c_str()), "the rule is too big");
}

}  // namespace
}  // namespace tactus::library
