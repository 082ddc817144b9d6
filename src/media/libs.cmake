find_package(nlohmann_json REQUIRED)
pkg_check_modules(FFMPEG REQUIRED IMPORTED_TARGET libavformat libavcodec libavutil)
pkg_check_modules(SOXR REQUIRED IMPORTED_TARGET soxr)
pkg_check_modules(SNDFILE REQUIRED IMPORTED_TARGET sndfile)
pkg_check_modules(RUBBERBAND REQUIRED IMPORTED_TARGET rubberband)
pkg_check_modules(TAGLIB REQUIRED IMPORTED_TARGET taglib)
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash)
target_link_libraries(${target} PUBLIC Threads::Threads
  PRIVATE nlohmann_json::nlohmann_json PkgConfig::FFMPEG PkgConfig::SOXR PkgConfig::SNDFILE PkgConfig::RUBBERBAND PkgConfig::TAGLIB PkgConfig::XXHASH)
