// The names within a mapping file's templates. Internal to the reader of mapping files.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace tactus::io {

using TemplateRow = std::map<std::string, std::string>;  // what each name stands for

// `text` with "$name" replaced by what it stands for, and then sums of whole numbers without spaces ("0x1a+3") by their
// value, appended to `out`. False, and why in `error`, when a name isn't known. Pure; any thread.
bool expand_template(std::string_view text, const TemplateRow& row, std::string* out, std::string* error);

}  // namespace tactus::io
