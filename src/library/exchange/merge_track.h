// What an import changes of one track, by three sides: what the source said at the last import, what it says now, and
// what the library has. Internal to library/exchange.
#pragma once

#include "library/exchange/importer.h"
#include "library/exchange/sources.h"

namespace tactus::library {

// `before`: null at the first import. `now.offset` decides whether positions are taken over.
void merge_track(Edit& edit, const std::string& format, const SourceItem* before, const SourceItem& now,
                 const ImportOptions& options, ImportReport& report);

// What the source says for a field of fields.h, as the library would have it; nothing: it doesn't say.
FieldValue foreign_field(const ForeignTrack& track, std::string_view field);
// Whether the library's tempo is the first of the grid that came in, which goes before one that the source states
// apart.
bool tempo_is_of_grid(const Track& mine, const SourceItem& item);
// The fields for which it may say something.
const std::vector<std::string_view>& foreign_fields();

}  // namespace tactus::library
