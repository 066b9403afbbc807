#!/bin/sh
# Builds every program of this folder into built/: `build.sh`, or `build.sh LANGUAGE...` for some of c, cpp, rust,
# zig, assemblyscript and go. What a language's own package manager can install is installed by it first, npm's packages into
# build/. A language whose tools are missing is said so and left as it was; then the exit code is 1.
#
# Each tool can be named by a variable:
#   CLANG    a clang that compiles for wasm32-wasip1 as it is (Debian: clang lld wasi-libc libclang-rt-dev-wasm32; or
#            wasi-sdk's, which is found by WASI_SDK_PATH too); without one, Zig compiles the C
#   OLD_CLANG  such a clang with a wasi-libc of 2022 (Debian 12's), for the programs of built/old-libc
#   RUSTC, WASM_LD  a rustc that has the std of wasm32-wasip1 and -wasip2, and its linker for the former where rustc does not bring one
#   WASM_TOOLS  Bytecode Alliance's wasm-tools, which strips names from components; without it they keep them
#   ZIG      Zig 0.17; "python3 -m ziglang" when no zig is in the path
#   GO       Go 1.21 or newer
set -eu
cd "$(dirname "$0")"
mkdir -p build/old built/old-libc built/threads

missing=0
lacks() {
  echo "missing: $1" >&2
  echo "         $2" >&2
  missing=1
}
has() { command -v "$1" >/dev/null 2>&1; }

zig=${ZIG:-}
if [ -z "$zig" ]; then
  if has zig; then
    zig=zig
  elif python3 -m ziglang version >/dev/null 2>&1; then
    zig="python3 -m ziglang"
  fi
fi

# c_programs FOLDER COMPILER...: all C programs, made by a compiler.
c_programs() {
  folder=$1
  shift
  for source in c/*.c; do
    "$@" -std=gnu17 -Os -Wall -Wextra -Wl,--strip-all "$source" -o "$folder/$(basename "$source" .c).wasm"
  done
}

build_c() {
  clang=${CLANG:-${WASI_SDK_PATH:+$WASI_SDK_PATH/bin/clang}}
  clang=${clang:-clang}
  echo 'int main(void) { return 0; }' >build/probe.c
  if "$clang" --target=wasm32-wasip1 build/probe.c -o build/probe.wasm 2>/dev/null; then
    echo "c: $("$clang" --version | head -n 1)"
    c_programs built "$clang" --target=wasm32-wasip1
  elif [ -n "$zig" ]; then
    echo "c: Zig $($zig version)"
    c_programs built $zig cc --target=wasm32-wasi
  else
    lacks "a clang for wasm32-wasip1" "see the head of this script"
  fi
  if [ -n "${OLD_CLANG:-}" ]; then
    echo "c, old: $("$OLD_CLANG" --version | head -n 1)"
    c_programs built/old-libc "$OLD_CLANG" --target=wasm32-wasi
  else
    echo "c, old: left as it is, since OLD_CLANG is not set"
  fi
}

# No package has a C++ library for WASI with exceptions: what throws and catches is compiled from Zig's sources of LLVM's libraries, and all
# else is that of YoWASP's clang, which npm installs.
build_cpp() {
  if [ -z "$zig" ] || ! has npm; then
    lacks "zig and npm, both" "see the head of this script"
    return
  fi
  echo "cpp: Zig $($zig version)"
  npm install --silent --no-fund --no-audit --prefix build @yowasp/clang@22.0.0-git20542-10
  mkdir -p build/sysroot build/cpp
  tar -xf build/node_modules/@yowasp/clang/gen/llvm-resources.tar -C build/sysroot
  lib=$($zig env | sed -n 's/.*lib_dir[^"]*"\([^"]*\)".*/\1/p')
  root=build/sysroot
  flags="--target=wasm32-wasip1 -nostdinc -resource-dir $root -O2 -DNDEBUG -mexception-handling -mmultivalue -mreference-types -mbulk-memory \
    -fwasm-exceptions -mllvm -wasm-enable-eh -mllvm -wasm-use-legacy-eh=false"
  include="-isystem $root/include/c++/v1 -isystem $root/include -isystem $root/include/wasm32-wasip1"
  for source in cxa_exception cxa_personality; do
    $zig clang $flags $include -x c++ -std=c++23 -w -D_LIBCXXABI_BUILDING_LIBRARY -DLIBCXX_BUILDING_LIBCXXABI -D_LIBCXXABI_HAS_NO_THREADS \
      -D_LIBCPP_ENABLE_CXX17_REMOVED_UNEXPECTED_FUNCTIONS -I"$lib/libcxxabi/include" -I"$lib/libcxxabi/src" -I"$lib/libcxx/src" \
      -c "$lib/libcxxabi/src/$source.cpp" -o "build/cpp/$source.o"
  done
  $zig clang $flags -isystem $root/include -isystem $root/include/wasm32-wasip1 -w -D_LIBUNWIND_HIDE_SYMBOLS -I"$lib/libunwind/include" \
    -c "$lib/libunwind/src/Unwind-wasm.c" -o build/cpp/unwind.o
  printf '\t.tagtype __cpp_exception i32\n\t.globl __cpp_exception\n__cpp_exception:\n' >build/cpp/tag.s
  $zig clang --target=wasm32-wasip1 -mexception-handling -c build/cpp/tag.s -o build/cpp/tag.o
  for source in cpp/*.cpp; do
    name=$(basename "$source" .cpp)
    $zig clang $flags $include -x c++ -std=c++20 -Wall -Wextra -Wno-exceptions -c "$source" -o "build/$name.o"
    $zig wasm-ld "$root/lib/wasm32-wasip1/crt1-command.o" "build/$name.o" build/cpp/*.o -L"$root/lib/wasm32-wasip1" -lc++ -lc++abi -lc \
      "$root/lib/wasm32-unknown-wasip1/libclang_rt.builtins.a" -o "built/$name.wasm" --strip-all
  done
}

build_rust() {
  rustc=${RUSTC:-rustc}
  if [ -z "${RUSTC:-}" ] && has rustup; then
    rustup target add wasm32-wasip1 wasm32-wasip2 || true
  fi
  if echo 'fn main() {}' | "$rustc" --target wasm32-wasip1 --emit metadata -o build/probe.rmeta - 2>/dev/null; then
    echo "rust: $("$rustc" --version)"
    for source in rust/*.rs; do
      "$rustc" --edition 2024 --target wasm32-wasip1 -C opt-level=s -C lto=fat -C codegen-units=1 -C panic=abort \
        -C strip=symbols ${WASM_LD:+-C linker="$WASM_LD"} "$source" -o "built/$(basename "$source" .rs).wasm"
    done
    mkdir -p built/wasip2
    for source in rust-wasip2/*/main.rs; do
      name=$(basename "$(dirname "$source")")
      "$rustc" --edition 2024 --target wasm32-wasip2 -C opt-level=s -C lto=fat -C codegen-units=1 -C panic=abort \
        -C strip=symbols "$source" -o "built/wasip2/$name.wasm"
      if has "${WASM_TOOLS:-wasm-tools}"; then
        "${WASM_TOOLS:-wasm-tools}" strip --all "built/wasip2/$name.wasm" -o "built/wasip2/$name.wasm"
      fi
    done
  else
    lacks "Rust's standard library for wasm32-wasip1" "rustup target add wasm32-wasip1; or Debian's libstd-rust-dev-wasm32 and lld"
  fi
}

build_zig() {
  if [ -n "$zig" ]; then
    echo "zig: Zig $($zig version)"
    for source in zig/*.zig; do
      $zig build-exe -target wasm32-wasi -O ReleaseSmall -fstrip -femit-bin="built/$(basename "$source" .zig).wasm" "$source"
    done
    for source in zig/threads/*.zig; do
      $zig build-exe -target wasm32-wasi -mcpu=generic+atomics+bulk_memory -fno-single-threaded --shared-memory --max-memory=16777216 \
        --import-memory --export-memory --export=wasi_thread_start --stack 131072 -O ReleaseSmall -fstrip \
        -femit-bin="built/threads/$(basename "$source" .zig).wasm" "$source"
    done
  else
    lacks "zig" "https://ziglang.org/download, or: pip install ziglang, version 0.17"
  fi
}

build_assemblyscript() {
  if has npm; then
    npm install --silent --no-fund --no-audit --prefix build assemblyscript@0.28.20 @assemblyscript/wasi-shim@0.1.0
    echo "assemblyscript: $(build/node_modules/.bin/asc --version)"
    for source in assemblyscript/*.ts; do
      cp "$source" build
      (cd build && node_modules/.bin/asc "$(basename "$source")" --config node_modules/@assemblyscript/wasi-shim/asconfig.json -Oz \
        -o "../built/$(basename "$source" .ts).wasm")
    done
    # The last compiler for preview0. Its garbage collector would free what is only held by address.
    npm install --silent --no-fund --no-audit --prefix build/old assemblyscript@0.8.1
    echo "assemblyscript, old: $(build/old/node_modules/.bin/asc --version)"
    for source in assemblyscript/old/*.ts; do
      cp "$source" build/old
      (cd build/old && node_modules/.bin/asc "$(basename "$source")" -O3 --noAssert --runtime stub --use abort= \
        -b "../../built/$(basename "$source" .ts).wasm")
    done
  else
    lacks "npm" "Node's package manager installs the AssemblyScript compiler"
  fi
}

build_go() {
  go=${GO:-go}
  if has "$go"; then
    echo "go: $("$go" version)"
    for source in go/*.go; do
      GOOS=wasip1 GOARCH=wasm "$go" build -trimpath -ldflags=-s -o "built/$(basename "$source" .go).wasm" "$source"
    done
  else
    lacks "go" "https://go.dev/dl, 1.21 or newer"
  fi
}

if [ $# -eq 0 ]; then
  set -- c cpp rust zig assemblyscript go
fi
for language in "$@"; do
  case $language in
    c | cpp | rust | zig | assemblyscript | go) "build_$language" ;;
    *)
      echo "build.sh: there is no language $language" >&2
      exit 64
      ;;
  esac
done
chmod 644 built/*.wasm built/*/*.wasm
ls -l built/*.wasm built/*/*.wasm
exit $missing
