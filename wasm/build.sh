#!/usr/bin/env bash
# Builds the npm package into dist/: the wasm engine with its glue, and the compiled front.
# Needs cargo, a toolchain for wasm32 (see .ci/wasm-toolchain) and `npm ci`.
set -euo pipefail
cd "$(dirname "$0")"

root=$(cd .. && pwd)
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$root/target}
module=$CARGO_TARGET_DIR/wasm32-unknown-unknown/release/nightlatch_wasm.wasm
engine=js/engine

toolchain=$("$root/.ci/wasm-toolchain")
cargo fetch --locked --quiet
# Panic messages name source files; they must not name this machine's folders.
remap=--remap-path-prefix=$root=nightlatch
for source in "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*; do
    remap+=" --remap-path-prefix=$source=crates"
done
RUSTFLAGS="$remap ${RUSTFLAGS:-}" cargo ${toolchain:+"$toolchain"} build --locked --quiet \
    -p nightlatch-wasm --release --target wasm32-unknown-unknown \
    --config 'profile.release.opt-level="z"' --config 'profile.release.lto="fat"' \
    --config 'profile.release.panic="abort"' --config 'profile.release.strip="debuginfo"'

# The glue stands among the sources, so that the compiler and whoever reads its types find it there.
rm -rf dist "$engine"
CARGO_TARGET_DIR=$CARGO_TARGET_DIR/bindgen cargo run --locked --quiet --manifest-path bindgen/Cargo.toml -- "$module" "$engine"
# A function that is called once stays apart: small functions with few locals compress better than large ones.
node_modules/.bin/wasm-opt -Oz --converge --one-caller-inline-max-function-size=10 \
    --strip-debug --strip-producers --strip-target-features "$engine/nightlatch_bg.wasm" -o "$engine/nightlatch.wasm"
rm "$engine"/*_bg.wasm*

node_modules/.bin/tsc -p tsconfig.json
mkdir -p dist/engine
cp "$engine"/* dist/engine/
