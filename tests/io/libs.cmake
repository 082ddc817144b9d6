set(run_alone TRUE) # real JACK servers: what a busy neighbour makes them miss is not ours to judge
pkg_check_modules(JACK REQUIRED IMPORTED_TARGET jack)
target_link_libraries(${test_target} PRIVATE PkgConfig::JACK PkgConfig::SNDFILE nlohmann_json::nlohmann_json)
target_sources(${test_target} PRIVATE ${PROJECT_SOURCE_DIR}/tests/support/jack_server.cpp
  ${PROJECT_SOURCE_DIR}/tests/support/jack_capture.cpp)
if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
  pkg_check_modules(SYSTEMD REQUIRED IMPORTED_TARGET libsystemd)
  target_compile_definitions(${test_target} PRIVATE TACTUS_HAVE_SDBUS=1)
  target_link_libraries(${test_target} PRIVATE PkgConfig::SYSTEMD)
endif()
