// Bytes as the programs lay them out, for fixtures.
#pragma once

#include <bit>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace tactus::library::test_binary {

inline void big(std::string& out, std::uint64_t v, int n) {
  for (int i = n - 1; i >= 0; --i) out += static_cast<char>(v >> (8 * i));
}
inline void little(std::string& out, std::uint64_t v, int n) {
  for (int i = 0; i < n; ++i) out += static_cast<char>(v >> (8 * i));
}
inline std::string wide(std::string_view ascii, bool is_big = true) {
  std::string out;
  for (const char c : ascii)
    is_big ? big(out, static_cast<unsigned char>(c), 2) : little(out, static_cast<unsigned char>(c), 2);
  return out;
}
// Serato's: a name, a length, what it holds.
inline std::string chunk(std::string_view tag, std::string_view data) {
  std::string out(tag);
  big(out, data.size(), 4);
  return out + std::string(data);
}

inline void write(const std::filesystem::path& path, std::string_view bytes) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << bytes;
}
inline std::string slurp(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// export.pdb: a page for each table, rows behind each other.
class Pdb {
 public:
  static constexpr std::uint32_t kPage = 4096;

  void add(std::uint32_t table, const std::string& row) { tables_[table].push_back(row); }
  static std::string text(std::string_view s) {
    std::string out(1, static_cast<char>(((s.size() + 1) << 1) | 1));
    return out + std::string(s);
  }
  static std::string long_text(std::string_view s) {
    std::string out(1, '\x90');
    little(out, 2 * s.size() + 4, 2);
    return out + '\0' + wide(s, false);
  }
  // A track with strings at the places that are read.
  static std::string track(std::uint32_t id, std::uint32_t artist, std::uint32_t key, std::string_view title,
                           std::string_view path, std::string_view analysis) {
    std::string r(0x5E + 42, '\0');
    const auto put = [&](std::size_t at, std::uint64_t v, int n) {
      std::string s;
      little(s, v, n);
      r.replace(at, s.size(), s);
    };
    put(0x20, key, 4);
    put(0x38, 12650, 4);
    put(0x44, artist, 4);
    put(0x48, id, 4);
    put(0x4E, 3, 2);
    put(0x54, 245, 2);
    put(0x58, 2, 1);
    put(0x59, 4, 1);
    const auto string_at = [&](std::size_t index, const std::string& s) {
      put(0x5E + 2 * index, r.size(), 2);
      r += s;
    };
    string_at(17, long_text(title));
    string_at(20, text(path));
    string_at(14, text(analysis));
    return r;
  }

  std::string bytes() const {
    std::string head;
    for (const std::uint32_t v : {0u, kPage, static_cast<std::uint32_t>(tables_.size()), 99u, 5u, 1u, 0u})
      little(head, v, 4);
    std::string pages;
    std::uint32_t at = 1;
    for (const auto& [type, rows] : tables_) {
      for (const std::uint32_t v : {type, 0u, at, at}) little(head, v, 4);
      pages += page(type, at++, rows);
    }
    head.resize(kPage, '\0');
    return head + pages;
  }

 private:
  static std::string page(std::uint32_t type, std::uint32_t index, const std::vector<std::string>& rows) {
    std::string p;
    for (const std::uint32_t v : {0u, index, type, 1000u, 1u, 0u}) little(p, v, 4);
    const auto n = static_cast<std::uint32_t>(rows.size());
    little(p, n | n << 13, 3);
    p += '\x24';
    p.resize(0x28, '\0');
    std::vector<std::size_t> at;
    for (const std::string& r : rows) {
      at.push_back(p.size() - 0x28);
      p += r;
      p.resize((p.size() + 3) / 4 * 4, '\0');
    }
    p.resize(kPage, '\0');
    for (std::size_t i = 0; i < at.size(); ++i) {
      std::string s;
      little(s, at[i], 2);
      p.replace(kPage - i / 16 * 0x24 - 6 - i % 16 * 2, 2, s);
      p[kPage - i / 16 * 0x24 - 4 + i % 16 / 8] |= static_cast<char>(1 << (i % 8));
    }
    return p;
  }
  std::map<std::uint32_t, std::vector<std::string>> tables_;
};

}  // namespace tactus::library::test_binary
