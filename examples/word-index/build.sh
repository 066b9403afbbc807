#!/bin/sh
# Builds the word index from source: built/*.wasm and words.wasm, with everything in between in build/.
# Wanted are the tools that ../guest/tools.sh finds; no Rust. See README.md.
set -eu
cd "$(dirname "$0")"
. ../guest/tools.sh

if [ $missing -ne 0 ]; then
  exit 1
fi

rm -rf build
mkdir -p build built

echo "index: Zig $($ZIG version)"
"$WIT_BINDGEN" c wit --world indexer --out-dir build/indexer >/dev/null
$ZIG translate-c -target wasm32-freestanding -I ../guest/include build/indexer/indexer.h >build/indexer/bindings.zig
$ZIG build-exe -target wasm32-freestanding -O ReleaseSmall -fno-entry -rdynamic -fno-strip \
  -femit-bin=build/index.wasm -I ../guest/include \
  -cflags -std=c17 -- build/indexer/indexer.c build/indexer/indexer_component_type.o \
  --dep bindings --dep memory -Mroot=index/index.zig -Mbindings=build/indexer/bindings.zig -Mmemory=../guest/memory.zig
"$WASM_TOOLS" strip build/index.wasm -o build/index.wasm
"$WASM_TOOLS" component new build/index.wasm -o built/index.wasm

# c_component NAME WORLD STEM OPTIONS: a component of NAME/*.c, with wit-bindgen's files called STEM.
c_component() {
  name=$1 world=$2 stem=$3
  shift 3
  echo "$name: $cc_name"
  "$WIT_BINDGEN" c wit --world "$world" "$@" --out-dir "build/$stem" >/dev/null
  $cc -std=c17 -Os -Wall -Wextra -nostdlib -Wl,--no-entry,--strip-debug,-z,stack-size=65536 \
    -isystem ../guest/include -I "build/$stem" -I "$name" \
    "$name"/*.c ../guest/memory.c "build/$stem/$stem.c" "build/$stem/${stem}_component_type.o" -o "build/$name.wasm"
  "$WASM_TOOLS" component new "build/$name.wasm" -o "built/$name.wasm"
}
c_component sessions session-keeper session_keeper --string-encoding utf16
c_component front front front

"$WAC" compose words.wac -o words.wasm \
  --dep docs:indexer=built/index.wasm --dep docs:session-keeper=built/sessions.wasm --dep docs:front=built/front.wasm
"$WASM_TOOLS" validate words.wasm
chmod 644 built/*.wasm words.wasm
ls -l built/*.wasm words.wasm
