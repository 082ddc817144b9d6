// The mappings that come with the program, played as their makers' charts say; and the guide's own example.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <thread>

#include "io/midi/mapper.h"
#include "schedule/intent_table.h"
#include "schedule/parse.h"
#include "session/mapping_shelf.h"
#include "sidecar/board.h"
#include "support/temp_folder.h"

namespace tactus::session {
namespace {

namespace fs = std::filesystem;
const fs::path kSource = TACTUS_SOURCE_DIR;

std::string text_of(const fs::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

// A set that stands as the table says, and of which nothing else is known.
class TableView : public io::MapperView {
 public:
  bool set(const std::string& field, double value) {
    const int index = find_board_field(field);
    if (index >= 0) values_[index] = value;
    return index >= 0;
  }
  double field(int f) const override {
    const auto at = values_.find(f);
    return at == values_.end() ? 0 : at->second;
  }
  std::optional<double> setting(const schedule::Intent&) const override { return {}; }

 private:
  std::map<int, double> values_;
};

// Word by word; numbers to four digits.
bool same(const std::string& a, const std::string& b) {
  std::istringstream x(a), y(b);
  for (std::string u, w;;) {
    const bool more = static_cast<bool>(x >> u);
    if (more != static_cast<bool>(y >> w)) return false;
    if (!more) return true;
    if (u == w) continue;
    char* u_end = nullptr;
    char* w_end = nullptr;
    const double c = std::strtod(u.c_str(), &u_end), d = std::strtod(w.c_str(), &w_end);
    if (u_end == u.c_str() || w_end == w.c_str() || std::string(u_end) != w_end) return false;
    if (std::isinf(c) || std::isinf(d) || std::fabs(c - d) > 5e-4 * std::max(std::fabs(c), std::fabs(d))) return false;
  }
}

std::vector<std::uint8_t> bytes_of(std::istream& in) {
  std::vector<std::uint8_t> bytes;
  for (unsigned b = 0; in >> std::hex >> b;) bytes.push_back(static_cast<std::uint8_t>(b));
  return bytes;
}

class BundledMappingTest : public ::testing::TestWithParam<const char*> {};

// Plays tests/session/mappings/NAME.txt, whose first lines tell its format.
class TablePlayer {
 public:
  explicit TablePlayer(io::Mapping mapping) : mapper_(std::move(mapping)) {}

  // A message on nothing: what the line expects and what came of it, when they differ.
  std::string play(std::string line) {
    line.resize(std::min(line.find('#'), line.size()));
    if (line.find_first_not_of(' ') == std::string::npos) return {};
    const auto arrow = line.find("->");
    const std::string want = arrow == std::string::npos ? "" : line.substr(arrow + 2);
    std::istringstream in(line.substr(0, arrow));
    std::string word;
    in >> word;
    if (word == "state" || word == "light") {
      std::string field;
      double value = 0;
      in >> field >> value;
      if (!view_.set(field, value)) return "no field " + field;
      return word == "light" ? lights(want) : "";
    }
    ++messages;
    std::istringstream all(line.substr(0, arrow));
    const std::string got = message(bytes_of(all));
    return same(got, want) ? "" : "got '" + got + "', not '" + want + "'";
  }
  int messages = 0, lit = 0;

 private:
  std::string message(const std::vector<std::uint8_t>& bytes) {
    std::vector<schedule::Intent> out;
    const io::MidiMessage m = io::MidiMessage::from(bytes);
    mapper_.on_message(m, now_ += 5'000'000, view_, out);
    mapper_.tick(now_ += 1'000'000, out);
    std::string text;
    for (const schedule::Intent& intent : out) {
      EXPECT_EQ(schedule::check(intent), "") << schedule::to_text(intent);
      text += (text.empty() ? "" : "; ") + schedule::to_text(intent);
    }
    return text;
  }
  std::string lights(std::string want) {
    std::vector<io::MidiMessage> out;
    mapper_.lights(view_, out);
    for (const io::MidiMessage& m : out) shown_[{m.bytes[0], m.bytes[1]}] = m.bytes[2];
    std::replace(want.begin(), want.end(), ';', ' ');
    std::istringstream in(want);
    const std::vector<std::uint8_t> bytes = bytes_of(in);
    if (bytes.empty() || bytes.size() % 3 != 0) return "three bytes a light are expected";
    for (std::size_t i = 0; i < bytes.size(); i += 3, ++lit) {
      const auto at = shown_.find({bytes[i], bytes[i + 1]});
      if (at == shown_.end()) return "a light was never sent";
      if (at->second != bytes[i + 2]) return "a light is " + std::to_string(at->second);
    }
    return {};
  }

  io::Mapper mapper_;
  TableView view_;
  std::map<std::pair<int, int>, int> shown_;
  std::int64_t now_ = 0;
};

TEST_P(BundledMappingTest, DoesWhatItsMakersChartSays) {
  const std::string name = GetParam();
  io::ReadMapping read = read_mapping_file(kSource / "mappings" / (name + ".toml"));
  ASSERT_TRUE(read.mapping) << errors_text(name, read);
  EXPECT_FALSE(read.mapping->chart.empty());
  TablePlayer player(std::move(*read.mapping));
  std::ifstream table(kSource / "tests/session/mappings" / (name + ".txt"));
  int number = 0;
  for (std::string line; std::getline(table, line);) {
    ++number;
    const std::string wrong = player.play(line);
    EXPECT_EQ(wrong, "") << name << ".txt:" << number << ": " << line;
  }
  EXPECT_GT(player.messages, 50);
}

INSTANTIATE_TEST_SUITE_P(All, BundledMappingTest,
                         ::testing::Values("behringer-bcd3000", "pioneer-cdj-2000nexus", "pioneer-ddj-ergo"),
                         [](const auto& param) {
                           std::string name = param.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(BundledMappings, EachHasATable) {
  std::set<std::string> mappings, tables;
  for (const auto& f : fs::directory_iterator(kSource / "mappings")) mappings.insert(f.path().stem().string());
  for (const auto& f : fs::directory_iterator(kSource / "tests/session/mappings"))
    tables.insert(f.path().stem().string());
  EXPECT_EQ(mappings, tables);
  EXPECT_GE(mappings.size(), 3u);
}

TEST(BundledMappings, NoTwoWantTheSameDevice) {
  std::set<std::string> devices;
  for (const auto& f : fs::directory_iterator(kSource / "mappings")) {
    const io::ReadMapping read = read_mapping_file(f.path());
    ASSERT_TRUE(read.mapping) << errors_text(f.path().string(), read);
    for (const std::string& d : read.mapping->devices) EXPECT_TRUE(devices.insert(d).second) << d;
  }
}

TEST(MappingGuide, ItsWholeExampleIsAMapping) {
  const std::string guide = text_of(kSource / "docs/mappings.md");
  const std::size_t begin = guide.find("```toml\n");
  ASSERT_NE(begin, std::string::npos);
  const std::string example = guide.substr(begin + 8, guide.find("\n```", begin) + 1 - begin - 8);
  const io::ReadMapping read = io::read_mapping(example, find_board_field);
  ASSERT_TRUE(read.mapping) << errors_text("docs/mappings.md", read);
  EXPECT_EQ(read.mapping->name, "Example Duo");
  EXPECT_EQ(read.mapping->jogs.size(), 2u);
}

// --- The shelf -------------------------------------------------------------------------------------------------------

class MappingShelfTest : public ::testing::Test {
 protected:
  void save(const std::string& name, const std::string& text) {
    const fs::path part = folder_ / (name + ".part");
    std::ofstream(part) << text;
    fs::rename(part, folder_ / name);
  }
  static std::string mapping(const std::string& name) {
    return "tactus_mapping = 1\nname = \"" + name + "\"\ndevices = [\"x\"]\n[[control]]\nmidi = \"cc 1 7\"\n" +
           "do = \"/deck/1/fader {}\"\n";
  }
  template <typename Holds>
  static bool soon(Holds holds) {
    for (int i = 0; i < 500; ++i) {
      if (holds()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }
  const tactus::test::TempFolder temp_;
  const fs::path folder_ = temp_.path();
};

TEST_F(MappingShelfTest, AFileOfOnesOwnTakesTheBundledOnesPlace) {
  save("duo.toml", mapping("mine"));
  const std::string bundled = mapping("theirs"), other = mapping("other");
  MappingShelf shelf({{"duo", bundled}, {"trio", other}}, folder_);
  const auto list = shelf.list();
  ASSERT_EQ(list->size(), 2u);
  EXPECT_EQ(list->at(0).mapping->name, "mine");
  EXPECT_EQ(list->at(0).path, folder_ / "duo.toml");
  EXPECT_EQ(list->at(1).mapping->name, "other");
}

TEST_F(MappingShelfTest, ASavedFileIsReadAgainAndAMistakeKeepsTheOldOne) {
  MappingShelf shelf({}, folder_);
  const auto name = [&] { return shelf.list()->empty() ? "" : shelf.list()->front().mapping->name; };
  EXPECT_EQ(name(), "");
  save("duo.toml", mapping("first"));
  ASSERT_TRUE(soon([&] { return name() == "first"; }));
  save("duo.toml", mapping("the second"));
  ASSERT_TRUE(soon([&] { return name() == "the second"; }));
  shelf.take_notices();

  save("duo.toml", mapping("third") + "do_on = \"/deck/1/fadder 1\"\n");
  std::vector<std::string> notices;
  ASSERT_TRUE(soon([&] { return !(notices = shelf.take_notices()).empty(); }));
  EXPECT_NE(notices.front().find("duo.toml:"), std::string::npos) << notices.front();
  EXPECT_NE(notices.front().find("fadder"), std::string::npos) << notices.front();
  EXPECT_EQ(name(), "the second");

  fs::remove(folder_ / "duo.toml");
  EXPECT_TRUE(soon([&] { return shelf.list()->empty(); }));
}

}  // namespace
}  // namespace tactus::session
