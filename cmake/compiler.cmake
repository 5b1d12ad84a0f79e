# Which compiler, if nobody says: clang 19 where it is there, because its programs are a quarter faster than those of
# g++ 12 (docs/decisions/0020). Included before project(). Whatever is asked for by -DCMAKE_CXX_COMPILER, a preset, CXX
# or CC comes first; both compilers build everything.

if(NOT DEFINED CMAKE_C_COMPILER AND NOT DEFINED CMAKE_CXX_COMPILER AND NOT DEFINED ENV{CC} AND NOT DEFINED ENV{CXX})
  find_program(TALLYHO_CLANG clang-19)
  find_program(TALLYHO_CLANGXX clang++-19)
  if(TALLYHO_CLANG AND TALLYHO_CLANGXX)
    set(CMAKE_C_COMPILER ${TALLYHO_CLANG})
    set(CMAKE_CXX_COMPILER ${TALLYHO_CLANGXX})
  endif()
endif()
