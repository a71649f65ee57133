#!/usr/bin/env bash
# Builds the npm package into dist/: the wasm engine with its glue, and the compiled front. Needs what module.sh needs.
set -euo pipefail
cd "$(dirname "$0")"
engine=js/engine

# The glue stands among the sources, so that the compiler and whoever reads its types find it there.
rm -rf dist "$engine"
./module.sh "$PWD/$engine" nightlatch nightlatch-wasm

node_modules/.bin/tsc -p tsconfig.json
mkdir -p dist/engine
cp "$engine"/* dist/engine/
