# How programs are built and run under the tools that watch memory and threads. Part of test.sh, which has `check`.

strict="-Wall -Wextra -Werror -pedantic -Wno-unused-function -D_POSIX_C_SOURCE=200809L -g -I$here/include"
eye="-fsanitize=address,undefined -fno-sanitize-recover=all"
# Valgrind runs one thread at a time, and lets it be the same for minutes unless it is told to be fair.
grind="valgrind --quiet --fair-sched=try --max-threads=1100 --leak-check=full --show-leak-kinds=definite,indirect --errors-for-leak-kinds=definite,indirect --error-exitcode=1"
host=$(rustc -vV | sed -n 's/^host: //p')

# --- Programs in memory, over the static library
rest="$CARGO_TARGET_DIR/debug/libnightlatch.a -lpthread -lm -ldl"
run() { # run DIALECT FLAGS SOURCE OUTPUT [RUNNER]
    local compiler="cc -std=c99"
    [ "$1" = C ] || compiler="g++ -std=c++11 -x c++"
    # shellcheck disable=SC2086
    $compiler $strict $2 -c "$here/tests/c/$3" -o "$4.o" && g++ $2 "$4.o" $rest -o "$4" && timeout 300 ${5:-} "$4"
}
seen() { # seen WORD COMMAND...: it fails, and says why
    local told word=$1
    shift
    ! told=$("$@" 2>&1) || return 1
    echo "$told"
    [[ $told == *"$word"* ]]
}

# --- Programs from the installed prefix, with libcurl: each is built as plain/NAME, asan/NAME and valgrind/NAME, which are run alike
transport_with() { # transport_with FLAGS FOLDER: the transport's objects, built with such flags
    local source
    mkdir -p "$2"
    for source in "$here"/transport/*.c; do
        # shellcheck disable=SC2086
        cc -std=c99 $strict $1 -I"$here/transport" -c "$source" -o "$2/$(basename "$source" .c).o" || return 1
    done
}
built() { # built NAME COMPILER SOURCE [FLAG...]
    local name=$1 compiler=$2 source=$3
    shift 3
    mkdir -p plain asan valgrind
    # shellcheck disable=SC2046,SC2086
    $compiler $strict "$source" "$@" $(pkg-config --cflags --libs nightlatch) -lcurl -lpthread -o "plain/$name" &&
        { [ -d "$work/transport" ] || transport_with "$eye" "$work/transport"; } &&
        $compiler $strict $eye -I"$here/transport" "$source" "$work"/transport/*.o "$@" -Wl,-z,now -L"$prefix/lib" -lnightlatch -lcurl -lpthread -o "asan/$name" &&
        ground "$name" "$grind" "$PWD/plain/$name"
}
# With the library as it is before optimisation: after it a text's length may be looked at before whether there is a text, which
# makes no difference to the outcome, but is an error to valgrind.
ground() { # ground NAME VALGRIND PROGRAM: valgrind/NAME runs it
    mkdir -p "$work/debug" && ln -sf "$CARGO_TARGET_DIR/debug/libnightlatch.so" "$work/debug/libnightlatch.so.0"
    printf '#!/bin/sh\nLD_LIBRARY_PATH=%s exec %s %s "$@"\n' "$work/debug:$prefix/lib" "$2" "$3" >"valgrind/$1" && chmod +x "valgrind/$1"
}
each() { # each NAME COMMAND...: a check of the program as it is, under AddressSanitizer with UBSan, and under valgrind: % is its folder
    local name=$1
    shift
    check "$name" "${@//%/plain}"
    check "$name under AddressSanitizer and UBSan" "${@//%/asan}"
    check "$name under valgrind" "${@//%/valgrind}"
}

# --- ThreadSanitizer must see every lock and every access: the library and Rust's own are built for it from their sources.
# (helgrind and drd know pthread's locks only. Rust's are futexes, and all they guard is a race to them.)
std_source() { [ -d "$(rustc $1 --print sysroot)/lib/rustlib/src/rust/library" ]; }
instrument() {
    local toolchain=
    # Debian's toolchain for WebAssembly has that source, where the active one lacks it.
    std_source "" || toolchain=$("$here/../.ci/wasm-toolchain") || return 1
    std_source "$toolchain" || { echo "run: rustup component add rust-src"; return 1; }
    # shellcheck disable=SC2086
    RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Zsanitizer=thread cargo $toolchain rustc -q --manifest-path "$here/../Cargo.toml" --locked -p nightlatch-c --lib \
        --crate-type staticlib -Zbuild-std=std,panic_unwind --target "$host" --target-dir "$CARGO_TARGET_DIR/tsan"
}
watched() { # watched OUTPUT LINKED SOURCE...: a program with all of it in ThreadSanitizer's sight
    local output=$1 linked=$2 objects=() source
    shift 2
    instrument || return 1
    for source; do
        # shellcheck disable=SC2086
        cc -std=c99 $strict -I"$here/transport" -fsanitize=thread -c "$source" -o "$output-${#objects[@]}.o" || return 1
        objects+=("$output-${#objects[@]}.o")
    done
    # Rust's copy of the sanitizer's runtime, since gcc's is older than the compiler.
    # shellcheck disable=SC2086
    g++ "${objects[@]}" "$CARGO_TARGET_DIR/tsan/$host/debug/libnightlatch.a" -Wl,--whole-archive "$(rustc --print target-libdir)"/librustc*_rt.tsan.a \
        -Wl,--no-whole-archive $linked -lpthread -lm -ldl -lrt -o "$output"
}
raced() { seen "data race" "$1" >"$1.log" && grep -q nightlatch_wipe "$1.log"; }
quiet() { watched "$work/$1-tsan" "" "$here/tests/c/$1.c" && TSAN_OPTIONS=$tsan timeout 300 "$work/$1-tsan"; }
tsan="halt_on_error=1"

# --- The Rust tests: every scenario through the extern functions, and panics
# Valgrind shows a child that could not be started as one that ended with 127, so the test of such a fault is left out there.
player() { cargo test -q --locked -p nightlatch-c --lib --test scenarios "$@"; }
ground_player() { player --config "target.'cfg(all())'.runner = [\"${grind// /\", \"}\"]" -- --skip what_cannot_be_run_is_a_fault; }
# With the library's own code in the sanitizer's sight.
sanitized_player() { RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Zsanitizer=address player --target "$host" --target-dir "$CARGO_TARGET_DIR/asan"; }
