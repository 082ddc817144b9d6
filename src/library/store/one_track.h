// A track that an import made while its file was missing, and the one that its file is then found to be.
#pragma once

#include "library/store/sql.h"
#include "library/store/tracks.h"

namespace tactus::library {

// No file of the track was read yet: what it sounds like isn't known, so it may be any.
bool never_read(Database& db, TrackId track);

// `from`, which was never read, is found to be `to`: that one takes its files, its places in crates, its plays, and
// what a person said of it, but for what a person said of `to`. `from` is gone. Within a transaction.
void become(Database& db, TrackId from, TrackId to);

}  // namespace tactus::library
