#!/bin/sh
# A shared library shows nothing but what the public headers declare: each part of an exported symbol's name is a name in them.
# Usage: exported_symbols_test.sh NM HEADERS LIBRARY...
. "$(dirname "$0")/house.sh"
nm=$1 headers=$2
shift 2
need "$nm" awk sed

words=$(mktemp)
trap 'rm -f "$words"' EXIT
cpp_files "$headers" | while read -r file; do sed 's://.*::' "$file"; done | tr -cs 'A-Za-z0-9_' '\n' | sort -u >"$words"
exported=$("$nm" -D -C --defined-only "$@") || fail "expected $nm to read $*"
offences=$(printf '%s\n' "$exported" | awk -v words="$words" '
  BEGIN { while ((getline word < words) > 0) declared[word] = 1; if (!declared["evenkeel"]) print "expected public headers, found none" }
  NF < 3 { next }
  {
    symbol = $0
    sub(/^[0-9a-f]+ . /, "", symbol)
    name = symbol
    sub(/^(vtable|typeinfo|typeinfo name|VTT) for /, "", name)
    sub(/^(virtual|non-virtual) thunk to /, "", name)
    sub(/\[abi:[^]]*\]/, "", name)
    sub(/::operator.*/, "::operator", name)
    while (sub(/<[^<>]*>/, "", name)) {}
    sub(/\(.*/, "", name)
    sub(/ const$/, "", name)
    sub(/.* /, "", name)  # the return type of a template
    parts = split(name, part, "::")
    shown = part[1] == "evenkeel" && parts > 1
    for (i = 1; i <= parts; ++i) {
      sub(/^~/, "", part[i])
      if (part[i] ~ /^_forward_/) continue  # from a macro of LibTorch in a public class
      if (!declared[part[i]]) shown = 0
    }
    if (!shown) print "not declared in a public header: " symbol
  }')
verdict
