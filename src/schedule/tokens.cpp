#include "schedule/tokens.h"

#include <algorithm>

#include "schedule/parse.h"

namespace tactus::schedule {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// Reads the escape after the backslash at text[i]; leaves i on its last byte. False: there is no such escape.
bool unescape(std::string_view text, std::size_t& i, std::string& out) {
  if (++i >= text.size()) return false;
  switch (text[i]) {
    case '"':
      out += '"';
      return true;
    case '\\':
      out += '\\';
      return true;
    case 'n':
      out += '\n';
      return true;
    case 't':
      out += '\t';
      return true;
    case 'r':
      out += '\r';
      return true;
    case 'x': {
      if (i + 2 >= text.size()) return false;
      const int high = hex_digit(text[i + 1]);
      const int low = hex_digit(text[i + 2]);
      if (high < 0 || low < 0 || high + low == 0) return false;
      out += static_cast<char>(high * 16 + low);
      i += 2;
      return true;
    }
    default:
      return false;
  }
}

}  // namespace

bool tokenise(std::string_view text, std::vector<Token>& out, Token& bad, std::string& why) {
  const auto fail = [&](std::size_t from, std::size_t length, const char* message) {
    bad = {std::string(text.substr(from, length)), from, length, false};
    why = message;
    return false;
  };
  std::size_t i = 0;
  while (true) {
    while (i < text.size() && is_space(text[i])) ++i;
    if (i == text.size()) return true;
    Token token{{}, i, 0, text[i] == '"'};
    if (token.quoted) {
      for (++i; i < text.size() && text[i] != '"'; ++i) {
        if (text[i] == '\0') return fail(i, 1, "a zero byte can't be part of a word");
        if (text[i] != '\\') {
          token.text += text[i];
          continue;
        }
        const std::size_t escape = i;
        if (!unescape(text, i, token.text)) {
          const std::size_t length = std::min<std::size_t>(2, text.size() - escape);
          return fail(escape, length, "no such escape; expected \\\" \\\\ \\n \\t \\r or \\xHH");
        }
      }
      if (i == text.size()) return fail(token.column, text.size() - token.column, "the quote is never closed");
      ++i;
      if (i < text.size() && !is_space(text[i])) return fail(i, 1, "expected a space after the closing quote");
    } else {
      while (i < text.size() && !is_space(text[i])) {
        if (text[i] == '\0') return fail(i, 1, "a zero byte can't be part of a word");
        if (text[i] == '"') return fail(i, 1, "a quote can only begin a word; inside quotes write \\\"");
        token.text += text[i++];
      }
    }
    token.length = i - token.column;
    out.push_back(std::move(token));
  }
}

bool begins_suffix(std::string_view word) {
  if (word.starts_with('@') || word == "over") return true;
  for (const msg::Curve c : {msg::Curve::linear, msg::Curve::equal_power, msg::Curve::exponential, msg::Curve::s_curve})
    if (word == curve_name(c)) return true;
  return false;
}

std::string quote_if_needed(std::string_view text) {
  const auto plain = [](char c) {
    const auto u = static_cast<unsigned char>(c);
    return u > 0x20 && u != 0x7f && c != '"' && c != '\\';
  };
  if (!text.empty() && !begins_suffix(text) && std::all_of(text.begin(), text.end(), plain)) return std::string(text);
  constexpr const char* kHex = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto u = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c == '\r') {
      out += "\\r";
    } else if (u < 0x20 || u == 0x7f) {
      out += "\\x";
      out += kHex[u >> 4];
      out += kHex[u & 15];
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string_view nearest(std::string_view word, const std::vector<std::string_view>& words) {
  if (word.size() > 40) return {};
  // Damerau-Levenshtein distance (optimal string alignment), three rows.
  const auto distance = [&](std::string_view a, std::string_view b) {
    std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
      row[0] = i;
      for (std::size_t j = 1; j <= b.size(); ++j) {
        row[j] = std::min({row[j - 1] + 1, last[j] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0U : 1U)});
        if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
          row[j] = std::min(row[j], before[j - 2] + 1);
      }
      std::swap(before, last);
      std::swap(last, row);
    }
    return last[b.size()];
  };
  std::string_view best;
  std::size_t best_distance = 1 + std::max<std::size_t>(1, word.size() / 3);
  for (const std::string_view w : words) {
    const std::size_t d = distance(word, w);
    if (d < best_distance && d < w.size()) {
      best_distance = d;
      best = w;
    }
  }
  return best;
}

}  // namespace tactus::schedule
