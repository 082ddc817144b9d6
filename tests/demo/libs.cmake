target_link_libraries(${test_target} PRIVATE nlohmann_json::nlohmann_json PkgConfig::SNDFILE PkgConfig::TAGLIB PkgConfig::EBUR128)
