// The committed documents are those that the table makes.
#include "schedule/docs.h"

#include <cstdlib>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "engine/msg/fx_info.h"
#include "schedule/intent_table.h"
#include "schedule/parse.h"
#include "schedule/request_table.h"

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

// What the table says of an argument, and the JSON.
void expect_same(const ArgSpec& spec, const nlohmann::json& arg, std::string_view pattern) {
  using Type = ArgSpec::Type;
  const std::map<Type, std::string> types{{Type::number, "number"}, {Type::level, "level"}, {Type::beats, "beats"},
                                          {Type::count, "count"},   {Type::flag, "flag"},   {Type::choice, "choice"},
                                          {Type::text, "text"}};
  EXPECT_EQ(arg.at("name"), spec.name) << pattern;
  EXPECT_EQ(arg.at("type"), types.at(spec.type)) << pattern;
  EXPECT_EQ(arg.value("unit", ""), spec.unit) << pattern;
  if (spec.min < spec.max) {
    EXPECT_EQ(arg.at("min"), spec.min) << pattern;
    EXPECT_EQ(arg.at("max"), spec.max) << pattern;
  } else {
    EXPECT_FALSE(arg.contains("min") || arg.contains("max")) << pattern;
  }
  std::string choices;
  for (const auto& word : arg.value("choices", nlohmann::json::array())) {
    choices += (choices.empty() ? "" : "|") + word.get<std::string>();
  }
  EXPECT_EQ(choices, spec.choices) << pattern;
  EXPECT_EQ(arg.value("optional", false), spec.optional) << pattern;
  EXPECT_EQ(arg.value("only_after", ""), spec.only_after) << pattern;
}

TEST(Docs, TheJsonDescribesTheTable) {
  const auto json = nlohmann::json::parse(intents_json());
  ASSERT_EQ(json.at("intents").size(), intent_table().size());
  std::size_t at = 0;
  for (const IntentRow& row : intent_table()) {
    const auto& j = json["intents"][at++];
    EXPECT_EQ(j.at("address"), row.pattern);
    EXPECT_TRUE(parse(j.at("example").get<std::string>())) << row.pattern;
    ASSERT_EQ(j.at("arguments").size(), row.arg_count()) << row.pattern;
    for (std::size_t i = 0; i < row.arg_count(); ++i) expect_same(row.args[i], j["arguments"][i], row.pattern);
    EXPECT_EQ(j.value("k_max", 0), row.k_max);
    EXPECT_EQ(j.at("over"), row.ramps != Ramps::no) << row.pattern;
    EXPECT_EQ(j.at("curve"), row.ramps == Ramps::yes) << row.pattern;
    const std::pair<const char*, unsigned> guards[] = {{"needs_track", kNeedsTrack},
                                                       {"needs_force", kNeedsForce},
                                                       {"may_silence", kMaySilence},
                                                       {"hand_only", kHandOnly},
                                                       {"near_only", kNearOnly}};
    for (const auto& [name, bit] : guards) EXPECT_EQ(j.at(name), (row.guards & bit) != 0) << row.pattern << name;
    EXPECT_EQ(j.at("undo"), row.reversible) << row.pattern;
    EXPECT_EQ(j.at("help"), row.help);
  }
}

TEST(Docs, TheJsonDescribesEffectsRequestsAndReplies) {
  const auto json = nlohmann::json::parse(intents_json());
  ASSERT_EQ(json.at("effects").size(), msg::fx_table().size());
  std::size_t at = 0;
  for (const msg::FxInfo& fx : msg::fx_table()) {
    const auto& j = json["effects"][at++];
    EXPECT_EQ(j.at("id"), fx.id);
    std::size_t n = 0;
    for (const msg::FxParamInfo& p : fx.params) {
      if (p.role != msg::FxRole::user) continue;
      const auto& parameter = j.at("parameters").at(n++);
      EXPECT_EQ(parameter.at("id"), p.id);
      EXPECT_TRUE(is_param_name(p.id)) << p.id;
      EXPECT_EQ(parameter.at("min"), p.min);
      EXPECT_EQ(parameter.at("max"), p.max);
    }
    EXPECT_EQ(j["parameters"].size(), n) << fx.id;
  }
  std::ostringstream guide;
  guide << std::ifstream(TACTUS_SOURCE_DIR "/docs/clients.md").rdbuf();
  const auto told = [&](const char* name, std::span<const WireRow> table) {
    ASSERT_EQ(json.at(name).size(), table.size());
    for (std::size_t i = 0; i < table.size(); ++i) {
      EXPECT_EQ(json[name][i].at("address"), table[i].address);
      EXPECT_EQ(json[name][i].at("arguments").size(), table[i].args.size());
      EXPECT_NE(guide.str().find("`" + std::string(table[i].address)), std::string::npos)
          << table[i].address << " is not in docs/clients.md";
    }
  };
  told("requests", request_table());
  told("replies", reply_table());
}

}  // namespace
}  // namespace tactus::schedule
