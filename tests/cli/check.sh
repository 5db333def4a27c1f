# What the tests of the command line share: . check.sh, with the program as $1. Each test runs in a folder of its own.
set -u
evenkeel=$1
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
# Idle threads that spin would slow every other test down.
export GOMP_SPINCOUNT=1000

fail() {
  echo "FAILED: $*"
  [ -s stdout ] && { echo "--- standard output"; cat stdout; }
  [ -s stderr ] && { echo "--- standard error"; cat stderr; }
  exit 1
}

skip() {
  echo "SKIPPED: $*"
  exit 77
}

# run CODE ARGUMENTS...: the exit code has to be CODE; the output is in the files stdout and stderr.
run() {
  expected=$1
  shift
  "$evenkeel" "$@" >stdout 2>stderr </dev/null
  found=$?
  [ "$found" -eq "$expected" ] || fail "evenkeel $*: expected exit code $expected, found $found"
}

# fails CODE LINE ARGUMENTS...: nothing on standard output, and exactly that line on standard error.
fails() {
  code=$1
  line=$2
  shift 2
  run "$code" "$@"
  [ ! -s stdout ] || fail "evenkeel $*: expected nothing on standard output"
  printf '%s\n' "$line" >expected
  cmp -s expected stderr || fail "evenkeel $*: expected on standard error: $line"
}

contains() { grep -qE -- "$2" "$1" || fail "expected $2 in $1"; }

# wait_for FILE PROCESS: until the file is there; fails when the process ends before.
wait_for() {
  while [ ! -e "$1" ]; do
    kill -0 "$2" 2>/dev/null || fail "expected $1 while the run goes on, found its end"
    sleep 0.05
  done
}
