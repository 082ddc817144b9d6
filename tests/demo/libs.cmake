target_link_libraries(${test_target} PRIVATE nlohmann_json::nlohmann_json PkgConfig::SNDFILE PkgConfig::TAGLIB PkgConfig::EBUR128)
# The short crate is made once for each.
set(suites_in_one_process Crate Sound)
