// Names a file by what is in it: the key under which analyses are kept, whatever the file is called or wherever it
// moves.
#pragma once

#include <string>

#include "media/result.h"

namespace tactus::media {

// XXH3-128 over all bytes, as 32 hexadecimal digits. Reads the whole file (about 10 GB/s where it is in memory); any
// thread, never realtime-safe. Equal for equal bytes on every machine; not proof against forgery.
Result<std::string> content_id(const std::string& path);

}  // namespace tactus::media
