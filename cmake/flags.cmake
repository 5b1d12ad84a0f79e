# How everything here is compiled: one INTERFACE target, `tallyho_flags`, that every library links.

find_package(Threads REQUIRED)
find_package(fmt REQUIRED)

# Same object files in every clone and build folder, so that a fresh clone finds them in the cache.
find_program(TALLYHO_CCACHE ccache)
if(TALLYHO_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_NOHASHDIR=1 CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}
                                  ${TALLYHO_CCACHE})
endif()

add_library(tallyho_flags INTERFACE)
set_target_properties(tallyho_flags PROPERTIES EXPORT_NAME flags)
target_compile_features(tallyho_flags INTERFACE cxx_std_23)
# Who uses an installed library (cmake/install_cel.cmake) has flags of his own.
target_include_directories(tallyho_flags INTERFACE $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/src>
                                                   $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/include>
                                                   $<INSTALL_INTERFACE:include/tallyho>)
set(tallyho_options -Wall -Wextra -Wshadow -Wconversion -Wnon-virtual-dtor -Werror)
if(TALLYHO_SANITIZE)
  list(APPEND tallyho_options -fno-omit-frame-pointer)  # Elsewhere it costs 4 % of all instructions.
endif()
target_link_libraries(tallyho_flags INTERFACE Threads::Threads fmt::fmt)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 reports these in its own library's code once it is inlined.
  list(APPEND tallyho_options -Wno-maybe-uninitialized -Wno-restrict -Wno-array-bounds -Wno-stringop-overflow
                              -Wno-stringop-overread)
endif()
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  # It takes a union with a default for a field that was forgotten.
  list(APPEND tallyho_options -Wno-missing-designated-field-initializers)
endif()
target_compile_options(tallyho_flags INTERFACE "$<BUILD_INTERFACE:${tallyho_options}>")

if(TALLYHO_SANITIZE)
  # -O1: the random tests run several times as fast as at -O0, and stack traces stay readable.
  target_compile_options(tallyho_flags INTERFACE -O1 -fsanitize=${TALLYHO_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(tallyho_flags INTERFACE -fsanitize=${TALLYHO_SANITIZE})
  if(TALLYHO_SANITIZE MATCHES "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(tallyho_flags INTERFACE -Wno-tsan)  # Boost's fences, which g++'s tsan doesn't model.
  endif()
endif()
if(TALLYHO_FUZZERS)
  target_compile_options(tallyho_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
