#include "schedule/set_file.h"

#include "schedule/random_intent.h"

namespace tactus::schedule {
namespace {

const std::string kHeader = "{\"tactus_set\": 1, \"tempo\": 126}\n";

SetError first_error(const std::string& text) {
  const ReadSet r = read_set(text);
  EXPECT_FALSE(r) << text;
  return r ? SetError{} : r.errors[0];
}
// The word in the file at which an error points.
std::string pointed(const std::string& text) {
  const SetError e = first_error(text);
  std::size_t from = 0;
  for (std::size_t n = 1; n < e.line; ++n) from = text.find('\n', from) + 1;
  return text.substr(from + e.column - 1, e.word.size());
}

TEST(SetFile, ReadsHeaderEventsCommentsAndBlankLines) {
  const ReadSet r = read_set(
      "# my set\n\n{\"tactus_set\": 1, \"tempo\": 126.5, \"quantum\": 3, \"phrase\": 32}\r\n"
      "  # a comment\n"
      "{\"beat\": 64, \"do\": \"/deck/1/play @bar\"}\n"
      "{\"time\": 12.5, \"do\": \"/deck/1/load \\\"/music/a \\\\\\\"live\\\\\\\" one.flac\\\"\"}\n"
      "{\"do\": \"/deck/1/fader 0 over 4 bars\", \"beat\": 0.5}");
  ASSERT_TRUE(r) << r.errors[0].text();
  EXPECT_EQ(r.set.tempo.v, 126.5);
  EXPECT_EQ(r.set.quantum, Beats::of(3));
  EXPECT_EQ(r.set.phrase, Beats::of(32));
  ASSERT_EQ(r.set.events.size(), 3U);
  EXPECT_EQ(r.set.events[0].beat, Beat::of(64));
  EXPECT_EQ(r.set.events[0].line, 5U);
  EXPECT_TRUE(r.set.events[1].timed);
  EXPECT_EQ(r.set.events[1].intent.word(0), "/music/a \"live\" one.flac");
  EXPECT_EQ(r.set.events[1].at({48000}).value, 600'000);
  EXPECT_EQ(r.set.events[2].text, "/deck/1/fader 0 over 4 bars");
}

TEST(SetFile, ErrorsNameLineAndWord) {
  const std::string bad = kHeader + "# x\n{\"beat\": 1, \"do\": \"/deck/1/eq/lo 0\"}\n";
  EXPECT_EQ(first_error(bad).text(), "line 3, column 31: lo: expected low, mid or high; did you mean 'low'?");
  EXPECT_EQ(pointed(bad), "lo");
  EXPECT_EQ(pointed(kHeader + "{\"beat\":1,\"do\":\"\\/deck\\/1\\/\\u0066ader \\u0032\"}"), "\\")
      << "escapes are counted as they are written";
  EXPECT_EQ(pointed(kHeader + "{\"beat\":1,\"do\":\"/deck/1/load \\\"\\u00e9\\ud83d\\ude00\\\" forse\"}"), "forse");
  EXPECT_EQ(pointed(kHeader + "{\"beat\": -1, \"do\": \"/undo\"}"), "-1");
  EXPECT_EQ(pointed(kHeader + "{\"beat\": \"x\", \"do\": \"/undo\"}"), "\"x\"");
  EXPECT_EQ(pointed(kHeader + "{\"baet\": 1, \"do\": \"/undo\"}"), "\"bae") << "the key, with its quote";
  EXPECT_EQ(pointed(kHeader + "{\"beat\": 1, \"do\": 7}"), "7");
  EXPECT_EQ(first_error(kHeader + "{\"beat\": 1, \"time\": 1, \"do\": \"/undo\"}").message,
            "a beat and a time; expected one of them");
  EXPECT_EQ(first_error(kHeader + "{\"do\": \"/undo\"}").line, 2U);
  EXPECT_EQ(first_error(kHeader + "{\"beat\": 1}").line, 2U);
  EXPECT_EQ(first_error(kHeader + "{\"beat\": 1, \"do\" \"/undo\"}").column, 24U) << "where the JSON parser gave up";
  EXPECT_EQ(first_error(kHeader + "[1]").line, 2U);
  EXPECT_EQ(first_error(kHeader + "{\"beat\": 1e400, \"do\": \"/undo\"}").line, 2U);
  EXPECT_EQ(pointed("{\"tactus_set\": 2}"), "2");
  EXPECT_EQ(pointed("{\"tactus_set\": 1, \"tempo\": 1000}"), "1000");
  EXPECT_EQ(pointed("{\"tactus_set\": 1, \"phrase\": 8}"), "8");
  EXPECT_NE(first_error("{\"beat\": 1, \"do\": \"/undo\"}").message.find("header"), std::string::npos);
  EXPECT_NE(first_error("").message.find("header"), std::string::npos);
  EXPECT_NE(first_error("# only\n").message.find("header"), std::string::npos);
  EXPECT_FALSE(read_set(kHeader + std::string(kMaxSetLine + 1, ' ') + "1"));
}

TEST(SetFile, AllErrorsAreReportedUpToALimit) {
  std::string text = kHeader;
  for (int i = 0; i < 100; ++i) text += "{\"beat\": 1, \"do\": \"/nonsense\"}\n";
  EXPECT_EQ(read_set(text).errors.size(), ReadSet::kMaxErrors);
  EXPECT_EQ(read_set(text).errors[19].line, 21U);
}

TEST(SetFile, EveryIntentSurvivesTheFile) {
  test::RandomIntents random(4);
  std::string text = kHeader;
  std::vector<Intent> intents;
  const auto escaped = [](const std::string& s) {
    std::string out;
    for (const char c : s) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    return out;
  };
  while (intents.size() < 500) {
    const Intent i = random.intent();
    const std::string t = to_text(i);
    if (std::any_of(t.begin(), t.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; }))
      continue;  // not UTF-8
    text += "{\"beat\": " + std::to_string(intents.size()) + ", \"do\": \"" + escaped(t) + "\"}\n";
    intents.push_back(i);
  }
  const ReadSet r = read_set(text);
  ASSERT_TRUE(r) << r.errors[0].text();
  ASSERT_EQ(r.set.events.size(), intents.size());
  for (std::size_t i = 0; i < intents.size(); ++i) EXPECT_EQ(r.set.events[i].intent, intents[i]);
}

TEST(SetPlayer, HandsOutBeatsAndTimesInTheOrderInWhichTheyAreDue) {
  const ReadSet r = read_set(kHeader +
                             "{\"beat\": 4, \"do\": \"/deck/1/play\"}\n"  // 2 s at 120
                             "{\"time\": 1, \"do\": \"/deck/2/play\"}\n"  // 1 s
                             "{\"beat\": 4, \"do\": \"/deck/3/play\"}\n"  // 2 s, later in the file
                             "{\"time\": 2, \"do\": \"/deck/4/play\"}\n"  // 2 s, later still
                             "{\"beat\": 0, \"do\": \"/deck/1/pause\"}\n"
                             "{\"beat\": 100, \"do\": \"/deck/2/pause\"}\n");
  ASSERT_TRUE(r);
  SetPlayer player(r.set, {48000});
  music::TempoMap map({48000}, {120});
  const auto lines = [&](Frame until) {
    std::vector<std::size_t> out;
    for (const SetEvent* e : player.take(map, until)) out.push_back(e->line);
    return out;
  };
  EXPECT_EQ(lines({0}), (std::vector<std::size_t>{}));
  EXPECT_EQ(lines({1}), (std::vector<std::size_t>{6}));
  EXPECT_EQ(lines({96'001}), (std::vector<std::size_t>{3, 2, 4, 5}));
  EXPECT_FALSE(player.finished());
  map.change_tempo(96'000, {240}, {});  // beat 100 comes in half the time
  EXPECT_EQ(lines({96'000 + 96 * 12'000}), (std::vector<std::size_t>{}));
  EXPECT_EQ(lines({96'001 + 96 * 12'000}), (std::vector<std::size_t>{7}));
  EXPECT_TRUE(player.finished());
}

TEST(SetFile, NoInputBreaksIt) {
  test::RandomIntents random(5);
  const std::string good = kHeader +
                           "{\"beat\": 64, \"do\": \"/deck/1/load \\\"a\\\\\\\"\\u00e9\\\" force @bar\"}\n{\"time\": "
                           "1.5, \"do\": \"/undo\"}\n";
  for (int i = 0; i < 20'000; ++i) {
    std::string text = good;
    if (i % 4 == 0) text = (i % 8 ? kHeader : "") + random.bytes(80, true);
    for (std::size_t n = 1 + random.below(4); n > 0 && !text.empty(); --n) {
      const std::size_t at = random.below(text.size());
      switch (random.below(3)) {
        case 0:
          text[at] = static_cast<char>(random.below(256));
          break;
        case 1:
          text.erase(at, 1 + random.below(3));
          break;
        default:
          text.insert(at, 1, "\"\\{}[],:\n#u"[random.below(11)]);
      }
    }
    const ReadSet r = read_set(text);
    for (const SetError& e : r.errors) ASSERT_FALSE(e.text().empty());
  }
  EXPECT_FALSE(read_set(kHeader + std::string(60'000, '[')));
}

}  // namespace
}  // namespace tactus::schedule
