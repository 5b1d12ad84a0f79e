#!/usr/bin/env bash
# Builds a C program with what pkg-config says about the installed library, strictly, and runs it.
#
#     pkg_config_test.sh SOURCE LIBDIR PROGRAM
set -euo pipefail
source=$1 libdir=$2 program=$3
export PKG_CONFIG_PATH=$libdir/pkgconfig
read -ra flags <<<"$(pkg-config --cflags --libs tallyho)"
cc -std=c99 -pedantic -Wall -Werror "$source" "${flags[@]}" -Wl,-rpath,"$libdir" -o "$program"
"$program"
