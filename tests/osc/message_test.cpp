// OSC on the wire: bytes written down by hand from the specification, and what a hostile sender may try.
#include "osc/message.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

using namespace tactus::osc;

namespace {

std::vector<std::byte> bytes(const std::string& text) {
  std::vector<std::byte> b;
  for (const char c : text) b.push_back(static_cast<std::byte>(c));
  return b;
}
std::string z(const char* text, std::size_t size) {  // padded with zeros
  std::string s(text);
  s.resize(size);
  return s;
}

// The examples of the specification's page ("OSC Message Examples"): a float 440 to an oscillator.
TEST(Osc, TheSpecificationsExample) {
  const std::string packet = z("/oscillator/4/frequency", 24) + z(",f", 4) + std::string("\x43\xdc\x00\x00", 4);
  EXPECT_EQ(encode(Message{"/oscillator/4/frequency", {440.0f}}), bytes(packet));
  std::vector<Timed> found;
  std::string why;
  ASSERT_TRUE(decode(bytes(packet), found, &why)) << why;
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].message, (Message{"/oscillator/4/frequency", {440.0f}}));
  EXPECT_TRUE(found[0].at.immediate());
}

TEST(Osc, EveryTypeComesBack) {
  const Message m{"/a", {std::int32_t{-5}, std::int64_t{1} << 40, 1.5f, 2.25, true, false, std::string("bänd \"x\"")}};
  std::vector<Timed> found;
  std::string why;
  ASSERT_TRUE(decode(encode(m), found, &why)) << why;
  EXPECT_EQ(found[0].message, m);
  EXPECT_EQ(m.integer(1), std::int64_t{1} << 40);
  EXPECT_EQ(m.number(3), 2.25);
  EXPECT_EQ(m.number(6, 7), 7);
  EXPECT_EQ(m.text(0), "");
  EXPECT_EQ(m.text(99), "");
}

TEST(Osc, BundlesKeepTheirTimeAndOrder) {
  const double when = 1'795'000'000.25;  // in 2026
  const Message one{"/one", {}}, two{"/two", {std::int32_t{2}}};
  const Message both[] = {one, two};
  std::vector<Timed> found;
  std::string why;
  ASSERT_TRUE(decode(encode(both, TimeTag::at(when)), found, &why)) << why;
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].message, one);
  EXPECT_EQ(found[1].message, two);
  EXPECT_NEAR(found[1].at.from(when - 3), 3, 1e-6);
  EXPECT_NEAR(found[1].at.from(when + 3), -3, 1e-6);
}

TEST(Osc, WhatIsMalformedIsRefusedWhole) {
  const auto whole = encode(Message{"/deck/1/play", {1.0f, std::string("@bar")}});
  std::vector<Timed> found;
  std::string why;
  for (std::size_t n = 0; n < whole.size(); ++n) {
    why.clear();
    EXPECT_FALSE(decode(std::span(whole).first(n), found, &why)) << n;
    EXPECT_FALSE(why.empty()) << n;
  }
  const Message good[] = {{"/good", {}}};
  auto bundle = encode(good, TimeTag{});
  bundle[19] = std::byte{200};  // the element's length
  EXPECT_FALSE(decode(bundle, found, &why));
  // A good message before a bad one isn't played alone.
  bundle = encode(good, TimeTag{});
  for (const char c : {'\0', '\0', '\0', '\x08', 'n', 'o', 't', ' ', 'o', 's', 'c', '!'})
    bundle.push_back(std::byte(c));
  EXPECT_FALSE(decode(bundle, found, &why));
  EXPECT_TRUE(found.empty());
}

TEST(Osc, NestingAndNumberAreBounded) {
  std::vector<std::byte> packet = encode(Message{"/x", {}});
  const auto wrap = [](const std::vector<std::byte>& inner) {
    std::string head = z("#bundle", 8) + std::string("\0\0\0\0\0\0\0\1", 8);
    for (int s = 24; s >= 0; s -= 8) head.push_back(static_cast<char>(inner.size() >> s & 255));
    auto b = bytes(head);
    b.insert(b.end(), inner.begin(), inner.end());
    return b;
  };
  std::vector<Timed> found;
  std::string why;
  for (int i = 0; i < kMaxDepth; ++i) packet = wrap(packet);
  EXPECT_TRUE(decode(packet, found, &why)) << why;
  EXPECT_FALSE(decode(wrap(packet), found, &why));
  found.clear();
  const std::vector<Message> many(kMaxMessages + 1, Message{"/x", {}});
  EXPECT_FALSE(decode(encode(many, TimeTag{}), found, &why));
  EXPECT_TRUE(decode(encode(std::span(many).first(kMaxMessages), TimeTag{}), found, &why));
  EXPECT_FALSE(decode(std::vector<std::byte>(kMaxPacket + 5), found, &why));
}

TEST(Osc, RandomBytesNeitherCrashNorPass) {
  std::mt19937 rng(7);
  const auto whole = encode(Message{"/deck/1/eq/low", {-6.0f, std::string("@bar"), std::int32_t{3}}});
  int good = 0;
  for (int i = 0; i < 20000; ++i) {
    auto packet = whole;
    for (int k = 0; k < 3; ++k) packet[rng() % packet.size()] = static_cast<std::byte>(rng());
    std::vector<Timed> found;
    std::string why;
    if (decode(packet, found, &why)) {
      ++good;
      for (const Timed& t : found) EXPECT_EQ(t.message.address[0], '/');
    }
  }
  EXPECT_GT(good, 1000);  // a changed number is as good as another
}

}  // namespace
