# `make help` lists what there is. Everything installs what it needs below .cache/, or through apt-get.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

PYTHON ?= python3
CACHE := $(CURDIR)/.cache
VENV := $(CACHE)/venv
JUDGE := $(CACHE)/judge
NODE_PACKAGE := bindings-node/dist/index.js
VERIFIER := tests/oidc/node_modules/.package-lock.json
export CARGO_TARGET_DIR ?= $(CURDIR)/target
EMULATOR := $(CARGO_TARGET_DIR)/debug/nightlatch-emulator
export NIGHTLATCH_EMULATOR := $(EMULATOR)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help demo test lint test-rust test-memory test-wasm test-python test-edge test-node test-c test-foreign judge bench install clean

help: ## list the targets
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

demo: $(VENV)/installed $(EMULATOR) $(NODE_PACKAGE) ## fetch a secret from a local vault through a managed identity
	@$(VENV)/bin/python tests/demo/demo.py

test: lint test-rust test-memory test-wasm test-python judge test-edge test-node test-c test-foreign ## everything that CI runs

lint: $(VENV)/installed ## formatting, clippy, ruff, mypy
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	cd bindings-py
	$(VENV)/bin/ruff check . ../tests
	$(VENV)/bin/ruff format --check . ../tests
	$(VENV)/bin/mypy

test-rust: ## core, scenarios, interleavings, architecture, emulator
	cargo test --workspace --locked

test-memory: ## the core's conversations under valgrind
	# The standard library keeps the main thread's handle until the end, which counts as "possibly lost".
	command -v valgrind >/dev/null || { apt-get update -qq && apt-get install -y -qq --no-install-recommends valgrind libc6-dbg; }
	SEEDS=50 cargo test --locked -p nightlatch-core -p nightlatch-tests --lib \
	    --test scenarios --test interleavings \
	    --config 'target."cfg(all())".runner = ["valgrind", "--quiet", "--leak-check=full", "--show-leak-kinds=definite", "--errors-for-leak-kinds=definite", "--error-exitcode=1"]'

test-wasm: ## the core builds for WebAssembly, and with each choice of features
	toolchain=$$(.ci/wasm-toolchain)
	cargo $$toolchain build --locked -p nightlatch-core --target wasm32-unknown-unknown
	for features in "" local manage reference scan formats encryption local,manage local,manage,reference,encrypted-keys; do
	    cargo clippy --locked -p nightlatch-core --no-default-features --features "$$features" -- -D warnings
	done

test-python: $(VENV)/installed $(EMULATOR) $(VERIFIER) ## the Python package, alone and against the emulator
	cd bindings-py
	$(VENV)/bin/python -m pytest

judge: $(JUDGE)/installed $(EMULATOR) ## the official Azure SDKs against the emulator
	npm ci --prefix tests/emulator/judges/javascript
	$(JUDGE)/bin/python -m pytest tests/emulator/judges

test-edge: $(EMULATOR) ## the JavaScript front over WebAssembly: Node, Deno, Bun, workerd, Chromium
	cd wasm
	npm ci
	npm test

test-node: $(EMULATOR) ## the Node package: native, as a fallback, packed and installed
	cd bindings-node
	npm ci
	npm run build
	npm run lint
	(cd test/official && npm ci)
	npm test

test-c: $(EMULATOR) ## the C library: every compiler's eye, sanitizers, valgrind, an installed prefix
	bindings-c/test.sh

test-foreign: $(VENV)/installed $(NODE_PACKAGE) $(EMULATOR) ## the same script by every language, against VAULT_URL or the emulator
	$(VENV)/bin/python tests/foreign/run.py \
	    "$(VENV)/bin/python tests/foreign/operations.py" "node tests/foreign/operations.mjs"

install: ## the C library below PREFIX (default /usr/local), perhaps below DESTDIR
	bindings-c/install.sh $(or $(PREFIX),/usr/local) $(DESTDIR)

bench: $(VENV)/installed $(NODE_PACKAGE) $(EMULATOR) ## the budgets, as ratios in one run
	$(VENV)/bin/python tests/bench/python_reads.py
	$(VENV)/bin/python tests/bench/first_token.py
	$(VENV)/bin/python tests/bench/python_requests.py
	(cd wasm && npm ci)
	(cd bindings-node/test/official && npm ci)
	(cd bindings-node && npm run bench)
	bindings-c/test.sh benchmark

clean: ## remove what was built and installed here
	rm -rf $(CACHE) target

# The package is installed as a user gets it: built into a wheel, from the sources of this checkout.
PACKAGE := $(shell git ls-files core bindings-py Cargo.toml Cargo.lock)
$(VENV)/installed: $(PACKAGE)
	[ -x $(VENV)/bin/python ] || $(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install -q --upgrade --force-reinstall --no-deps ./bindings-py
	$(VENV)/bin/pip install -q './bindings-py[test]'
	touch $@

$(NODE_PACKAGE): $(shell git ls-files core wasm bindings-node Cargo.lock)
	cd bindings-node
	npm ci
	npm run build

$(JUDGE)/installed: tests/emulator/judges/requirements.txt
	[ -x $(JUDGE)/bin/python ] || $(PYTHON) -m venv $(JUDGE)
	$(JUDGE)/bin/pip install -q -r $<
	touch $@

# A certified OpenID provider, which judges our client assertions.
$(VERIFIER): tests/oidc/package-lock.json
	cd tests/oidc
	npm ci

$(EMULATOR): $(shell git ls-files tests/emulator Cargo.lock)
	cargo build --locked -p nightlatch-emulator
	touch $@
