// The scores of the demo crate, one file each. Pure: each call writes the same score.
#pragma once

#include "demo/song.h"

namespace tactus::demo {

Song boom_bap();    //  92, C minor, swung
Song disco();       // 118, G minor, swung
Song deep_house();  // 122, D minor
Song breakbeat();   // 126, A minor
Song techno();      // 128, E minor
Song trance();      // 132, B minor
Song liquid();      // 174, F major

}  // namespace tactus::demo
