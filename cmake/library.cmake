# One folder, one library:
#
#   tallyho_library(boards
#     SOURCES leaderboard.cc
#     DEPS    base
#     LINKS   absl::flat_hash_map
#     TESTS   leaderboard_test.cc
#     BENCHES leaderboard_bench.cc
#     FUZZERS leaderboard_fuzz.cc)
#
# DEPS are the only folders this one may include; tools/check_layers.py reads them from here.
# LINKS are third-party targets. A fuzzer is built with libFuzzer where TALLYHO_FUZZERS is on; everywhere
# else it is a program that replays its corpus (test/corpus/NAME), and a test does so.

find_package(absl REQUIRED)
if(BUILD_TESTING)
  find_package(GTest REQUIRED)
  include(GoogleTest)
endif()
if(TALLYHO_BENCHES)
  find_package(benchmark REQUIRED)
endif()
add_custom_target(benches)  # All of them.
add_custom_target(fuzzers)  # All of them.

function(tallyho_library name)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "" "" "SOURCES;DEPS;LINKS;TESTS;BENCHES;FUZZERS")
  list(TRANSFORM ARG_DEPS PREPEND tallyho::)
  set(kind INTERFACE)
  if(ARG_SOURCES)
    add_library(tallyho_${name} STATIC ${ARG_SOURCES})
    # libtallyho.so is made of the same objects as the programs. Hidden, they cost the programs nothing.
    set_target_properties(tallyho_${name} PROPERTIES POSITION_INDEPENDENT_CODE ON
                          CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
    set(kind PUBLIC)
  else()
    add_library(tallyho_${name} INTERFACE)
  endif()
  add_library(tallyho::${name} ALIAS tallyho_${name})
  set_target_properties(tallyho_${name} PROPERTIES EXPORT_NAME ${name})
  target_link_libraries(tallyho_${name} ${kind} tallyho_flags ${ARG_DEPS} ${ARG_LINKS})

  if(ARG_TESTS AND BUILD_TESTING)
    add_executable(${name}_test ${ARG_TESTS})
    target_link_libraries(${name}_test PRIVATE tallyho::${name} GTest::gmock GTest::gtest_main)
    target_compile_definitions(${name}_test PRIVATE TALLYHO_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
    gtest_discover_tests(${name}_test TEST_PREFIX "${name}." DISCOVERY_TIMEOUT 60 DISCOVERY_MODE PRE_TEST
                         PROPERTIES TIMEOUT 600 LABELS unit)
  endif()
  if(ARG_BENCHES AND TALLYHO_BENCHES)
    add_executable(${name}_bench ${ARG_BENCHES})
    target_compile_definitions(${name}_bench PRIVATE TALLYHO_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
    target_link_libraries(${name}_bench PRIVATE tallyho::${name} benchmark::benchmark_main)
    tallyho_as_released(${name}_bench)
    add_dependencies(benches ${name}_bench)
  endif()
  foreach(source IN LISTS ARG_FUZZERS)
    tallyho_fuzzer(${name} ${source})
  endforeach()
endfunction()

# A fuzz target, by the name of its file.
function(tallyho_fuzzer library source)
  cmake_path(GET source STEM fuzzer)
  if(TALLYHO_FUZZERS)
    add_executable(${fuzzer} ${source})
    target_link_libraries(${fuzzer} PRIVATE tallyho::${library} -fsanitize=fuzzer)
    add_dependencies(fuzzers ${fuzzer})
  elseif(BUILD_TESTING)
    add_executable(${fuzzer} ${source} ${CMAKE_SOURCE_DIR}/test/replay_corpus.cc)
    target_link_libraries(${fuzzer} PRIVATE tallyho::${library})
    add_test(NAME corpus.${fuzzer} COMMAND ${fuzzer} ${CMAKE_SOURCE_DIR}/test/corpus/${fuzzer})
    set_tests_properties(corpus.${fuzzer} PROPERTIES TIMEOUT 600 LABELS unit)
  endif()
  if(TARGET ${fuzzer})
    target_compile_definitions(${fuzzer} PRIVATE TALLYHO_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  endif()
endfunction()
