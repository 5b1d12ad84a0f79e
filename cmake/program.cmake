# Programs, and the tests that run them from outside.

add_custom_target(programs)  # All of them.

# Makes `target` what is released: optimised as a whole, and allocating with mimalloc; not under sanitizers, which bring
# their own allocator.
function(tallyho_as_released target)
  tallyho_optimise(${target})
  target_sources(${target} PRIVATE ${CMAKE_SOURCE_DIR}/src/base/large_pages.cc)
  if(NOT TALLYHO_SANITIZE)
    find_package(mimalloc REQUIRED)
    target_link_libraries(${target} PRIVATE mimalloc)
    target_compile_definitions(${target} PRIVATE TALLYHO_MIMALLOC)
  endif()
endfunction()

# tallyho_program(tallyho SOURCES main.cc LINKS tallyho::cli)
function(tallyho_program name)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "" "" "SOURCES;LINKS")
  add_executable(${name} ${ARG_SOURCES})
  tallyho_as_released(${name})
  target_link_libraries(${name} PRIVATE ${ARG_LINKS})
  add_dependencies(programs ${name})
endfunction()

# A test that runs `tallyho`, whose path it finds in the environment as TALLYHO:
#
#   tallyho_program_test(server.websocket COMMAND /usr/bin/python3 -m unittest -v websocket_test
#                        WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
#
# LABELS and TIMEOUT (seconds, default 300) as in ctest. The word TALLYHO in COMMAND is the program itself.
function(tallyho_program_test name)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "" "WORKING_DIRECTORY;TIMEOUT" "COMMAND;LABELS")
  if(NOT BUILD_TESTING OR NOT TARGET tallyho)
    return()
  endif()
  set(program $<TARGET_FILE:tallyho>)
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  if(NOT ARG_WORKING_DIRECTORY)
    set(ARG_WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  endif()
  list(TRANSFORM ARG_COMMAND REPLACE "^TALLYHO$" "${program}")
  add_test(NAME ${name} COMMAND ${ARG_COMMAND} WORKING_DIRECTORY ${ARG_WORKING_DIRECTORY})
  set_tests_properties(${name} PROPERTIES ENVIRONMENT "TALLYHO=${program};PYTHONDONTWRITEBYTECODE=1"
                       TIMEOUT ${ARG_TIMEOUT} LABELS "program;${ARG_LABELS}")
endfunction()
