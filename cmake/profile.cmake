# What is released is optimised by a profile of the treasure hunt being played (docs/decisions/0023):
# cmake/hunt.profdata, which `./dev profile` makes anew. A function that has changed since is compiled as if there were
# none.

option(TALLYHO_PROFILE "Optimise by the profile in cmake/hunt.profdata (clang 19)" ON)
option(TALLYHO_PROFILING "Build programs that write such a profile when they end" OFF)

# Functions of one file are named in the profile by the file's name alone, so that it fits every clone.
set(profile_names "SHELL:-mllvm -static-func-full-module-prefix=false")
set(profile_file ${CMAKE_SOURCE_DIR}/cmake/hunt.profdata)
set(profile_options)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 19
   AND NOT TALLYHO_SANITIZE)
  if(TALLYHO_PROFILING)
    set(profile_options -fprofile-generate)
    add_link_options(-fprofile-generate)
  elseif(TALLYHO_PROFILE AND CMAKE_BUILD_TYPE MATCHES "^Rel" AND EXISTS ${profile_file})
    # It has nothing of tests, nor of what was not played, and less and less of what changes.
    set(profile_options -fprofile-use=${profile_file} -Wno-profile-instr-unprofiled -Wno-profile-instr-out-of-date
                        -Wno-backend-plugin)
  endif()
endif()
if(profile_options)
  target_compile_options(tallyho_flags INTERFACE "$<BUILD_INTERFACE:${profile_options};${profile_names}>")
endif()
