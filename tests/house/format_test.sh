#!/bin/sh
# Every source is as .clang-format has it; another version than Debian 12's formats otherwise, and is not asked.
# Usage: format_test.sh SOURCE
. "$(dirname "$0")/house.sh"
need awk find sort
cd "$1"

clang_format=$(command -v clang-format-14 || command -v clang-format) || { echo "skipped: needs clang-format 14"; exit 77; }
"$clang_format" --version | grep -q 'version 14\.' || { echo "skipped: needs clang-format 14"; exit 77; }
folders="include src"
for folder in app bench tests; do [ ! -d $folder ] || folders="$folders $folder"; done
offences=$("$clang_format" --dry-run -Werror $(cpp_files $folders) 2>&1 | grep 'error:') || :
verdict
