#!/bin/sh
# Builds the guests of this folder into DIR: `build.sh DIR`, or `build.sh DIR PART...` for some of shop, tool, ledger and compositions. What
# it needs of Python and JavaScript packages is installed into DIR, too. It wants
#
#   python3 with pip, and npm   componentize-py and componentize-js come by them
#   zig 0.17                    or ZIG, or pip's ziglang, which is installed where there is none: the C of ledger
#   cargo                       and Rust's target wasm32-wasip2: the Rust of ledger
#   wit-bindgen, wac            cargo install wit-bindgen-cli --version 0.63.0; cargo install wac-cli
#   gusset                      or GUSSET, or else it is built: makes components of what Zig compiles
set -eu
out=${1:?usage: build.sh DIR [PART...]}
shift
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$out"
out=$(cd "$out" && pwd)
[ $# -gt 0 ] || set -- shop tool ledger compositions

has() { command -v "$1" >/dev/null 2>&1; }

# componentize_py WIT WORLD FOLDER MODULE OUTPUT
componentize_py() {
  [ -x "$out/venv/bin/componentize-py" ] || { python3 -m venv "$out/venv" && "$out/venv/bin/pip" install --quiet componentize-py==0.25.1; }
  # What Python keeps of modules lies beside them.
  rm -rf "$out/python"
  cp -R "$3" "$out/python"
  (cd "$out/python" && "$out/venv/bin/componentize-py" -q -d "$1" -w "$2" componentize "$4" -o "$5")
  ls -l "$5"
}

install_componentize_js() {
  if [ ! -d "$out/node_modules/@bytecodealliance/componentize-js" ]; then
    cp "$here/package.json" "$out"
    (cd "$out" && npm install --silent --no-fund --no-audit)
  fi
}

# componentize_js WIT WORLD FILE OUTPUT
componentize_js() {
  install_componentize_js
  cp "$here/componentize.mjs" "$out"
  (cd "$out" && node componentize.mjs "$1" "$2" "$3" "$4")
  ls -l "$4"
}

build_shop() {
  componentize_py "$here/shop/shop.wit" shop "$here/shop/python" app "$out/shop-py.wasm"
  componentize_js "$here/shop/shop.wit" shop "$here/shop/javascript/app.js" "$out/shop-js.wasm"
}

# The interfaces of WASI come with componentize-js. Its engine answers requests by an older version of them.
build_tool() {
  install_componentize_js
  for version in 0.2.12 0.2.10; do
    mkdir -p "$out/wit-$version/deps"
    cp "$here/tool/tool.wit" "$out/wit-$version"
    cp -R "$out/node_modules/@bytecodealliance/jco/lib/wit/builtin/0.2.12/." "$out/wit-$version/deps"
    find "$out/wit-$version" -name '*.wit' | while read -r file; do
      sed "s/0\.2\.12/$version/g" "$file" >"$file.new"
      mv "$file.new" "$file"
    done
  done
  componentize_py "$out/wit-0.2.12" tool "$here/tool/python" tool "$out/tool-python.wasm"
  componentize_py "$out/wit-0.2.12" service "$here/tool/python" service "$out/service-python.wasm"
  componentize_js "$out/wit-0.2.12" tool "$here/tool/javascript/tool.js" "$out/tool-javascript.wasm"
  componentize_js "$out/wit-0.2.10" service "$here/tool/javascript/service.js" "$out/service-javascript.wasm"
}

find_zig() {
  if [ -n "${ZIG:-}" ]; then
    return
  elif has zig; then
    ZIG=zig
  else
    [ -d "$out/zig-venv" ] || { python3 -m venv "$out/zig-venv" && "$out/zig-venv/bin/pip" install --quiet ziglang==0.17.1; }
    ZIG="$out/zig-venv/bin/python -m ziglang"
  fi
}

component_new() {
  if [ -n "${GUSSET:-}" ] || has gusset; then
    "${GUSSET:-gusset}" component new "$@"
  else
    cargo run --quiet --release --manifest-path "$here/../../Cargo.toml" -p gusset-cli -- component new "$@"
  fi
}

build_ledger() {
  find_zig
  for world in provider user; do
    componentize_py "$here/ledger/ledger.wit" $world "$here/ledger/python/$world" app "$out/ledger-python-$world.wasm"
    componentize_js "$here/ledger/ledger.wit" $world "$here/ledger/javascript/$world.js" "$out/ledger-javascript-$world.wasm"
    made="$out/c/$world"
    wit-bindgen c "$here/ledger/ledger.wit" --world $world --out-dir "$made" >/dev/null
    $ZIG cc --target=wasm32-wasi -mexec-model=reactor -std=gnu17 -Os -Wall -Wextra -Wl,--strip-all -I "$made" \
      "$here/ledger/c/$world.c" "$made/$world.c" "$made/${world}_component_type.o" -o "$made/$world.wasm"
    component_new "$made/$world.wasm" -o "$out/ledger-c-$world.wasm"
  done
  if has rustup; then
    rustup target add wasm32-wasip2 || true
  fi
  # No path of the building machine may reach the modules.
  RUSTFLAGS="${RUSTFLAGS:-} --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=cargo --remap-path-prefix=$here=." CARGO_TARGET_DIR="$out/rust" \
    cargo build --quiet --locked --release --examples --target wasm32-wasip2 --manifest-path "$here/ledger/rust/Cargo.toml"
  for world in provider user; do
    cp "$out/rust/wasm32-wasip2/release/examples/ledger_$world.wasm" "$out/ledger-rust-$world.wasm"
  done
}

build_compositions() {
  for user in python javascript c rust; do
    for provider in python javascript c rust; do
      wac plug "$out/ledger-$user-user.wasm" --plug "$out/ledger-$provider-provider.wasm" -o "$out/ledger-$user-with-$provider.wasm"
    done
  done
  ls -l "$out"/ledger-*-with-*.wasm
}

for part in "$@"; do
  case $part in
    shop | tool | ledger | compositions) "build_$part" ;;
    *)
      echo "build.sh: there is no part $part" >&2
      exit 64
      ;;
  esac
done
