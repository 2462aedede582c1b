# A stage is one folder of src/: an object library polycause_<name> with the project's warnings.
configure_file(${PROJECT_SOURCE_DIR}/cmake/version.h.in
               ${PROJECT_BINARY_DIR}/generated/polycause/version.h @ONLY)

add_library(polycause_options INTERFACE)
target_include_directories(polycause_options INTERFACE
  ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/include ${PROJECT_BINARY_DIR}/generated)
target_compile_options(polycause_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion
                       $<$<BOOL:${POLYCAUSE_WERROR}>:-Werror>)
if(POLYCAUSE_SANITIZE)
  target_compile_options(polycause_options INTERFACE -fsanitize=${POLYCAUSE_SANITIZE}
                         -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(polycause_options INTERFACE -fsanitize=${POLYCAUSE_SANITIZE})
endif()
if(POLYCAUSE_COVERAGE)
  target_compile_options(polycause_options INTERFACE --coverage)
  target_link_options(polycause_options INTERFACE --coverage)
endif()

function(polycause_stage name)
  foreach(part SOURCES INCLUDES LIBRARIES)  # of the optional readers, cmake/reader.cmake
    get_property(reader_${part} GLOBAL PROPERTY POLYCAUSE_READER_${part}_${name})
  endforeach()
  add_library(polycause_${name} OBJECT ${ARGN} ${reader_SOURCES})
  target_include_directories(polycause_${name} SYSTEM PRIVATE ${reader_INCLUDES})
  target_link_libraries(polycause_${name} PUBLIC polycause_options PRIVATE ${reader_LIBRARIES})
  if(NOT name STREQUAL "cli")
    set_property(GLOBAL APPEND PROPERTY POLYCAUSE_OBJECTS polycause_${name})
  endif()
endfunction()

# Objects compiled apart from their stage, with options of their own (an OBJECT library `target`).
function(polycause_stage_objects name target)
  target_sources(polycause_${name} INTERFACE $<TARGET_OBJECTS:${target}>)
  set_property(GLOBAL APPEND PROPERTY POLYCAUSE_OBJECTS ${target})
endfunction()

# Tests of one stage: one binary, which links the stages it names (and what those need).
function(polycause_test name)
  cmake_parse_arguments(arg "" "" "SOURCES;STAGES" ${ARGN})
  add_executable(test_${name} ${arg_SOURCES})
  foreach(stage ${arg_STAGES})
    target_link_libraries(test_${name} PRIVATE polycause_${stage})
  endforeach()
  target_link_libraries(test_${name} PRIVATE GTest::gtest_main)
  target_include_directories(test_${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_compile_definitions(test_${name} PRIVATE
    POLYCAUSE_SOURCE_DIR="${PROJECT_SOURCE_DIR}" POLYCAUSE_SHARED_DIR="${PROJECT_SOURCE_DIR}/../shared")
  gtest_discover_tests(test_${name} TEST_PREFIX ${name}. DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60)
endfunction()
