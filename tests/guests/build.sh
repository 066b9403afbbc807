#!/bin/sh
# Builds shop-py.wasm and shop-js.wasm into the folder that is named: build.sh DIR. What it needs of Python and JavaScript packages
# is installed into DIR, too.
set -eu
out=${1:?usage: build.sh DIR}
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$out"
out=$(cd "$out" && pwd)

echo "Python: componentize-py"
[ -x "$out/venv/bin/componentize-py" ] || { python3 -m venv "$out/venv" && "$out/venv/bin/pip" install --quiet componentize-py==0.25.1; }
(cd "$here/python" && "$out/venv/bin/componentize-py" -d "$here/shop.wit" -w shop componentize app -o "$out/shop-py.wasm")

echo "JavaScript: componentize-js"
cp "$here/javascript/"* "$out"
(cd "$out" && npm install --silent --no-fund --no-audit @bytecodealliance/componentize-js@0.23.0 && node build.mjs "$here/shop.wit" shop-js.wasm)
ls -l "$out"/shop-*.wasm
