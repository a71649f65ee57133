#!/bin/sh
# Builds and installs the C library: install.sh PREFIX [DESTDIR]
#
# Libraries (static and shared), headers, pkg-config files and a CMake package. The libcurl transport comes along if
# libcurl's headers are there; NIGHTLATCH_CURL=0 leaves it out, NIGHTLATCH_CURL=1 insists on it.
set -eu

[ $# -ge 1 ] || { sed -n '2,5p' "$0"; exit 2; }
prefix=$1
root=${2:-}$prefix
here=$(cd "$(dirname "$0")" && pwd)
target=${CARGO_TARGET_DIR:-$here/../target}
cc=${CC:-cc}
version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$here/../Cargo.toml" | head -1)
major=${version%%.*}

case ${NIGHTLATCH_CURL:-auto} in
    0) curl=no ;;
    1) curl=yes ;;
    *) curl=no; echo '#include <curl/curl.h>' | "$cc" -E - >/dev/null 2>&1 && curl=yes ;;
esac

# Without the crate's third form, the one for its tests: beside that cargo does no link-time optimisation. And small where time
# does not count: a cached read is made of inlined and generic functions, which are compiled with this crate, at its level.
set -- --crate-type cdylib --crate-type staticlib
for crate in nightlatch-core saphyr-parser toml toml_parser winnow; do
    set -- "$@" --config "profile.release.package.$crate.opt-level=\"s\""
done
(cd "$here/.." && ${CARGO:-cargo} rustc --release --locked -p nightlatch-c "$@")

mkdir -p "$root/include" "$root/lib/pkgconfig" "$root/lib/cmake/nightlatch"
cp "$here/include/nightlatch.h" "$here/include/nightlatch.hpp" "$root/include/"

# name: installs lib$1.so as lib$1.so.VERSION, and the links that the linkers follow.
shared() {
    cp "$2" "$root/lib/lib$1.so.$version"
    chmod 755 "$root/lib/lib$1.so.$version"
    ln -sf "lib$1.so.$version" "$root/lib/lib$1.so.$major"
    ln -sf "lib$1.so.$major" "$root/lib/lib$1.so"
}

shared nightlatch "$target/release/libnightlatch.so"
cp "$target/release/libnightlatch.a" "$root/lib/libnightlatch.a"
strip --strip-debug "$root/lib/libnightlatch.a"

system="-lpthread -ldl -lm"
if [ $curl = yes ]; then
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    flags="-std=c99 -O2 -Wall -Wextra -fPIC -fvisibility=default -I$here/include -I$here/transport"
    for room in nightlatch_curl tls; do
        "$cc" $flags -c "$here/transport/$room.c" -o "$work/$room.o"
    done
    "$cc" -shared -Wl,-z,now -Wl,-soname,libnightlatch_curl.so."$major" -o "$work/libnightlatch_curl.so" "$work"/*.o \
        -L"$root/lib" -lnightlatch -lcurl -lpthread
    ar rcs "$work/libnightlatch_curl.a" "$work"/*.o
    shared nightlatch_curl "$work/libnightlatch_curl.so"
    cp "$work/libnightlatch_curl.a" "$root/lib/"
    cp "$here/transport/nightlatch_curl.h" "$root/include/"
fi

# fills FROM TO: the templates' places.
fill() {
    sed -e "s|@PREFIX@|$prefix|g" -e "s|@VERSION@|$version|g" -e "s|@MAJOR@|$major|g" -e "s|@SYSTEM@|$system|g" \
        -e "s|@CURL_SHARED@|$1|g" -e "s|@CURL_STATIC@|$2|g" "$3" >"$4"
}

if [ $curl = yes ]; then
    dynamic="-lnightlatch_curl" static="-l:libnightlatch_curl.a" outer="-lcurl"
else
    dynamic="" static="" outer=""
fi
fill "$dynamic" "$static" "$here/pkgconfig/nightlatch.pc.in" "$root/lib/pkgconfig/nightlatch.pc"
fill "" "" "$here/pkgconfig/nightlatch.pc.in" "$root/lib/pkgconfig/nightlatch-engine.pc"
system="$outer $system"
fill "$dynamic" "$static" "$here/pkgconfig/nightlatch-static.pc.in" "$root/lib/pkgconfig/nightlatch-static.pc"
for file in nightlatch-config.cmake nightlatch-config-version.cmake; do
    fill "$dynamic" "$static" "$here/cmake/$file.in" "$root/lib/cmake/nightlatch/$file"
done
echo "nightlatch $version is installed in $prefix (libcurl transport: $curl)"
