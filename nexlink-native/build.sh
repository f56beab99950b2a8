#!/bin/sh
# build.sh OUTDIR - makes OUTDIR/libnexlink.so with ${CC:-cc} alone. Exit code 2: there is no compiler.
set -eu
[ $# -eq 1 ] || { echo "usage: build.sh OUTDIR" >&2; exit 1; }
compiler=${CC:-cc}
# CC may carry options ("gcc -m64"): its first word is the program.
command -v "${compiler%% *}" >/dev/null 2>&1 || { echo "nexlink-native: no C compiler (${compiler%% *})" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
# Written beside its place and then moved: whoever loads the library meanwhile sees the old one or the new one, never half of one.
partial="$1/.libnexlink.so.$$"
trap 'rm -f "$partial"' EXIT
# No warnings here: a newer compiler's opinion must not break the build of somebody who only wants the library. CMakeLists.txt has them all, as errors.
# shellcheck disable=SC2086 # options in CC and CFLAGS are meant to be split
$compiler -std=c11 -D_GNU_SOURCE -O2 -g -fPIC -fvisibility=hidden -w ${CFLAGS:-} \
    -I "$here/include" -shared -Wl,-soname,libnexlink.so -Wl,-z,relro,-z,now -Wl,--no-undefined "$here"/src/*.c -o "$partial" -pthread
mv -f "$partial" "$1/libnexlink.so"
