#!/bin/sh
# The kernels neither define nor want a symbol of LibTorch. Usage: archive_symbols_test.sh NM ARCHIVE
. "$(dirname "$0")/house.sh"
need "$1" grep

symbols=$("$1" -C "$2" 2>/dev/null) || fail "expected $1 to read $2"
printf '%s\n' "$symbols" | grep -q ' T evenkeel::kernels::' || fail "expected the kernels' symbols in $2, found none"
offences=$(printf '%s\n' "$symbols" | grep -E '(^|[^A-Za-z0-9_:])(torch|c10|at|caffe2)::') || [ $? = 1 ]
verdict
