#!/usr/bin/env bash
# module.sh FOLDER NAME CRATE [FLAGS OF CARGO]: builds a crate of the workspace as FOLDER/NAME.wasm, with its glue beside it.
# Needs cargo, a toolchain for wasm32 (see .ci/wasm-toolchain) and `npm ci`.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
folder=$1 name=$2 crate=$3
shift 3

export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$root/target}
toolchain=$("$root/.ci/wasm-toolchain")
cd "$root"
cargo fetch --locked --quiet
# Panic messages name source files; they must not name this machine's folders.
remap=--remap-path-prefix=$root=nightlatch
for source in "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*; do
    remap+=" --remap-path-prefix=$source=crates"
done
# The standard library is built along, small like the rest and without the texts of panics: WebAssembly has nowhere to print
# them, a panic is a trap either way. It is a tenth of what a Worker has to load. RUSTC_BOOTSTRAP lets a stable compiler do it.
RUSTC_BOOTSTRAP=1 RUSTFLAGS="$remap -Zunstable-options -Cpanic=immediate-abort ${RUSTFLAGS:-}" \
    cargo ${toolchain:+"$toolchain"} build --locked --quiet -Zbuild-std=std,panic_abort \
    -p "$crate" "$@" --release --target wasm32-unknown-unknown \
    --config 'profile.release.opt-level="z"' --config 'profile.release.lto="fat"' \
    --config 'profile.release.panic="abort"' --config 'profile.release.strip="debuginfo"'

CARGO_TARGET_DIR=$CARGO_TARGET_DIR/bindgen cargo run --locked --quiet --manifest-path "$here/bindgen/Cargo.toml" -- \
    "$CARGO_TARGET_DIR/wasm32-unknown-unknown/release/${crate//-/_}.wasm" "$folder" "$name"
# A function that is called once stays apart: small functions with few locals compress better than large ones.
"$here/node_modules/.bin/wasm-opt" -Oz --converge --one-caller-inline-max-function-size=10 \
    --strip-debug --strip-producers --strip-target-features "$folder/${name}_bg.wasm" -o "$folder/$name.wasm"
rm "$folder/${name}_bg.wasm"*
