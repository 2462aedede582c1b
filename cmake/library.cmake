# polycause::polycause: every stage but the command line in one library, and its installation.
include(CMakePackageConfigHelpers)

get_property(parts GLOBAL PROPERTY POLYCAUSE_OBJECTS)
list(TRANSFORM parts REPLACE "(.+)" "$<TARGET_OBJECTS:\\1>" OUTPUT_VARIABLE objects)

add_library(polycause_library ${objects})
add_library(polycause::polycause ALIAS polycause_library)
set_target_properties(polycause_library PROPERTIES
  OUTPUT_NAME polycause EXPORT_NAME polycause LINKER_LANGUAGE CXX
  VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
target_compile_features(polycause_library PUBLIC cxx_std_17)
target_include_directories(polycause_library PUBLIC
  $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
  $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/generated>
  $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
# Only what has object code: Eigen, Boost and nlohmann-json are used inside and do not reach a user.
target_link_libraries(polycause_library PRIVATE fmt::fmt ZLIB::ZLIB Threads::Threads)
get_property(readers GLOBAL PROPERTY POLYCAUSE_READER_LIBRARIES)
foreach(reader ${readers})  # installed: by name, since the place may be another one
  get_filename_component(name ${reader} NAME_WE)
  string(REGEX REPLACE "^lib" "" name ${name})
  target_link_libraries(polycause_library PRIVATE $<BUILD_INTERFACE:${reader}>
                                                  $<INSTALL_INTERFACE:${name}>)
endforeach()
if(POLYCAUSE_SANITIZE)
  target_link_options(polycause_library PUBLIC -fsanitize=${POLYCAUSE_SANITIZE})
endif()
if(POLYCAUSE_COVERAGE)
  target_link_options(polycause_library PUBLIC --coverage)
endif()

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/polycause)
install(TARGETS polycause_library EXPORT polycauseTargets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/polycause ${PROJECT_BINARY_DIR}/generated/polycause
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(EXPORT polycauseTargets NAMESPACE polycause:: DESTINATION ${package_dir})
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/polycauseConfig.cmake.in
  ${PROJECT_BINARY_DIR}/polycauseConfig.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/polycauseConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/polycauseConfig.cmake
              ${PROJECT_BINARY_DIR}/polycauseConfigVersion.cmake DESTINATION ${package_dir})
file(RELATIVE_PATH to_libraries /${CMAKE_INSTALL_BINDIR} /${CMAKE_INSTALL_LIBDIR})
set_target_properties(polycause PROPERTIES INSTALL_RPATH "$ORIGIN/${to_libraries}")
install(TARGETS polycause RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
