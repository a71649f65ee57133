#!/bin/bash
# Everything that is true of the C library, from a clean checkout. Prints what fails, and a last line 'N passed, N failed'.
#
#   test.sh            everything
#   test.sh PATTERN    the checks whose name holds the pattern (what they need is built all the same)
set -uo pipefail

here=$(cd "$(dirname "$0")" && pwd)
only=${1:-}
work=$(mktemp -d)
prefix=$work/prefix
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$here/../target}
passed=0 failed=0
trap '[ -z "${emulator:-}" ] || kill "$emulator" 2>/dev/null; rm -rf "$work"' EXIT

# check NAME COMMAND...: one check; its output is shown only if it fails.
check() {
    local name=$1 log=$work/log
    shift
    [[ $name == *"$only"* ]] || return 0
    if "$@" >"$log" 2>&1; then
        passed=$((passed + 1))
        echo "ok      $name"
    else
        failed=$((failed + 1))
        echo "FAILED  $name"
        tail -n 40 "$log" | sed 's/^/        /'
    fi
}

# need PROGRAM-OR-HEADER PACKAGE...: installs what is missing, by apt-get.
need() {
    local what=$1
    shift
    case $what in
        *.h) echo "#include <$what>" | cc -E - >/dev/null 2>&1 && return ;;
        perl:*) perl -M"${what#perl:}" -e 1 2>/dev/null && return ;;
        *) command -v "$what" >/dev/null && return ;;
    esac
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

need cc gcc libc6-dev
need g++ g++
need curl/curl.h libcurl4-openssl-dev
need valgrind valgrind libc6-dbg
need cmake cmake make
need pkg-config pkg-config
need curl curl
need perl:FFI::Platypus libffi-platypus-perl
need openssl openssl

# --- Rust: format, lints, header, scenarios, panics
cd "$here/.." || exit 1
check "format" cargo fmt -p nightlatch-c --check
check "clippy" cargo clippy -q -p nightlatch-c --all-targets --locked -- -D warnings
check "Rust tests: header, parity, scenarios, panics" cargo test -q -p nightlatch-c --locked
cargo build -q --locked -p nightlatch-c -p nightlatch-emulator || exit 1

# --- C and C++ programs over the static library, with every compiler's eye on them
strict="-Wall -Wextra -Werror -pedantic -Wno-unused-function -D_POSIX_C_SOURCE=200809L -g -I$here/include"
rest="$CARGO_TARGET_DIR/debug/libnightlatch.a -lpthread -lm -ldl"
eye="-fsanitize=address,undefined -fno-sanitize-recover=all"
grind="valgrind --quiet --leak-check=full --show-leak-kinds=definite,indirect --errors-for-leak-kinds=definite,indirect --error-exitcode=1"
run() { # run DIALECT FLAGS SOURCE OUTPUT [RUNNER]
    local compiler="cc -std=c99"
    [ "$1" = C ] || compiler="g++ -std=c++11 -x c++"
    # shellcheck disable=SC2086
    $compiler $strict $2 -c "$here/tests/c/$3" -o "$4.o" && g++ $2 "$4.o" $rest -o "$4" && timeout 300 ${5:-} "$4"
}
# A certificate, as PEM with its key and as PKCS #12 with a password
export CERTIFICATES=$work/certificates
mkdir "$CERTIFICATES" && (cd "$CERTIFICATES" && umask 077 &&
    openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -subj /CN=nightlatch -days 30 2>/dev/null && cat cert.pem key.pem >both.pem &&
    openssl pkcs12 -export -in both.pem -out app.pfx -passout pass:hunter2) || exit 1
for program in blocking credentials hostile engine threads memory fork; do
    check "$program.c as C99" run C "" $program.c "$work/$program"
    check "$program.c as C++" run C++ "" $program.c "$work/$program-cpp"
    check "$program.c under AddressSanitizer and UBSan" run C "$eye" $program.c "$work/$program-asan"
    # What the other threads had on their stacks is lost to a forked child.
    [ $program = fork ] && leaks="--leak-check=no" || leaks=""
    check "$program.c under valgrind" run C "" $program.c "$work/$program-vg" "$grind $leaks"
done
check "wrapper.cpp as C++11" run C++ "" wrapper.cpp "$work/wrapper"
check "wrapper.cpp under AddressSanitizer and UBSan" run C++ "$eye" wrapper.cpp "$work/wrapper-asan"
check "wrapper.cpp under valgrind" run C++ "" wrapper.cpp "$work/wrapper-vg" "$grind"

# --- Threads, watched by ThreadSanitizer. It must see every lock and every access: the library and Rust's own are built for
# it from their sources. (helgrind and drd know pthread's locks only. Rust's are futexes, and all they guard is a race to them.)
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
seen() { ! "$1" >"$1.log" 2>&1 && grep -q "data race" "$1.log" && grep -q nightlatch_wipe "$1.log"; }
quiet() { watched "$work/$1-tsan" "" "$here/tests/c/$1.c" && TSAN_OPTIONS=$tsan timeout 300 "$work/$1-tsan"; }
host=$(rustc -vV | sed -n 's/^host: //p')
tsan="halt_on_error=1"
check "ThreadSanitizer sees a race inside the library" eval 'watched "$work/race" "" "$here/tests/c/race.c" && seen "$work/race"'
for program in threads blocking fork; do check "$program.c under ThreadSanitizer" quiet $program; done

# --- Installed: libraries, symbols, sizes
cd "$here" || exit 1
./install.sh "$prefix" >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 1; }
so=$prefix/lib/libnightlatch.so
exports() { ! nm -D --defined-only "$1" | awk '{print $3}' | grep -v '^nightlatch_'; }
declared() { diff <(nm -D --defined-only "$so" | awk '{print $3}' | sort) <(grep -oE '\bnightlatch_[a-z_]+\(' "$here/include/nightlatch.h" | tr -d '(' | sort -u); }
oldest_glibc() { [ "$(objdump -T "$so" | grep -o 'GLIBC_[0-9.]*' | sort -Vu | tail -1)" = GLIBC_2.34 ]; }
small() { [ "$(stat -Lc %s "$so")" -le 2500000 ]; }
soname() { objdump -p "$1" | grep -q "SONAME *$2"; }
staged() { ./install.sh /usr "$work/stage" && [ -e "$work/stage/usr/lib/libnightlatch.so.0" ] && grep -q '^prefix=/usr$' "$work/stage/usr/lib/pkgconfig/nightlatch.pc"; }
without_curl() { NIGHTLATCH_CURL=0 ./install.sh "$work/bare" && ! grep -q curl "$work/bare/lib/pkgconfig/nightlatch.pc" && [ ! -e "$work/bare/include/nightlatch_curl.h" ]; }
check "only nightlatch_* is exported" exports "$so"
check "only nightlatch_* is exported by the transport" exports "$prefix/lib/libnightlatch_curl.so"
check "what is declared is exported, and nothing else" declared
check "glibc 2.34 is enough" oldest_glibc
check "the library is small: $(stat -Lc %s "$so") bytes" small
check "sonames" soname "$so" libnightlatch.so.0
check "sonames of the transport" soname "$prefix/lib/libnightlatch_curl.so" libnightlatch_curl.so.0
check "install with DESTDIR" staged
check "install without libcurl" without_curl

# --- Against the emulator
cat >"$work/azure.json" <<'JSON'
{"app_registrations": [{"client_id": "44444444-4444-4444-8444-444444444444",
                        "object_id": "55555555-5555-4555-8555-555555555555", "secrets": ["app-secret"]}],
 "vaults": [{"name": "contoso", "secrets": {"db-password": "correct horse battery staple"},
             "access": [{"principal": "33333333-3333-4333-8333-333333333333", "secrets": ["get"]},
                        {"principal": "55555555-5555-4555-8555-555555555555", "secrets": ["get"]}]}]}
JSON
"$CARGO_TARGET_DIR/debug/nightlatch-emulator" --config "$work/azure.json" --ca "$work/ca.pem" >"$work/ready" &
emulator=$!
for _ in $(seq 100); do grep -q '}' "$work/ready" && break; sleep 0.1; done
http=$(sed 's/.*"http":"\([^"]*\)".*/\1/' "$work/ready")
vault=https://contoso.vault.azure.net
export HTTPS_PROXY=$http NO_PROXY=127.0.0.1 SSL_CERT_FILE=$work/ca.pem
app_service="env IDENTITY_ENDPOINT=$http/msi/token IDENTITY_HEADER=emulator-identity-header"
application="env AZURE_TENANT_ID=11111111-1111-4111-8111-111111111111 AZURE_CLIENT_ID=44444444-4444-4444-8444-444444444444 AZURE_CLIENT_SECRET=app-secret"
for name in $(compgen -e | grep -E '^(AZURE|IDENTITY|MSI|IMDS)_'); do unset "$name"; done

admin() { curl -sf --noproxy '*' -X "$1" "$http/_emulator/$2" ${3:+-d "$3"}; }
prints() { local wanted=$1 got; shift; got=$("$@") || return 1; [ "$got" = "$wanted" ] || { echo "printed: $got"; return 1; }; }
counts() { # counts SERVICE VAULT COMMAND...: so many requests to the identity service and the vault
    local service=$1 tokens=$2 secrets=$3 seen
    shift 3
    admin DELETE log && "$@" && seen=$(admin GET counts) && echo "$seen" &&
        [[ $seen == *"\"$service\":$tokens,"* && $seen == *"\"vault\":$secrets,\"vault_by_status\""* ]]
}

# From an empty folder, by pkg-config and by CMake, linked both ways, as both languages, through both identities.
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig LD_LIBRARY_PATH=$prefix/lib
empty=$work/empty && mkdir "$empty" && cd "$empty" || exit 1
cp "$here/examples/get_secret.c" "$here/examples/get_secret.cpp" "$here/tests/cmake/CMakeLists.txt" .
ten_lines() { # ten_lines COMPILER PACKAGE SOURCE OUTPUT
    # shellcheck disable=SC2046,SC2086
    $1 -Wall -Wextra -Werror -pedantic "$3" $(pkg-config --cflags --libs "$2") -o "$4"
}
check "ten lines: cc -std=c99, pkg-config, shared" ten_lines "cc -std=c99" nightlatch get_secret.c c_shared
check "ten lines: cc -std=c99, pkg-config, static" ten_lines "cc -std=c99" nightlatch-static get_secret.c c_static
check "ten lines: the same file as C++, shared" ten_lines "g++ -x c++" nightlatch get_secret.c cpp_shared
check "ten lines: the wrapper, static" ten_lines g++ nightlatch-static get_secret.cpp cpp_static
check "CMake project" sh -c 'cmake -S . -B build -DCMAKE_PREFIX_PATH="$0" && cmake --build build' "$prefix"
for program in c_shared c_static cpp_shared cpp_static build/c_nightlatch build/c_nightlatch_static build/cpp_nightlatch build/cpp_nightlatch_static; do
    check "$program through a managed identity" prints "correct horse battery staple" $app_service ./$program $vault db-password
    check "$program through a client secret" prints "correct horse battery staple" $application ./$program $vault db-password
done
readme() {
    awk '/^```c$/ { on = 1; next } /^```$/ { on = 0 } on' "$here/README.md" >readme.c && ten_lines "cc -std=c99" nightlatch readme.c readme && prints "correct horse battery staple" $app_service ./readme
}
check "the README's program" readme
linked() { [ "$(ldd ./$1 | grep -c libnightlatch)" = "$2" ]; }
check "the static program needs no shared nightlatch" linked c_static 0
check "the shared program needs both" linked c_shared 2

# Examples, scripting host, counts, faults, memory
example() { cc -std=c99 -D_POSIX_C_SOURCE=200809L -Wall -Wextra -Werror -pedantic ${2:-} "$here/examples/$1.c" $(pkg-config --cflags --libs nightlatch) -lcurl -lpthread -o "$1"; }
for name in threads callbacks event_loop; do check "example $name builds" example $name; done
check "200 threads, cold: 1 token, 1 secret request" counts app_service 1 1 $app_service ./threads $vault db-password 200
check "64 threads, cold: 1 token, 1 secret request" counts app_service 1 1 $app_service ./threads $vault db-password 64
check "64 threads through a client secret: 1 and 1" counts entra 1 1 $application ./threads $vault db-password 64
check "own callbacks" prints "correct horse battery staple" $app_service ./callbacks $vault db-password
check "event loop: poll(2) and libcurl's multi interface" prints "db-password = correct horse battery staple" $app_service ./event_loop $vault db-password
check "event loop, 3 callers: 1 and 1" counts app_service 1 1 $app_service ./event_loop $vault db-password db-password db-password
check "Perl" prints "correct horse battery staple" $app_service perl "$here/examples/get_secret.pl" $vault db-password
fails() { ! "$@"; }
check "Perl: a missing secret is an error" fails $app_service perl "$here/examples/get_secret.pl" $vault missing
sanitized() { # sanitized EXAMPLE: an example and the transport, with AddressSanitizer's and UBSan's eye on both
    # shellcheck disable=SC2086
    cc -std=c99 $strict $eye -I"$here/transport" "$here/examples/$1.c" "$here/transport/nightlatch_curl.c" -L"$prefix/lib" -lnightlatch -lcurl -lpthread -o "$1-asan" && shift &&
        $app_service "$@"
}
check "event loop and transport under AddressSanitizer and UBSan" sanitized event_loop ./event_loop-asan $vault db-password
check "threads and transport under AddressSanitizer and UBSan" sanitized threads ./threads-asan $vault db-password 64
check "own callbacks under AddressSanitizer and UBSan" sanitized callbacks ./callbacks-asan $vault db-password
# With the library as it is before optimisation: after it a text's length may be looked at before whether there is a text, which
# makes no difference to the outcome, but is an error to valgrind.
mkdir "$work/plain" && ln -s "$CARGO_TARGET_DIR/debug/libnightlatch.so" "$work/plain/libnightlatch.so.0"
ground() { example "$1" && $app_service LD_LIBRARY_PATH="$work/plain:$prefix/lib" $grind ./"$@"; }
check "own callbacks under valgrind" ground callbacks $vault db-password
check "event loop under valgrind" ground event_loop $vault db-password
check "threads and transport under valgrind" ground threads $vault db-password 16
check "threads and transport under ThreadSanitizer" eval 'watched "$work/transport-tsan" -lcurl "$here/examples/threads.c" "$here/transport/nightlatch_curl.c" && TSAN_OPTIONS=$tsan $app_service "$work/transport-tsan" $vault db-password 64'
fault() { # fault JSON WORDS: the program tells the fault in those words
    admin DELETE faults && admin POST faults "$1" || return 1
    local told
    told=$($app_service ./c_shared $vault db-password 2>&1)
    echo "$told"
    admin DELETE faults
    [[ $told == *"$2"* ]]
}
check "a dropped connection is tried again" fault '{"service":"vault","action":"drop"}' "correct horse"
check "garbage is tried again" fault '{"service":"vault","action":"garbage"}' "correct horse"
check "a truncated body is tried again" fault '{"service":"vault","action":"truncate"}' "correct horse"
check "a body of 2 MiB is refused" fault '{"service":"vault","action":"big","times":null}' "larger than"
check "a redirect is not followed" fault '{"service":"vault","action":"redirect","times":null}' "302"
check "an unknown vault is the proxy's refusal" sh -c "$app_service timeout 100 ./c_shared https://unknown.vault.azure.net x 2>&1 | grep -q proxy"
check "an untrusted certificate is a TLS error" sh -c "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt $app_service ./c_shared $vault x 2>&1 | grep -qi certificate"
scan() { cc -std=c99 -D_POSIX_C_SOURCE=200809L -Wno-unused-function "$here/tests/c/memory_curl.c" $(pkg-config --cflags --libs nightlatch-static) -o memory_curl && $app_service ./memory_curl $vault db-password "$(printf 'correct horse battery staple' | rev)"; }
check "memory holds no secret after libcurl and OpenSSL" scan
forks() { cc -std=c99 $strict "$here/tests/c/fork_curl.c" $(pkg-config --cflags --libs nightlatch) -o fork_curl && $app_service ./fork_curl $vault db-password; }
check "a forked child makes connections of its own" forks
bench() { cc -std=c99 -O2 -D_DEFAULT_SOURCE -Wno-unused-function -I"$prefix/include" "$here/bench/reads.c" -L"$prefix/lib" -lnightlatch -lpthread -o reads && ./reads | tee "$work/reads"; }
check "cached reads keep to their budget" bench
[ ! -s "$work/reads" ] || cat "$work/reads"

# --- The identities that a host may have
# shellcheck source=tests/identities.sh
. "$here/tests/identities.sh"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
