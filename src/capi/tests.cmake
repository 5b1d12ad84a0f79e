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
