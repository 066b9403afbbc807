#!/bin/sh
# Builds the kernels that are written in C and Zig, from src/ into the .wasm files of this folder: `build.sh`. What is written by hand is .wat and
# needs no building. ZIG names Zig 0.17; "python3 -m ziglang" when no zig is in the path.
set -eu
cd "$(dirname "$0")"

zig=${ZIG:-}
if [ -z "$zig" ]; then
  if command -v zig >/dev/null 2>&1; then
    zig=zig
  else
    zig="python3 -m ziglang"
  fi
fi
echo "Zig $($zig version)"

for source in src/*.c; do
  name=$(basename "$source" .c)
  features=
  case $name in *_simd) features=-msimd128 ;; esac
  $zig cc --target=wasm32-freestanding -std=gnu17 -O2 -ffp-contract=off -fno-sanitize=undefined -Wall -Wextra $features -nostdlib \
    -Wl,--no-entry -Wl,--strip-all "$source" -o "$name.wasm"
done
for source in src/*.zig; do
  $zig build-exe -target wasm32-freestanding -O ReleaseFast -fno-entry --export=run -fstrip \
    -femit-bin="$(basename "$source" .zig).wasm" "$source"
done
chmod 644 ./*.wasm
ls -l ./*.wasm
