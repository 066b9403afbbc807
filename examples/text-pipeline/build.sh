#!/bin/sh
# Builds the text pipeline from source: built/*.wasm and pipeline.wasm, with everything in between in build/.
#
# Wanted: a Rust compiler for wasm32-unknown-unknown, Zig 0.17, and a C compiler for wasm32 (clang with wasm-ld, or else
# the same Zig); and of the component tools: wit-bindgen, wasm-tools and wac. Each can be named by a variable:
#   CARGO, RUSTC, ZIG ("python3 -m ziglang" when no zig is in the path), CLANG, WASM_LD, WIT_BINDGEN, WASM_TOOLS, WAC
# Where rustup cannot bring the target, set RUST_BUILD_STD=1: core and alloc are then compiled from the compiler's own
# sources, and WASM_LD has to name a wasm-ld or rust-lld. See README.md.
set -eu
cd "$(dirname "$0")"

CARGO=${CARGO:-cargo}
WIT_BINDGEN=${WIT_BINDGEN:-wit-bindgen}
WASM_TOOLS=${WASM_TOOLS:-wasm-tools}
WAC=${WAC:-wac}
TARGET=wasm32-unknown-unknown

missing=0
lacks() {
  echo "missing: $1" >&2
  echo "         $2" >&2
  missing=1
}
# The first of the named programs that exists.
first_of() {
  for program in "$@"; do
    if command -v "$program" >/dev/null 2>&1; then
      echo "$program"
      return
    fi
  done
}
has() { [ -n "$(first_of "$1")" ]; }

has "$WIT_BINDGEN" || lacks "wit-bindgen, which makes the C bindings" "cargo install wit-bindgen-cli --version 0.63.0"
has "$WASM_TOOLS" || lacks "wasm-tools, which makes components of modules" "cargo install wasm-tools"
has "$WAC" || lacks "wac, which composes the components" "cargo install wac-cli"

if [ -z "${ZIG:-}" ]; then
  if has zig; then
    ZIG=zig
  elif python3 -m ziglang version >/dev/null 2>&1; then
    ZIG="python3 -m ziglang"
  else
    lacks "zig" "https://ziglang.org/download, or: pip install ziglang, version 0.17"
  fi
fi

CLANG=${CLANG:-$(first_of clang clang-22 clang-21 clang-20 clang-19 clang-18)}
WASM_LD=${WASM_LD:-$(first_of wasm-ld wasm-ld-22 wasm-ld-21 wasm-ld-20 wasm-ld-19 wasm-ld-18)}

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
$ZIG translate-c -target wasm32-freestanding -I include build/transformer/transformer.h >build/transformer/bindings.zig
$ZIG build-exe -target wasm32-freestanding -O ReleaseSmall -fno-entry -rdynamic -fno-strip \
  -femit-bin=build/transform.wasm -I include \
  -cflags -std=c17 -- build/transformer/transformer.c build/transformer/transformer_component_type.o \
  --dep bindings -Mroot=transform/transform.zig -Mbindings=build/transformer/bindings.zig
"$WASM_TOOLS" strip build/transform.wasm -o build/transform.wasm
"$WASM_TOOLS" component new build/transform.wasm -o built/transform.wasm

if [ -n "$CLANG" ] && [ -n "$WASM_LD" ] && "$CLANG" --print-targets 2>/dev/null | grep -q wasm32; then
  cc="$CLANG --target=wasm32-unknown-unknown -fuse-ld=$(command -v "$WASM_LD")"
  echo "render: $("$CLANG" --version | head -n 1)"
else
  cc="$ZIG cc -target wasm32-freestanding"
  echo "render: Zig's C compiler, since there is no clang for wasm32 with a wasm-ld"
fi
"$WIT_BINDGEN" c wit --world renderer --string-encoding utf16 --out-dir build/renderer >/dev/null
$cc -std=c17 -Os -Wall -Wextra -nostdlib -Wl,--no-entry,--strip-debug,-z,stack-size=65536 \
  -isystem include -I build/renderer -I render \
  render/*.c build/renderer/renderer.c build/renderer/renderer_component_type.o -o build/render.wasm
"$WASM_TOOLS" component new build/render.wasm -o built/render.wasm

"$WAC" compose pipeline.wac -o pipeline.wasm \
  --dep docs:parse=built/parse.wasm --dep docs:transform=built/transform.wasm --dep docs:render=built/render.wasm
"$WASM_TOOLS" validate pipeline.wasm
chmod 644 built/*.wasm pipeline.wasm
ls -l built/*.wasm pipeline.wasm
