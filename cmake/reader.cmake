# Optional libraries that read a file format. A stage is built with SOURCES where header and libraries
# are found, else with ABSENT, which has the same API and says what to install.
#
#   polycause_reader(<stage> <what it reads> DEBIAN <package> HEADER <header> [SUFFIXES <folders>]
#                    LIBRARIES <name>... SOURCES <file>... ABSENT <file>...)
#
# A library name may list alternatives, best first: "hdf5_serial|hdf5". Call it before
# polycause_stage, which takes up what was found.
function(polycause_reader stage what)
  cmake_parse_arguments(arg "" "DEBIAN;HEADER" "SUFFIXES;LIBRARIES;SOURCES;ABSENT" ${ARGN})
  string(MAKE_C_IDENTIFIER "POLYCAUSE_${arg_HEADER}" key)
  string(TOUPPER ${key} key)
  find_path(${key}_INCLUDE_DIR ${arg_HEADER} PATH_SUFFIXES ${arg_SUFFIXES})
  mark_as_advanced(${key}_INCLUDE_DIR)
  set(found ${${key}_INCLUDE_DIR})
  set(libraries)
  foreach(names ${arg_LIBRARIES})
    string(MAKE_C_IDENTIFIER "${names}" name)
    string(REPLACE "|" ";" names "${names}")
    find_library(${key}_LIBRARY_${name} NAMES ${names})
    mark_as_advanced(${key}_LIBRARY_${name})
    if(${key}_LIBRARY_${name})
      list(APPEND libraries ${${key}_LIBRARY_${name}})
    else()
      set(found FALSE)
    endif()
  endforeach()
  if(NOT found)
    message(STATUS "No ${what}: ${arg_HEADER} and its library not found (Debian: ${arg_DEBIAN})")
    set_property(GLOBAL APPEND PROPERTY POLYCAUSE_READER_SOURCES_${stage} ${arg_ABSENT})
    return()
  endif()
  set_property(GLOBAL APPEND PROPERTY POLYCAUSE_READER_SOURCES_${stage} ${arg_SOURCES})
  set_property(GLOBAL APPEND PROPERTY POLYCAUSE_READER_LIBRARIES ${libraries})
  set_property(GLOBAL APPEND PROPERTY POLYCAUSE_READER_LIBRARIES_${stage} ${libraries})
  set_property(GLOBAL APPEND PROPERTY POLYCAUSE_READER_INCLUDES_${stage} ${${key}_INCLUDE_DIR})
endfunction()
