// The committed documents are those that the table makes.
#include "schedule/docs.h"

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "schedule/parse.h"

namespace tactus::schedule {
namespace {

// To make it anew: TACTUS_UPDATE_DOCS=1 build/dev/tests/test_schedule --gtest_filter=Docs.*
TEST(Docs, IntentsMdIsUpToDate) {
  const std::string path = TACTUS_SOURCE_DIR "/docs/intents.md";
  if (std::getenv("TACTUS_UPDATE_DOCS")) std::ofstream(path) << intents_markdown();
  std::ostringstream committed;
  committed << std::ifstream(path).rdbuf();
  EXPECT_TRUE(committed.str() == intents_markdown())
      << "docs/intents.md is stale: run tactus intents --markdown > docs/intents.md";
}

TEST(Docs, EveryIntentIsDescribed) {
  const std::string markdown = intents_markdown();
  for (const IntentRow& row : intent_table()) {
    EXPECT_NE(markdown.find("| `" + std::string(row.pattern) + "` |"), std::string::npos) << row.pattern;
    EXPECT_NE(markdown.find(row.example), std::string::npos) << row.pattern;
  }
}

TEST(Docs, TheJsonDescribesTheTable) {
  const auto json = nlohmann::json::parse(intents_json());
  ASSERT_EQ(json.at("intents").size(), intent_table().size());
  for (const auto& row : json.at("intents")) EXPECT_TRUE(parse(row.at("example").get<std::string>())) << row;
  const auto fader = std::find_if(json["intents"].begin(), json["intents"].end(),
                                  [](const auto& r) { return r["address"] == "/deck/N/fader"; });
  EXPECT_EQ((*fader)["arguments"][0]["max"], 1);
  EXPECT_EQ((*fader)["curve"], true);
}

}  // namespace
}  // namespace tactus::schedule
