# --version, and what a report of a fault needs.
. "$(dirname "$0")/check.sh"

run 0 --version
contains stdout '^Evenkeel [0-9.]+ with LibTorch [0-9.]+$'
[ "$(wc -l <stdout)" -eq 1 ] || fail "expected one line"
export EVENKEEL_INSTRUCTION_SET=best
run 0 --version --verbose
for name in Evenkeel LibTorch processor "instruction set" allocator compiler; do contains stdout "^$name +[^ ]"; done
contains stdout '^instruction set +[a-zA-Z0-9_]+ \(of [a-zA-Z0-9_, ]+\)$'
contains stdout '^EVENKEEL_INSTRUCTION_SET +best$'
[ ! -s stderr ] || fail "expected nothing on standard error"
fails 2 "evenkeel: --verbose requires --version (evenkeel --help says more)" --verbose
