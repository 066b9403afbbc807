#!/bin/sh
# Builds heap.wasm and tree.wasm. OLD_CLANG names a clang for wasm32-wasi with a wasi-libc of 2022: Debian 12's clang, lld, wasi-libc and
# libclang-rt-14-dev-wasm32.
set -eu
cd "$(dirname "$0")"
for program in heap tree; do
  "${OLD_CLANG:-clang}" --target=wasm32-wasi -std=gnu17 -Os -Wall -Wextra -Wl,--strip-all "$program.c" -o "$program.wasm"
done
