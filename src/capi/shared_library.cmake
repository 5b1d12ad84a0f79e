# libtallyho.so, and `cmake --install BUILD --component capi`: the library, its header, a CMake package
# (tallyho::tallyho) and a pkg-config file (tallyho).

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(version_script ${CMAKE_CURRENT_SOURCE_DIR}/tallyho.map)
add_library(tallyho_shared SHARED $<TARGET_OBJECTS:tallyho_capi>)
add_library(tallyho::tallyho ALIAS tallyho_shared)
set_target_properties(tallyho_shared PROPERTIES
  OUTPUT_NAME tallyho EXPORT_NAME tallyho VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}
  LINKER_LANGUAGE CXX LINK_DEPENDS ${version_script})
# nodelete: threads that have called it end with code of the library, also after dlclose().
target_link_options(tallyho_shared PRIVATE -Wl,--version-script=${version_script} -Wl,-z,nodelete
                                           -Wl,--no-undefined-version)
target_link_libraries(tallyho_shared PRIVATE $<BUILD_INTERFACE:tallyho_capi>)
tallyho_optimise(tallyho_shared)
target_include_directories(tallyho_shared INTERFACE $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/include>
                                                    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
add_dependencies(programs tallyho_shared)

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/tallyho)
install(TARGETS tallyho_shared EXPORT tallyho LIBRARY COMPONENT capi NAMELINK_COMPONENT capi)
install(EXPORT tallyho NAMESPACE tallyho:: FILE tallyho-config.cmake DESTINATION ${package} COMPONENT capi)
install(FILES ${CMAKE_SOURCE_DIR}/include/tallyho.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT capi)
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/tallyho-config-version.cmake
                                 COMPATIBILITY SameMinorVersion)
# From where the file lies, so that the tree may be moved.
file(RELATIVE_PATH up /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
set(pkgconfig_prefix "\${pcfiledir}/${up}")
configure_file(tallyho.pc.in tallyho.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/tallyho-config-version.cmake DESTINATION ${package} COMPONENT capi)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/tallyho.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT capi)
