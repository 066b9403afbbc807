#!/bin/sh
# Builds the guests of the bench `canonical` from the sources here into built/: `build.sh`. It wants
#
#   clang, lld    and wasi-libc with the compiler's library for wasm32; or CLANG, which names another compiler with its arguments
#   wasm-tools    cargo install wasm-tools: wit-component makes a component of each core module
#   wac           cargo install wac-cli: joins them
set -eu
cd "$(dirname "$0")"
compiler=${CLANG:-clang --target=wasm32-wasi}
chain=10
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT

# component NAME WORLD ENCODING SOURCE [ARGUMENT...]: the component $made/NAME.wasm of a source.
component() {
  name=$1 world=$2 encoding=$3 source=$4
  shift 4
  $compiler -mexec-model=reactor -std=gnu17 -O2 -ffp-contract=off -Wall -Wextra "$@" "$source" -Wl,--strip-all -o "$made/core.wasm"
  wasm-tools component embed wit --world "$world" --encoding "$encoding" "$made/core.wasm" -o "$made/embedded.wasm"
  wasm-tools component new "$made/embedded.wasm" -o "$made/$name.wasm"
}

component caller caller utf8 caller.c
component callee callee utf8 callee.c
wac plug "$made/caller.wasm" --plug "$made/callee.wasm" -o built/calls.wasm

for encoding in utf8 utf16; do
  define=-DUTF8
  [ $encoding = utf8 ] || define=-DUTF16
  component caller-$encoding text-caller $encoding text-caller.c $define
  component callee-$encoding text-callee $encoding text-callee.c $define
done
for from in utf8 utf16; do
  for to in utf8 utf16; do
    wac plug "$made/caller-$from.wasm" --plug "$made/callee-$to.wasm" -o built/texts-$from-to-$to.wasm
  done
done

# The chain is told in wac's language, from the last component to the first.
last=$((chain - 1))
composition=$made/chain.wac
echo 'package gusset:chain;' >"$composition"
n=$last
while [ $n -ge 0 ]; do
  case $n in
    0) world=chain-first ;;
    "$last") world=chain-last ;;
    *) world=chain-middle ;;
  esac
  component "link$n" $world utf8 chain.c -DN=$n -DLAST=$last
  next=
  [ $n -eq $last ] || next="\"gusset:calls/link\": link$((n + 1))[\"gusset:calls/link\"]"
  echo "let link$n = new gusset:link$n { $next };" >>"$composition"
  set -- "$@" --dep "gusset:link$n=$made/link$n.wasm"
  n=$((n - 1))
done
echo 'export link0["run"];' >>"$composition"
wac compose "$composition" "$@" -o built/chain.wasm
chmod 644 built/*.wasm
ls -l built
