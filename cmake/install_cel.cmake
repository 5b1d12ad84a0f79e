# `cmake --install BUILD --component cel`: the CEL library for programs that have nothing else to do with Tallyho. They
# find it with find_package(tallyho_cel), link tallyho::cel and include "cel/cel.h"; examples/cel is one.

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(cel_package ${CMAKE_INSTALL_LIBDIR}/cmake/tallyho_cel)
install(TARGETS tallyho_cel tallyho_base tallyho_flags EXPORT tallyho_cel ARCHIVE COMPONENT cel)
install(EXPORT tallyho_cel NAMESPACE tallyho:: FILE tallyho_cel-targets.cmake DESTINATION ${cel_package} COMPONENT cel)

# What cel.h includes, and what that includes.
install(FILES src/base/arena.h src/base/time.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/tallyho/base COMPONENT cel)
install(FILES src/cel/ast.h src/cel/cel.h src/cel/code.h src/cel/containers.h src/cel/environment.h src/cel/operator.h
              src/cel/program.h
              src/cel/type.h src/cel/value.h
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/tallyho/cel COMPONENT cel)

configure_file(cmake/tallyho_cel-config.cmake.in tallyho_cel-config.cmake @ONLY)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/tallyho_cel-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/tallyho_cel-config.cmake ${CMAKE_BINARY_DIR}/tallyho_cel-config-version.cmake
        DESTINATION ${cel_package} COMPONENT cel)

# The example is built against an installation of its own, as a stranger would.
if(BUILD_TESTING)
  set(cel_prefix ${CMAKE_BINARY_DIR}/cel_prefix)
  add_test(NAME example.cel.install
           COMMAND ${CMAKE_COMMAND} --install ${CMAKE_BINARY_DIR} --component cel --prefix ${cel_prefix})
  add_test(NAME example.cel
           COMMAND ${CMAKE_CTEST_COMMAND}
                   --build-and-test ${CMAKE_SOURCE_DIR}/examples/cel ${CMAKE_BINARY_DIR}/cel_example
                   --build-generator ${CMAKE_GENERATOR}
                   --build-options -DCMAKE_PREFIX_PATH=${cel_prefix} -DCMAKE_CXX_COMPILER=${CMAKE_CXX_COMPILER}
                                   -DCMAKE_BUILD_TYPE=${CMAKE_BUILD_TYPE}
                   --test-command ${CMAKE_BINARY_DIR}/cel_example/discount)
  set_tests_properties(example.cel.install PROPERTIES FIXTURES_SETUP cel_prefix LABELS unit)
  set_tests_properties(example.cel PROPERTIES FIXTURES_REQUIRED cel_prefix LABELS unit TIMEOUT 300
                       PASS_REGULAR_EXPRESSION "a sale of 80: true\na sale of 80: false\n")
endif()
