# The tools that the examples' build scripts share; each script sources this in its own folder.
#
# Zig 0.17, a C compiler for wasm32 (clang with wasm-ld, or else the same Zig), wit-bindgen, wasm-tools and wac. Each can
# be named by a variable: ZIG ("python3 -m ziglang" when no zig is in the path), CLANG, WASM_LD, WIT_BINDGEN, WASM_TOOLS, WAC.
# What is missing is said at once; then `missing` is 1. `cc` is the C compiler with its target, `cc_name` what to call it.

WIT_BINDGEN=${WIT_BINDGEN:-wit-bindgen}
WASM_TOOLS=${WASM_TOOLS:-wasm-tools}
WAC=${WAC:-wac}

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
if [ -n "$CLANG" ] && [ -n "$WASM_LD" ] && "$CLANG" --print-targets 2>/dev/null | grep -q wasm32; then
  cc="$CLANG --target=wasm32-unknown-unknown -fuse-ld=$(command -v "$WASM_LD")"
  cc_name=$("$CLANG" --version | head -n 1)
else
  cc="${ZIG:-} cc -target wasm32-freestanding"
  cc_name="Zig's C compiler, since there is no clang for wasm32 with a wasm-ld"
fi
