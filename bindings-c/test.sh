#!/bin/bash
# Everything that is true of the C library, from a clean checkout. Prints what fails, and a last line 'N passed, N failed'.
#
#   test.sh            everything
#   test.sh PATTERN    the checks whose name matches the pattern (what they need is built all the same)
set -uo pipefail

here=$(cd "$(dirname "$0")" && pwd)
only=${1:-}
work=$(mktemp -d)
prefix=$work/prefix
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$here/../target}
passed=0 failed=0 beside=() named=()
trap '[ -z "${emulator:-}" ] || kill "$emulator" 2>/dev/null; rm -rf "$work"' EXIT

is_asked() { [[ $1 =~ $only || $1 == *" builds" ]]; }
ended() { # ended NAME LOG STATUS: how a check ended; what it wrote is shown only if it failed
    if [ "$3" = 0 ]; then
        passed=$((passed + 1))
        echo "ok      $1"
    else
        failed=$((failed + 1))
        echo "FAILED  $1"
        tail -n 40 "$2" | sed 's/^/        /'
    fi
}

# check NAME COMMAND...: one check.
check() {
    local status=0
    is_asked "$1" || return 0
    "${@:2}" >"$work/log" 2>&1 || status=$?
    ended "$1" "$work/log" $status
}

# meanwhile NAME COMMAND...: a check that shares nothing with others: it runs beside what follows, as many at once as there are
# cores. `together` waits for all of them.
meanwhile() {
    local log
    is_asked "$1" || return 0
    [ ${#beside[@]} -lt "$(nproc)" ] || first_of_them
    log=$(mktemp "$work/beside.XXXXXX")
    "${@:2}" >"$log" 2>&1 &
    beside[$!]=$log named[$!]=$1
}
first_of_them() {
    local pid status=0
    wait -n -p pid "${!beside[@]}" || status=$?
    ended "${named[pid]}" "${beside[pid]}" $status
    unset "beside[pid]" "named[pid]"
}
together() { while [ ${#beside[@]} -gt 0 ]; do first_of_them; done; }

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

# shellcheck source=tests/tools.sh
. "$here/tests/tools.sh"
meanwhile "every scenario, and panics, under AddressSanitizer" sanitized_player
meanwhile "every scenario, and panics, under valgrind" ground_player

# --- C and C++ programs in memory
# A certificate, as PEM with its key and as PKCS #12 with a password
export CERTIFICATES=$work/certificates
mkdir "$CERTIFICATES" && (cd "$CERTIFICATES" && umask 077 &&
    openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -subj /CN=nightlatch -days 30 2>/dev/null && cat cert.pem key.pem >both.pem &&
    openssl pkcs12 -export -in both.pem -out app.pfx -passout pass:hunter2) || exit 1
for program in blocking credentials hostile doctor configuration rotate encryption engine threads rotation memory bounds fork; do
    # So many reads take minutes before optimisation: all of them are done below, by the installed library.
    [ $program = bounds ] && some="-DREADS=2000" || some=""
    # What the other threads had on their stacks is lost to a forked child.
    [ $program = fork ] && leaks="--leak-check=no" || leaks=""
    meanwhile "$program.c as C99" run C "$some" $program.c "$work/$program"
    meanwhile "$program.c as C++" run C++ "$some" $program.c "$work/$program-cpp"
    meanwhile "$program.c under AddressSanitizer and UBSan" run C "$some $eye" $program.c "$work/$program-asan"
    meanwhile "$program.c under valgrind" run C "$some" $program.c "$work/$program-vg" "$grind $leaks"
done
meanwhile "wrapper.cpp as C++11" run C++ "" wrapper.cpp "$work/wrapper"
meanwhile "wrapper.cpp under AddressSanitizer and UBSan" run C++ "$eye" wrapper.cpp "$work/wrapper-asan"
meanwhile "wrapper.cpp under valgrind" run C++ "" wrapper.cpp "$work/wrapper-vg" "$grind"

# What the tools and the scan are for, they see.
defect() { DEFECT=$1 seen "$2" run C "$3" defects.c "$work/$BASHPID" "${4:-}"; }
meanwhile "the program for defects has none of its own" eval 'DEFECT=none run C "" defects.c "$work/none"'
meanwhile "a value that is left in freed memory is seen" defect residue "leaks(needle) == 0" ""
meanwhile "AddressSanitizer sees an overflow by the library" defect overflow heap-buffer-overflow "$eye"
meanwhile "AddressSanitizer sees a use after free" defect use heap-use-after-free "$eye"
meanwhile "AddressSanitizer sees a leak" defect leak LeakSanitizer "$eye"
meanwhile "AddressSanitizer leaves the scan its sight" defect residue "leaks(needle) == 0" "$eye"
meanwhile "UBSan sees an overflow of a number" defect undefined "runtime error" "$eye"
meanwhile "valgrind sees an overflow by the library" defect overflow "Invalid write" "" "$grind"
meanwhile "valgrind sees a use after free" defect use "Invalid read" "" "$grind"
meanwhile "valgrind sees a leak" defect leak "lost in loss record" "" "$grind"
meanwhile "valgrind leaves the scan its sight" defect residue "leaks(needle) == 0" "" "$grind"
meanwhile "ThreadSanitizer sees a race inside the library" eval 'watched "$work/race" "" "$here/tests/c/race.c" && raced "$work/race"'
for program in threads rotation rotate blocking fork; do meanwhile "$program.c under ThreadSanitizer" quiet $program; done
together

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
 "vaults": [{"name": "contoso", "secrets": {"db-password": "correct horse battery staple", "rotated": "before"},
             "keys": {"app": {}},
             "access": [{"principal": "33333333-3333-4333-8333-333333333333", "secrets": ["get", "set"], "keys": ["get", "wrapKey", "unwrapKey"]},
                        {"principal": "55555555-5555-4555-8555-555555555555", "secrets": ["get"]}]}]}
JSON
"$CARGO_TARGET_DIR/debug/nightlatch-emulator" --config "$work/azure.json" --ca "$work/ca.pem" >"$work/ready" &
emulator=$!
for _ in $(seq 100); do grep -q '}' "$work/ready" && break; sleep 0.1; done
http=$(sed 's/.*"http":"\([^"]*\)".*/\1/' "$work/ready")
vault=https://contoso.vault.azure.net secret="correct horse battery staple"
export HTTPS_PROXY=$http NO_PROXY=127.0.0.1 SSL_CERT_FILE=$work/ca.pem
app_service="env IDENTITY_ENDPOINT=$http/msi/token IDENTITY_HEADER=emulator-identity-header"
application="env AZURE_TENANT_ID=11111111-1111-4111-8111-111111111111 AZURE_CLIENT_ID=44444444-4444-4444-8444-444444444444 AZURE_CLIENT_SECRET=app-secret"
for name in $(compgen -e | grep -E '^(AZURE|IDENTITY|MSI|IMDS)_'); do unset "$name"; done

admin() { curl -sf --noproxy '*' -X "$1" "$http/_emulator/$2" ${3:+-d "$3"}; }
prints() { local wanted=$1 got; shift; got=$("$@") || return 1; [ "$got" = "$wanted" ] || { echo "printed: $got"; return 1; }; }
ends() { # ends STATUS WORDS COMMAND...: it ends so, and says that
    local told status=0 wanted=$1 words=$2
    shift 2
    told=$("$@" 2>&1) || status=$?
    echo "$status: $told"
    [ $status = "$wanted" ] && [[ $told == *"$words"* ]]
}
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
    check "$program through a managed identity" prints "$secret" $app_service ./$program $vault db-password
    check "$program through a client secret" prints "$secret" $application ./$program $vault db-password
done
readme() { # readme NUMBER: the program that stands there as that
    awk -v nr="$1" '/^```c$/ { on = ++seen == nr; next } /^```$/ { on = 0 } on' "$here/README.md" >readme.c && ten_lines "cc -std=c99" nightlatch readme.c readme && $app_service ./readme
}
check "the README's program" prints "$secret" readme 1
check "the README's doctor" ends 0 "ok: $vault/secrets/db-password can be read" readme 2
readme_settings() { local -x DB_PASSWORD="@Microsoft.KeyVault(VaultName=contoso;SecretName=db-password)"; prints "$secret" readme 3; }
check "the README's settings" readme_settings
linked() { [ "$(ldd ./$1 | grep -c libnightlatch)" = "$2" ]; }
check "the static program needs no shared nightlatch" linked c_static 0
check "the shared program needs both" linked c_shared 2

# --- Programs, examples and a scripting host through libcurl, as they are and under the tools
example() { built "$1" "cc -std=c99" "$here/examples/$1.c"; }
for name in get_secret doctor settings rotate encrypt threads callbacks event_loop; do check "example $name builds" example $name; done
check "the wrapper's example builds" built wrapped "g++ -std=c++11" "$here/examples/get_secret.cpp"
for name in memory_curl fork_curl bounds; do check "$name.c builds" built $name "cc -std=c99" "$here/tests/c/$name.c"; done
# A child leaves its parent's connections alone, and what they hold.
ground fork_curl "${grind/--leak-check=full/--leak-check=no}" "$PWD/plain/fork_curl"
perl=$(command -v perl)
ln -s "$perl" plain/perl
# Perl keeps what it has until its process ends, so leaks are not told of.
printf '#!/bin/sh\nLD_PRELOAD=%s ASAN_OPTIONS=detect_leaks=0 exec %s "$@"\n' "$(cc -print-file-name=libasan.so)" "$perl" >asan/perl && chmod +x asan/perl
ground perl "${grind/--leak-check=full/--leak-check=no}" "$perl"

each "the ten lines" prints "$secret" $app_service %/get_secret $vault db-password
each "the ten lines of C++" prints "$secret" $app_service %/wrapped $vault db-password
check "200 threads, cold: 1 token, 1 secret request" counts app_service 1 1 $app_service plain/threads $vault db-password 200
each "64 threads, cold: 1 token, 1 secret request" counts app_service 1 1 $app_service %/threads $vault db-password 64
each "64 threads through a client secret: 1 and 1" counts entra 1 1 $application %/threads $vault db-password 64
each "own callbacks" prints "$secret" $app_service %/callbacks $vault db-password
each "event loop: poll(2) and libcurl's multi interface" prints "db-password = $secret" $app_service %/event_loop $vault db-password
each "event loop, 3 callers: 1 and 1" counts app_service 1 1 $app_service %/event_loop $vault db-password db-password db-password
each "Perl" prints "$secret" $app_service %/perl "$here/examples/get_secret.pl" $vault db-password
each "Perl: a missing secret is an error" seen "was not found" $app_service %/perl "$here/examples/get_secret.pl" $vault missing
each "memory holds no secret after libcurl and OpenSSL" $app_service %/memory_curl $vault db-password "$(rev <<<"$secret")"
each "a forked child makes connections of its own" $app_service %/fork_curl $vault db-password
check "100,000 reads of 5,000 secrets keep to the bounds, and what leaves is wiped" plain/bounds
check "threads and transport under ThreadSanitizer" eval 'watched "$work/transport-tsan" -lcurl "$here/examples/threads.c" "$here"/transport/*.c && TSAN_OPTIONS=$tsan $app_service "$work/transport-tsan" $vault db-password 64'
situation() { # situation NAME COMMAND...: what the command does while that is wrong
    local status=0
    admin POST situation "{\"situation\": \"$1\"}" || return 1
    "${@:2}" || status=$?
    admin DELETE situation && return $status
}
each "the doctor: all is well" ends 0 "ok: $vault/secrets/db-password can be read" $app_service %/doctor $vault diagnose db-password
each "the doctor: the one missing step" situation role-missing ends 1 "$ az role assignment create --role " $app_service %/doctor $vault diagnose db-password
each "the doctor: an identity is not there" ends 1 "(no-identity)" env -u HTTPS_PROXY AZURE_TOKEN_CREDENTIALS=EnvironmentCredential %/doctor $vault diagnose
check "the doctor: a trouble that may pass" situation service-failing ends 3 "trouble: db-password: " $app_service plain/doctor $vault check db-password
each "the doctor: a readiness probe" prints ok $app_service %/doctor $vault check db-password
each "the doctor: a wrong name is wrong usage" ends 2 "db-password" $app_service %/doctor $vault diagnose db_password
printf "HOST=db\nDB='@Microsoft.KeyVault(VaultName=contoso;SecretName=db-password)'\n" >settings.env
printf "A=@Microsoft.KeyVault(VaultName=contoso;SecretName=missing)\nB=@Microsoft.KeyVault(oops\n" >missing.env
reference="env DB=@Microsoft.KeyVault(SecretUri=$vault/secrets/db-password)"
encrypts() { # encrypts PROGRAM: and the vault's key decrypts it, but nothing else
    local stored
    stored=$($app_service "$1" $vault app "$secret") && [[ $stored == eyJ* && $stored != *"$secret"* ]] &&
        prints "$secret" $app_service "$1" $vault app --decrypt "$stored" &&
        ends 1 "was altered" $app_service "$1" $vault app --decrypt "${stored%?????}AAAAA"
}
rotates() { # rotates PROGRAM: what the vault has then is what is in effect
    local file=$work/in-effect
    ends 0 "is in effect" $app_service "$1" $vault rotated "$file" && prints "$(<"$file")" $app_service plain/get_secret $vault rotated
}
each "encryption: a text there and back, and not once it was altered" encrypts %/encrypt
each "rotation: the value in the vault is the one in effect" rotates %/rotate
each "rotation: what cannot be applied is rolled back" ends 1 "rotat" $app_service %/rotate $vault rotated /proc/none/file
each "settings: a variable" prints "$secret" $app_service $reference %/settings variable DB
each "settings: an .env file" prints "{\"HOST\":\"db\",\"DB\":\"$secret\"}" $app_service %/settings file settings.env
each "settings: what is missing is named, and nothing handed out" ends 1 "B: InvalidSyntax" $app_service %/settings file missing.env
each "settings: how references fare" ends 0 "DB: Resolved $vault/secrets/db-password" $app_service %/settings check settings.env
each "settings: how they do not" ends 1 "A: SecretNotFound $vault/secrets/missing" $app_service %/settings check missing.env
each "settings: named secrets need the permission to get" prints "{\"db-password\":\"$secret\"}" $app_service %/settings load $vault db-password
each "settings: all need the permission to list" ends 1 "list" $app_service %/settings load $vault
each "settings: wrong usage" ends 2 "usage: " $app_service %/settings load
check "settings: a plain variable asks nobody" counts app_service 0 0 env DB=plain plain/settings variable DB
check "the doctor: a forecast asks nobody" counts app_service 0 0 $app_service plain/doctor $vault explain
fault() { # fault JSON WORDS FOLDER: the program tells the fault in those words
    admin DELETE faults && admin POST faults "$1" || return 1
    local told
    told=$($app_service "$3/get_secret" $vault db-password 2>&1)
    echo "$told"
    admin DELETE faults
    [[ $told == *"$2"* ]]
}
each "a dropped connection is tried again" fault '{"service":"vault","action":"drop"}' "$secret" %
each "garbage is tried again" fault '{"service":"vault","action":"garbage"}' "$secret" %
each "a truncated body is tried again" fault '{"service":"vault","action":"truncate"}' "$secret" %
each "a body of 2 MiB is refused" fault '{"service":"vault","action":"big","times":null}' "larger than" %
each "a redirect is not followed" fault '{"service":"vault","action":"redirect","times":null}' "302" %
each "an unknown vault is the proxy's refusal" seen proxy $app_service timeout 200 %/get_secret https://unknown.vault.azure.net x
each "an untrusted certificate is a TLS error" seen certificate env SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt $app_service %/get_secret $vault x
bench() { cc -std=c99 -O2 -D_DEFAULT_SOURCE -Wno-unused-function -I"$prefix/include" "$here/bench/reads.c" -L"$prefix/lib" -lnightlatch -lpthread -o reads && ./reads | tee "$work/reads"; }
check "the benchmark of cached reads runs" bench
[ ! -s "$work/reads" ] || cat "$work/reads"

# --- The identities that a host may have
# shellcheck source=tests/identities.sh
. "$here/tests/identities.sh"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
