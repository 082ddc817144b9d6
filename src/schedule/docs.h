// The intent table as documents. Any thread.
#pragma once

#include <string>

namespace tactus::schedule {

// docs/intents.md, whole. A test fails when the committed file is another; `tactus intents --markdown` writes it.
std::string intents_markdown();

// For mappings, scripts and remote controls: every row of the table with arguments, units, ranges, guards and phrases.
std::string intents_json();

}  // namespace tactus::schedule
