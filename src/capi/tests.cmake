# The library as hosts see it: linked dynamically, from C and C++, and from a program of another build.

add_executable(tallyho_c_test tallyho_c_test.c)
set_target_properties(tallyho_c_test PROPERTIES C_STANDARD 99 C_STANDARD_REQUIRED ON C_EXTENSIONS OFF)
target_compile_options(tallyho_c_test PRIVATE -pedantic -Wall -Wextra -Werror -Wno-missing-field-initializers)
target_link_libraries(tallyho_c_test PRIVATE tallyho_shared)
if(TALLYHO_SANITIZE)
  target_link_options(tallyho_c_test PRIVATE -fsanitize=${TALLYHO_SANITIZE})
endif()
add_test(NAME capi.c COMMAND tallyho_c_test)
add_test(NAME capi.c.bad_ruleset COMMAND tallyho_c_test bad-ruleset)
set_tests_properties(capi.c PROPERTIES LABELS unit ENVIRONMENT TALLYHO_RULESET=)
set_tests_properties(capi.c.bad_ruleset PROPERTIES LABELS unit ENVIRONMENT TALLYHO_RULESET=no-such-file.yaml)

add_executable(capi_test capi_test.cc)
target_link_libraries(capi_test PRIVATE tallyho_flags tallyho_shared GTest::gtest_main)
gtest_discover_tests(capi_test TEST_PREFIX "capi." DISCOVERY_TIMEOUT 60 DISCOVERY_MODE PRE_TEST
                     PROPERTIES TIMEOUT 600 LABELS unit ENVIRONMENT TALLYHO_RULESET=)

add_test(NAME capi.exports
         COMMAND /usr/bin/python3 ${CMAKE_CURRENT_SOURCE_DIR}/exports_test.py $<TARGET_FILE:tallyho_shared>)
set_tests_properties(capi.exports PROPERTIES LABELS unit ENVIRONMENT PYTHONDONTWRITEBYTECODE=1)

# The examples, against an installation of their own, as a stranger's.
set(capi_prefix ${CMAKE_BINARY_DIR}/capi_prefix)
add_test(NAME example.capi.install
         COMMAND ${CMAKE_COMMAND} --install ${CMAKE_BINARY_DIR} --component capi --prefix ${capi_prefix})
set_tests_properties(example.capi.install PROPERTIES FIXTURES_SETUP capi_prefix LABELS unit)
# Sanitizers want to be in the program, too: with them only the other builds have these.
if(NOT TALLYHO_SANITIZE)
  add_test(NAME example.c
           COMMAND ${CMAKE_CTEST_COMMAND}
                   --build-and-test ${CMAKE_SOURCE_DIR}/examples/c ${CMAKE_BINARY_DIR}/c_example
                   --build-generator ${CMAKE_GENERATOR}
                   --build-options -DCMAKE_PREFIX_PATH=${capi_prefix} -DCMAKE_C_COMPILER=${CMAKE_C_COMPILER}
                   --test-command ${CMAKE_BINARY_DIR}/c_example/score)
  add_test(NAME example.c.pkg_config
           COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/pkg_config_test.sh ${CMAKE_SOURCE_DIR}/examples/c/score.c
                   ${capi_prefix}/${CMAKE_INSTALL_LIBDIR} ${CMAKE_BINARY_DIR}/c_example_pkg_config)
  set_tests_properties(example.c example.c.pkg_config PROPERTIES FIXTURES_REQUIRED capi_prefix LABELS unit
                       ENVIRONMENT TALLYHO_RULESET= PASS_REGULAR_EXPRESSION "115 points\n1. ada 115\n")
  add_test(NAME example.ctypes
           COMMAND /usr/bin/python3 ${CMAKE_SOURCE_DIR}/examples/ctypes/score_test.py $<TARGET_FILE:tallyho_shared>)
  set_tests_properties(example.ctypes PROPERTIES LABELS unit ENVIRONMENT "TALLYHO_RULESET=;PYTHONDONTWRITEBYTECODE=1")
endif()
