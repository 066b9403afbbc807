#!/bin/sh
# Builds the adapters into built/. It needs a Rust compiler with the core library for wasm32-unknown-unknown, which rustup brings; without rustup
# set RUSTC, and CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER where it brings no linker (Debian: libstd-rust-dev-wasm32, wasm-ld). All
# else is of this repository; its own programs are built by the compiler that `cargo` takes there.
set -eu
cd "$(dirname "$0")"
if [ -z "${RUSTC:-}" ] && command -v rustup >/dev/null; then
  rustup target add wasm32-unknown-unknown
fi

here=$(pwd)
out=${OUT:-$here/built}
mkdir -p "$out"
# The finisher is for this machine: it is built by the host's compiler, where this folder's settings do not count. FINISH names one that is built.
finish() (
  if [ -n "${FINISH:-}" ]; then
    "$FINISH" "$@"
  else
    unset RUSTC && cd ../.. && cargo run --quiet -p gusset-wasi-adapter-tests -- "$@"
  fi
)
for adapter in command:command reactor:filesystem proxy:; do
  world=${adapter%:*}
  cargo build --quiet --release --locked --target-dir target --features "${adapter#*:}"
  said=$(finish "$world" "$here/target/wasm32-unknown-unknown/release/gusset_wasi_adapter.wasm" "$out/$world.wasm")
  echo "$world: $said"
done
"${RUSTC:-rustc}" --version >"$out/compiler.txt"
