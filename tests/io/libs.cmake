pkg_check_modules(JACK REQUIRED IMPORTED_TARGET jack)
target_link_libraries(${test_target} PRIVATE PkgConfig::JACK PkgConfig::SNDFILE nlohmann_json::nlohmann_json)
target_sources(${test_target} PRIVATE ${PROJECT_SOURCE_DIR}/tests/support/jack_server.cpp
  ${PROJECT_SOURCE_DIR}/tests/support/jack_capture.cpp
  ${PROJECT_SOURCE_DIR}/tests/support/pulse_server.cpp)
set(load 3)  # two servers of a kind at once at most, as they disturb each other
# A bus's other end.
pkg_check_modules(SYSTEMD IMPORTED_TARGET libsystemd)
if(SYSTEMD_FOUND)
  target_compile_definitions(${test_target} PRIVATE TACTUS_HAVE_SDBUS=1)
  target_link_libraries(${test_target} PRIVATE PkgConfig::SYSTEMD)
endif()
set(compiled_alone pulse_test.cpp callback_parts_test.cpp midi_clock_test.cpp midi_learner_test.cpp midi_mapper_test.cpp)
set_source_files_properties(${PROJECT_SOURCE_DIR}/tests/support/pulse_server.cpp PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
