#!/bin/sh
# Where no header of LibTorch may arrive, not even through others: the command lines, which compile quickly without, and the readers of
# model files, which take bytes from anybody and know no tensors. Usage: libtorch_headers_test.sh SOURCE
. "$(dirname "$0")/house.sh"
need awk find sort
cd "$1"

files=$(cpp_files app)
# The readers are the sources of a room of their own.
models=src/model_files/CMakeLists.txt
if [ -e $models ]; then
  readers=$(awk '/^evenkeel_room\(model_readers/ { inside = 1; next } /\)/ { inside = 0 } inside && /\.cpp$/ { print "src/model_files/" $1 }' $models)
  [ -n "$readers" ] || fail "expected the room model_readers in $models, found none"
  files="$files $readers"
fi
# Each file is read once; what it includes is looked for where the compiler would.
offences=$(for start in $files; do
  awk -v start="$start" '
    function exists(path,  line, found) {
      found = (getline line <path) > 0
      close(path)
      return found
    }
    function follow(path, way,  line, target, folder, i) {
      if (path in seen) return
      seen[path] = 1
      way = way == "" ? path : way " > " path
      folder = path
      sub(/[^\/]*$/, "", folder)
      while ((getline line <path) > 0) lines[path, ++count[path]] = line
      close(path)
      for (i = 1; i <= count[path]; ++i) {
        line = lines[path, i]
        if (line !~ /^[ \t]*#[ \t]*include/ || !match(line, /["<][^">]*[">]/)) continue
        target = substr(line, RSTART + 1, RLENGTH - 2)
        if (target ~ /^(torch|ATen|c10|caffe2)\//) print way ": a header of LibTorch arrives: " target
        else if (exists(folder target)) follow(folder target, way)
        else if (exists("src/" target)) follow("src/" target, way)
        else if (exists("include/" target)) follow("include/" target, way)
        else if (exists(target)) follow(target, way)
      }
    }
    BEGIN { follow(start, "") }'
done)
verdict
