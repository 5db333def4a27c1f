#!/bin/sh
# Rules that hold line by line. Usage: source_rules_test.sh SOURCE
. "$(dirname "$0")/house.sh"
need awk find sort
cd "$1"

# A library neither prints nor ends the process; the command line alone does. The processes that worker_pool.cpp forks are its own to
# end.
libraries="include src"
[ ! -d bench ] || libraries="$libraries bench"
quiet=$(cpp_files $libraries)
offences=$(awk '
  { line = $0; gsub(/"([^"\\]|\\.)*"/, "\"\"", line); sub(/\/\/.*/, "", line) }
  line ~ /(^|[^A-Za-z0-9_])(std::)?(cout|cerr|clog|stdout|stderr)([^A-Za-z0-9_]|$)/ ||
  line ~ /(^|[^A-Za-z0-9_.>])(printf|vprintf|puts|putchar|perror)\(/ ||
  line ~ /fmt::print(ln)?\("/ {
    print FILENAME ":" FNR ": a library does not print: " $0
  }
  FILENAME !~ /src\/lab\/worker_pool\.cpp$/ && line ~ /(^|[^A-Za-z0-9_.>])(abort|exit|_exit|_Exit|quick_exit|terminate|assert)\(/ {
    print FILENAME ":" FNR ": a library throws, it does not end the process: " $0
  }' $quiet)
verdict

# A file of more than 400 lines is a sign that it holds two things; what is not done is not left in a comment.
all=$(find . \( -path ./build -o -path ./.git -o -path ./runs \) -prune -o -type f \( -name '*.h' -o -name '*.cpp' \
  -o -name '*.cmake' -o -name CMakeLists.txt -o -name '*.sh' -o -name '*.py' -o -name '*.md' -o -name evenkeel \) -print)
[ -n "$all" ] || fail "expected files, found none"
unfinished="TO""DO|FIX""ME|XX""X|HA""CK"
offences=$(awk -v unfinished="(^|[^A-Za-z])($unfinished)([^A-Za-z]|\$)" '
  FNR == 401 && FILENAME !~ /\.md$/ { print FILENAME ": more than 400 lines" }
  $0 ~ unfinished { print FILENAME ":" FNR ": unfinished: " $0 }' $all)
verdict
