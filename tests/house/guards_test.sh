#!/bin/sh
# Each guard finds the offence it is there for, passes without it, and fails without its tool.
# Usage: guards_test.sh COMPILER AR NM OBJDUMP
. "$(dirname "$0")/house.sh"
need "$1" "$2" "$3" "$4"
here=$(cd "$(dirname "$0")" && pwd)
cxx=$1 ar=$2 nm=$3 objdump=$4
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT

passes() { "$here/$@" >"$tree/output" 2>&1 || fail "expected to pass: $*; it said: $(cat "$tree/output")"; }
# finds TEXT GUARD ARGUMENTS...: the guard fails and says TEXT.
finds() {
  text=$1
  shift
  if "$here/$@" >"$tree/output" 2>&1; then fail "expected to fail ($text): $*"; fi
  grep -q -- "$text" "$tree/output" || fail "expected \"$text\" from $*, it said: $(cat "$tree/output")"
}

source=$tree/source
mkdir -p "$source/include/evenkeel" "$source/src/kernels" "$source/src/training" "$source/src/sync" "$source/app" "$source/bench"
echo '#include "evenkeel/kernels.h"' >"$source/include/evenkeel/evenkeel.h"
echo '#include "kernels/check.h"' >"$source/src/training/fine.cpp"
echo '#include "training/fine.h"' >"$source/bench/fine.cpp"
echo 'int main() { std::puts("the command line prints"); }' >"$source/app/main.cpp"
passes includes_test.sh "$source"
passes libtorch_headers_test.sh "$source"
passes source_rules_test.sh "$source"

# offence FILE LINE TEXT GUARD: with LINE in FILE, the guard says TEXT.
offence() {
  echo "$2" >"$source/$1"
  finds "$3" "$4" "$source"
  rm "$source/$1"
}
offence src/kernels/bad.cpp '#include "training/run.h"' 'kernels may not include training' includes_test.sh
offence src/kernels/bad.cpp '#  include <ATen/ATen.h>' 'the kernels know no LibTorch' includes_test.sh
offence src/kernels/bad.cpp '#include "evenkeel/evenkeel.h"' 'kernels may not include all' includes_test.sh
offence src/sync/bad.cpp '#include "fold/pair.h"' 'sync may not include fold' includes_test.sh
offence src/training/bad.cpp '#include "runs/run_folder.h"' 'training may not include runs' includes_test.sh
offence src/training/bad.cpp '#include "app/main.h"' 'training may not include app' includes_test.sh
offence bench/bad.cpp '#include "app/process.h"' 'bench may not include app' includes_test.sh
offence include/evenkeel/bad.h '#include "kernels/check.h"' 'public headers alone' includes_test.sh
offence include/evenkeel/bad.h '#include <hwy/highway.h>' 'no Highway' includes_test.sh
offence src/bad.cpp '#include "kernels/check.h"' 'no place in the order' includes_test.sh
offence src/kernels/bad.cpp 'std::cout << 1;' 'does not print' source_rules_test.sh
offence src/training/bad.cpp '  fprintf(stderr, "%d", 1);' 'does not print' source_rules_test.sh
offence bench/bad.cpp 'fmt::print("done");' 'does not print' source_rules_test.sh
offence src/training/bad.cpp 'std::exit(1);' 'does not end the process' source_rules_test.sh
offence src/kernels/bad.h "// TO""DO: the rest" 'unfinished' source_rules_test.sh
offence src/kernels/bad.cpp "$(yes 'int x();' | head -n 401)" 'more than 400 lines' source_rules_test.sh

offence app/bad.cpp '#include <torch/torch.h>' 'a header of LibTorch arrives' libtorch_headers_test.sh
# Through headers of the house, by way of each folder they are looked for in.
echo '#include "training/middle.h"' >"$source/app/near.h"
echo '#include "evenkeel/far.h"' >"$source/src/training/middle.h"
echo '  # include <c10/util/Exception.h>' >"$source/include/evenkeel/far.h"
offence app/bad.cpp '#include "near.h"' 'app/near.h > src/training/middle.h > include/evenkeel/far.h: a header of LibTorch arrives' libtorch_headers_test.sh
rm "$source/app/near.h"
# Not in other rooms' sources, but in the readers of model files.
mkdir "$source/src/model_files"
echo '#include "evenkeel/far.h"' >"$source/src/model_files/writer.cpp"
echo '#include "evenkeel/far.h"' >"$source/src/model_files/reader.cpp"
printf '%s\n' 'evenkeel_room(model_readers' ')' 'evenkeel_room(model_files' '  writer.cpp' ')' >"$source/src/model_files/CMakeLists.txt"
finds 'expected the room model_readers' libtorch_headers_test.sh "$source"
echo 'int x();' >"$source/src/model_files/fine.cpp"
printf '%s\n' 'evenkeel_room(model_readers' '  fine.cpp' ')' 'evenkeel_room(model_files' '  writer.cpp' ')' >"$source/src/model_files/CMakeLists.txt"
passes libtorch_headers_test.sh "$source"
printf '%s\n' 'evenkeel_room(model_readers' '  reader.cpp' ')' >"$source/src/model_files/CMakeLists.txt"
finds 'src/model_files/reader.cpp > include/evenkeel/far.h: a header of LibTorch arrives' libtorch_headers_test.sh "$source"
rm -r "$source/src/model_files"
rm "$source/src/training/middle.h" "$source/include/evenkeel/far.h"

# Without a style of its own, the tree would be formatted as clang-format likes it.
cp "$here/../../.clang-format" "$source/.clang-format"
if "$here/format_test.sh" "$source" >"$tree/output" 2>&1; then
  offence src/kernels/bad.cpp 'int  x ;' 'bad.cpp' format_test.sh
fi

# archive SOURCE-TEXT FLAGS...: the text compiled into kernels.a.
archive() {
  text=$1
  shift
  printf '%s\n' "$text" >"$tree/object.cpp"
  rm -f "$tree/kernels.a"
  "$cxx" -std=c++20 -O2 "$@" -c "$tree/object.cpp" -o "$tree/object.o" && "$ar" rc "$tree/kernels.a" "$tree/object.o" ||
    fail "expected to compile: $text"
}
archive 'namespace evenkeel::kernels { void run(float) {} }'
passes archive_symbols_test.sh "$nm" "$tree/kernels.a"
archive 'namespace c10 { void log(int); } namespace evenkeel::kernels { void run(float) { c10::log(1); } }'
finds 'c10::log' archive_symbols_test.sh "$nm" "$tree/kernels.a"
finds 'found none' archive_symbols_test.sh "$tree/no-nm" "$tree/kernels.a"
finds 'expected' archive_symbols_test.sh "$nm" "$tree/no-archive"

# shared SOURCE-TEXT: the text compiled into shown.so.
shared() {
  printf '%s\n' "$1" >"$tree/shown.cpp"
  "$cxx" -std=c++20 -O2 -shared -fPIC "$tree/shown.cpp" -o "$tree/shown.so" || fail "expected to compile: $1"
}
mkdir "$tree/headers"
echo 'namespace evenkeel::kernels { template <typename T> struct Call {}; template <typename T> void run(Call<T>); }  // hidden' >"$tree/headers/kernels.h"
call='namespace evenkeel::kernels { template <typename T> struct Call {}; template <typename T> void run(Call<T>) {}'
shared "$call template void run(Call<float>); }"
passes exported_symbols_test.sh "$nm" "$tree/headers" "$tree/shown.so"
shared "$call template void run(Call<float>); namespace hidden { void run(Call<float>) {} } }"
finds 'evenkeel::kernels::hidden::run' exported_symbols_test.sh "$nm" "$tree/headers" "$tree/shown.so"
shared 'namespace std { void run(int) {} }'
finds 'std::run' exported_symbols_test.sh "$nm" "$tree/headers" "$tree/shown.so"
finds 'found none' exported_symbols_test.sh "$tree/no-nm" "$tree/headers" "$tree/shown.so"

weak='template <typename T> __attribute__((noinline)) void twice(T* x) { for (int i = 0; i < 64; ++i) x[i] += x[i]; }'
use='void run(float* x) { twice(x); }'
archive "$weak $use"
status=0
"$here/instruction_sets_test.sh" "$objdump" "$tree/kernels.a" >"$tree/output" 2>&1 || status=$?
case $status in
  0)
    archive "$weak $use" -mavx2 -ftree-vectorize
    finds 'is weak' instruction_sets_test.sh "$objdump" "$tree/kernels.a"
    archive "namespace { $weak } $use" -mavx2 -ftree-vectorize
    passes instruction_sets_test.sh "$objdump" "$tree/kernels.a"
    archive "namespace N_AVX2 { $weak } void run(float* x) { N_AVX2::twice(x); }" -mavx2 -ftree-vectorize
    passes instruction_sets_test.sh "$objdump" "$tree/kernels.a"
    finds 'found none' instruction_sets_test.sh "$tree/no-objdump" "$tree/kernels.a"
    finds 'expected' instruction_sets_test.sh "$objdump" "$tree/no-archive" ;;
  77) ;;  # another processor: the guard itself says that it is skipped
  *) fail "expected to pass or to be skipped: $(cat "$tree/output")" ;;
esac
