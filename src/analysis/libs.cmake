find_package(nlohmann_json REQUIRED)
pkg_check_modules(FFTW3F REQUIRED IMPORTED_TARGET fftw3f)
pkg_check_modules(EBUR128 REQUIRED IMPORTED_TARGET libebur128)
target_link_libraries(${target} PRIVATE nlohmann_json::nlohmann_json PkgConfig::EBUR128 PkgConfig::FFTW3F)

# Learned weights become part of the library.
foreach(name Network Embedding Key)
  string(TOLOWER ${name} weights)
  set(source ${CMAKE_CURRENT_BINARY_DIR}/${weights}_weights.cpp)
  add_custom_command(
    OUTPUT ${source}
    COMMAND ${CMAKE_COMMAND} -D IN=${PROJECT_SOURCE_DIR}/src/analysis/weights/${weights}.bin -D OUT=${source}
            -D NAME=k${name}Weights -D NAMESPACE=tactus::analysis -P ${PROJECT_SOURCE_DIR}/cmake/embed.cmake
    DEPENDS ${PROJECT_SOURCE_DIR}/src/analysis/weights/${weights}.bin ${PROJECT_SOURCE_DIR}/cmake/embed.cmake
    COMMENT "Embedding weights/${weights}.bin" VERBATIM)
  target_sources(${target} PRIVATE ${source})
endforeach()
