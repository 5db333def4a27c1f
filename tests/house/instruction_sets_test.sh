#!/bin/sh
# No weak symbol holds code of one instruction set, unless its name says which: the linker keeps one copy of a weak symbol,
# and the copy with AVX-512 code would run on processors without it. Usage: instruction_sets_test.sh OBJDUMP ARCHIVE
. "$(dirname "$0")/house.sh"
need "$1" awk grep

headers=$("$1" -f "$2") || fail "expected $1 to read $2"
case $headers in
  *x86-64*) ;;
  *) echo "skipped: this test knows the instructions of x86-64 alone"; exit 77 ;;
esac
listing=$(mktemp)
trap 'rm -f "$listing"' EXIT
"$1" -t "$2" >"$listing" || fail "expected $1 to list the symbols of $2"
"$1" -d --no-show-raw-insn "$2" >>"$listing" || fail "expected $1 to disassemble $2"

# Past the baseline of x86-64 (SSE2): the VEX and EVEX encodings, whose mnemonics start with v, and their registers.
# Highway names its namespaces N_AVX2, N_AVX3, ...: "6N_AVX2" in a mangled name.
offences=$(awk '
  / (F )?\.text/ && substr($0, 19, 1) == "w" { weak[$NF] = 1 }
  /^[0-9a-f]+ <.*>:$/ {
    symbol = substr($2, 2, length($2) - 3)
    ++functions
    guarded = (symbol in weak) && symbol !~ /[0-9]N_[A-Z]/
  }
  /^ +[0-9a-f]+:\t/ {
    beyond = /%[yz]mm[0-9]/ || /%k[0-7]/ || /\tv[a-z]/
    if (beyond) ++vectors
    if (beyond && guarded && !(symbol in seen)) { seen[symbol] = 1; print symbol " is weak and holds: " $0 }
  }
  END { if (!functions) print "expected functions, found none"; print vectors + 0 " vector instructions" >"/dev/stderr" }
' "$listing")
verdict
