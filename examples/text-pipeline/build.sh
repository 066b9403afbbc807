#!/bin/sh
# Builds the text pipeline from source: built/*.wasm and pipeline.wasm, with everything in between in build/.
#
# Wanted: a Rust compiler for wasm32-unknown-unknown (CARGO and RUSTC name another one), and the tools that
# ../guest/tools.sh finds.
# Where rustup cannot bring the target, set RUST_BUILD_STD=1: core and alloc are then compiled from the compiler's own
# sources, and WASM_LD has to name a wasm-ld or rust-lld. See README.md.
set -eu
cd "$(dirname "$0")"

CARGO=${CARGO:-cargo}
TARGET=wasm32-unknown-unknown
. ../guest/tools.sh

target_installed() {
  libdir=$("${RUSTC:-rustc}" --print target-libdir --target $TARGET 2>/dev/null) || return 1
  [ -n "$(ls "$libdir"/libcore-*.rlib 2>/dev/null)" ]
}
if ! has "$CARGO"; then
  lacks "cargo" "https://rustup.rs"
elif [ -n "${RUST_BUILD_STD:-}" ]; then
  [ -n "$WASM_LD" ] || lacks "a linker for Rust's output" "set WASM_LD to a wasm-ld or rust-lld"
elif ! target_installed; then
  lacks "Rust's $TARGET" "rustup target add $TARGET; or see RUST_BUILD_STD at the top of this script"
fi

if [ $missing -ne 0 ]; then
  exit 1
fi

rm -rf build
mkdir -p build built

echo "parse: $("${RUSTC:-rustc}" --version)"
rust_flags=
if [ -n "${RUST_BUILD_STD:-}" ]; then
  rust_flags="-Zbuild-std=core,alloc"
  export RUSTC_BOOTSTRAP=1 CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER="$WASM_LD"
fi
# No path of the building machine may reach the module.
RUSTFLAGS="${RUSTFLAGS:-} --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=cargo --remap-path-prefix=$PWD=." \
  CARGO_TARGET_DIR="$PWD/build/cargo" \
  "$CARGO" build --quiet --locked --release --target $TARGET --manifest-path parse/Cargo.toml $rust_flags
"$WASM_TOOLS" component new build/cargo/$TARGET/release/text_parse.wasm -o built/parse.wasm

echo "transform: Zig $($ZIG version)"
"$WIT_BINDGEN" c wit --world transformer --out-dir build/transformer >/dev/null
$ZIG translate-c -target wasm32-freestanding -I ../guest/include build/transformer/transformer.h >build/transformer/bindings.zig
$ZIG build-exe -target wasm32-freestanding -O ReleaseSmall -fno-entry -rdynamic -fno-strip \
  -femit-bin=build/transform.wasm -I ../guest/include \
  -cflags -std=c17 -- build/transformer/transformer.c build/transformer/transformer_component_type.o \
  --dep bindings --dep memory -Mroot=transform/transform.zig -Mbindings=build/transformer/bindings.zig \
  -Mmemory=../guest/memory.zig
"$WASM_TOOLS" strip build/transform.wasm -o build/transform.wasm
"$WASM_TOOLS" component new build/transform.wasm -o built/transform.wasm

echo "render: $cc_name"
"$WIT_BINDGEN" c wit --world renderer --string-encoding utf16 --out-dir build/renderer >/dev/null
$cc -std=c17 -Os -Wall -Wextra -nostdlib -Wl,--no-entry,--strip-debug,-z,stack-size=65536 \
  -isystem ../guest/include -I build/renderer -I render \
  render/*.c ../guest/memory.c build/renderer/renderer.c build/renderer/renderer_component_type.o -o build/render.wasm
"$WASM_TOOLS" component new build/render.wasm -o built/render.wasm

"$WAC" compose pipeline.wac -o pipeline.wasm \
  --dep docs:parse=built/parse.wasm --dep docs:transform=built/transform.wasm --dep docs:render=built/render.wasm
"$WASM_TOOLS" validate pipeline.wasm
chmod 644 built/*.wasm pipeline.wasm
ls -l built/*.wasm pipeline.wasm
