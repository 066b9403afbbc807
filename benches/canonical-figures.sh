#!/bin/sh
# Makes of what `cargo bench --bench canonical` printed the tables of docs/performance.md, to standard output, and its plot, docs/canonical.svg:
# `canonical-figures.sh OUTPUT [GROUP...]`. The bars are the ratios to the peer at its best that are wanted.
set -eu
cd "$(dirname "$0")/.."
exec cargo xtask canonical-figures "$@" --svg docs/canonical.svg \
  --bar "scalars:=1" \
  --bar "borrowed handle=0.05" --bar "own handle=0.15" --bar "constructor=0.3" \
  --bar "compound:=0.7" \
  --bar "lists:=1" --bar "lists: list<u8> of 4 KiB=0.067" --bar "lists: list<u8> of 1 MiB=0.067" --bar "list<bool>=0.25" \
  --bar "list<char>=0.25" --bar "list<record=0.667" --bar "list<string>=0.5" --bar "list<list<u8>>=0.5" \
  --bar "strings: utf8 to utf8=1" --bar "strings: utf8 to utf16=0.2" --bar "strings: utf16 to utf8=0.2" \
  --bar "utf8 to utf16, 16 B=0.667" --bar "utf16 to utf8, 16 B=0.667" \
  --bar "host to guest:=0.3" --bar "guest to host:=0.3" --bar "host to guest: scalars=0.15" --bar "guest to host: scalars=0.15" \
  --bar "by Val=0.5"
