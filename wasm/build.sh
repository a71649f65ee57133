#!/usr/bin/env bash
# Builds the npm package into dist/: the engine as two modules with one glue, the search for secrets as one of its own, and
# the compiled front. Needs what module.sh needs.
set -euo pipefail
cd "$(dirname "$0")"
engine=$PWD/js/engine

# The glue stands among the sources, so that the compiler and whoever reads its types find it there.
rm -rf dist "$engine"
./module.sh "$engine" nightlatch nightlatch-wasm --no-default-features
./module.sh "$engine/full" nightlatch nightlatch-wasm
# The features change nothing at the border.
cmp "$engine/nightlatch.js" "$engine/full/nightlatch.js"
mv "$engine/full/nightlatch.wasm" "$engine/nightlatch-full.wasm"
rm -r "$engine/full"
./module.sh "$engine" nightlatch-scan nightlatch-wasm-scan

node_modules/.bin/tsc -p tsconfig.json
mkdir -p dist/engine
cp "$engine"/* dist/engine/
