// Any bytes as what somebody types, whole and letter by letter, and as a rule: read, or refused with a reason and its
// place; what is read comes back from its own text.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "library/search/query.h"

namespace {

using namespace tactus::library;

void check_query(std::string_view text) {
  const Query typing = parse_query(text, Typing::yes);
  if (typing.ignored.size() > 1) std::abort();
  const Query query = parse_query(text, Typing::no);
  if (!query.ignored.empty()) std::abort();
  for (const QueryRemark& error : query.errors) {
    if (error.at + error.length > text.size() || error.what.empty()) std::abort();
  }
  const auto written = query_text(query.rule);
  if (written && parse_query(*written, Typing::no).rule != query.rule) std::abort();
}

void check_rule(std::string_view text) {
  std::string error;
  const auto rule = parse_rule(text, &error);
  if (!rule) {
    if (error.empty()) std::abort();
    return;
  }
  const auto again = parse_rule(rule_json(*rule), &error);
  if (!again || *again != *rule) std::abort();
  query_text(*rule);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (size > 0 && data[0] == '{') {
    check_rule(text);
  } else {
    check_query(text);
  }
  return 0;
}
