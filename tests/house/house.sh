# What the house tests share. A test prints each offence as one line and fails; it fails as well when it could not look,
# because a guard whose tool is missing guards nothing.
set -eu

fail() { echo "$*" >&2; exit 1; }

need() {
  for tool in "$@"; do command -v "$tool" >/dev/null || fail "expected the tool $tool, found none"; done
}

# The C++ sources and headers under the folders given.
cpp_files() {
  files=$(find "$@" -type f \( -name '*.h' -o -name '*.cpp' \)) || fail "expected to read $*"
  [ -n "$files" ] || fail "expected C++ files in $*, found none"
  printf '%s\n' "$files" | LC_ALL=C sort
}

# Ends the test: `offences` holds a line for each.
verdict() {
  [ -z "$offences" ] || fail "$offences"
}
