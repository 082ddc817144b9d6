# Compiles CASE with and without TACTUS_WRONG; see CMakeLists.txt.
set(compile ${COMPILER} -std=c++20 -fsyntax-only -Wall -Wextra -Werror -I${INCLUDE})

execute_process(COMMAND ${compile} ${CASE} RESULT_VARIABLE right ERROR_VARIABLE messages)
if(NOT right EQUAL 0)
  message(FATAL_ERROR "The correct half of ${CASE} does not compile:\n${messages}")
endif()
execute_process(COMMAND ${compile} -DTACTUS_WRONG ${CASE} RESULT_VARIABLE wrong ERROR_VARIABLE messages)
if(wrong EQUAL 0)
  message(FATAL_ERROR "${CASE} compiles with TACTUS_WRONG, and must not")
endif()
if(NOT messages MATCHES "error:")
  message(FATAL_ERROR "The compiler failed without an error in the source:\n${messages}")
endif()
