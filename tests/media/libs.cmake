target_link_libraries(${test_target} PRIVATE PkgConfig::SNDFILE PkgConfig::TAGLIB PkgConfig::RUBBERBAND)
add_dependencies(${test_target} tactus-media)
set(compiled_alone codec_test.cpp hostile_test.cpp stretch_test.cpp stretch_reader_test.cpp worker_pool_test.cpp)
