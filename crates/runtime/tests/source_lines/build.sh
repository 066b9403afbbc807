#!/bin/sh
# Builds the guests of this directory, optimised and with DWARF. Needs clang with lld, and rustc with the target wasm32-unknown-unknown.
set -e
cd "$(dirname "$0")"
clang --target=wasm32-unknown-unknown -O2 -g -nostdlib -Wl,--no-entry -ffile-prefix-map="$PWD"=/source average.c -o average.wasm
rustc --target wasm32-unknown-unknown --edition 2024 --crate-type cdylib -C opt-level=2 -g -C panic=abort \
    --remap-path-prefix "$PWD=/source" list.rs -o list.wasm
