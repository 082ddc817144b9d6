target_link_libraries(${test_target} PRIVATE PkgConfig::SNDFILE PkgConfig::TAGLIB PkgConfig::RUBBERBAND)
add_dependencies(${test_target} tactus-media)
