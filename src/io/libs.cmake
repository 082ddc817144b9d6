pkg_check_modules(RTAUDIO REQUIRED IMPORTED_TARGET rtaudio)
pkg_check_modules(SOXR REQUIRED IMPORTED_TARGET soxr)
pkg_check_modules(SNDFILE REQUIRED IMPORTED_TARGET sndfile)
pkg_check_modules(RTMIDI REQUIRED IMPORTED_TARGET rtmidi)
pkg_check_modules(TOMLPLUSPLUS REQUIRED IMPORTED_TARGET tomlplusplus)
find_package(nlohmann_json REQUIRED)
find_package(AbletonLink REQUIRED PATHS /usr/share/cmake/AbletonLinkConfig)
target_link_libraries(${target} PUBLIC Threads::Threads
  PRIVATE PkgConfig::RTAUDIO PkgConfig::SOXR PkgConfig::SNDFILE PkgConfig::RTMIDI PkgConfig::TOMLPLUSPLUS Ableton::Link nlohmann_json::nlohmann_json)
