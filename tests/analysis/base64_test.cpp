#include "analysis/base64.h"

#include <random>

namespace tactus::analysis {
namespace {

std::vector<std::int8_t> bytes(std::string_view text) { return {text.begin(), text.end()}; }

// RFC 4648, section 10.
constexpr std::pair<const char*, const char*> kKnown[] = {{"", ""},
                                                          {"f", "Zg=="},
                                                          {"fo", "Zm8="},
                                                          {"foo", "Zm9v"},
                                                          {"foob", "Zm9vYg=="},
                                                          {"fooba", "Zm9vYmE="},
                                                          {"foobar", "Zm9vYmFy"}};

TEST(Base64, IsThatOfTheStandard) {
  for (const auto& [plain, text] : kKnown) {
    EXPECT_EQ(to_base64(bytes(plain)), text);
    EXPECT_EQ(from_base64(text), bytes(plain));
  }
}

TEST(Base64, AnyBytesComeBack) {
  std::mt19937 random(3);
  for (std::size_t size = 0; size < 70; ++size) {
    std::vector<std::int8_t> some(size);
    for (std::int8_t& b : some) b = static_cast<std::int8_t>(random());
    EXPECT_EQ(from_base64(to_base64(some)), some);
  }
}

TEST(Base64, RefusesWhatItWouldNotWrite) {
  for (const char* text :
       {"Z", "Zg", "Zg=", "Zh==", "Zm9=", "=", "====", "Z===", "Zg==Zg==", "Zm9v ", "Zm-v", "Zm\x80v", "Zm9vZg=a"}) {
    EXPECT_FALSE(from_base64(text)) << text;
  }
}

}  // namespace
}  // namespace tactus::analysis
