#!/bin/sh
# Includes point one way: files, kernels <- libtorch <- model_files <- {dropin, statistics, sync, fold} <- data, models <- training
# <- runs <- {lab, bench} <- app, and a public header includes public headers alone. Usage: includes_test.sh SOURCE
. "$(dirname "$0")/house.sh"
need awk find sort
cd "$1"

folders="include src"
for folder in app bench tests; do [ ! -d $folder ] || folders="$folders $folder"; done
files=$(cpp_files $folders)
offences=$(awk '
  # The floor a path belongs to. A public header belongs to the floor that implements it.
  function floor_of(path) {
    if (path ~ /^(include\/)?evenkeel\/kernels(\.h$|\/)/ || path ~ /^(src\/)?kernels\//) return "kernels"
    if (path ~ /^(include\/)?evenkeel\/evenkeel\.h$/) return "all"
    if (path ~ /^(include\/)?evenkeel\/torch_kernels\.h$/) return "dropin"
    if (path ~ /^(include\/)?evenkeel\/fold\.h$/) return "fold"
    if (path ~ /^(include\/)?evenkeel\/(conventions|inspect|state_dict)\.h$/) return "model_files"
    if (path ~ /^(include\/)?evenkeel\/(channel_moments|population_statistics|running_statistics)\.h$/) return "statistics"
    if (path ~ /^(include\/)?evenkeel\//) return "libtorch"
    sub(/^src\//, "", path)
    sub(/\/.*/, "", path)
    return path
  }
  BEGIN {
    level["files"] = level["kernels"] = 1
    level["libtorch"] = 2
    level["model_files"] = 3
    level["dropin"] = level["statistics"] = level["sync"] = level["fold"] = 4
    level["all"] = 5
    level["data"] = level["report"] = 6
    level["models"] = 7
    level["training"] = 8
    level["runs"] = 9
    level["lab"] = level["bench"] = 10
    level["app"] = 11
    level["tests"] = 12
  }
  function offence(why) { print FILENAME ":" FNR ": " why ": " $0 }
  /^[ \t]*#[ \t]*include/ {
    match($0, /["<][^">]*[">]/)
    target = substr($0, RSTART + 1, RLENGTH - 2)
    quoted = substr($0, RSTART, 1) == "\""
    public = FILENAME ~ /^include\//
    from = floor_of(FILENAME)
    if (!(from in level)) { offence("a folder with no place in the order"); next }
    if (from == "kernels" && target ~ /^(torch|ATen|c10|caffe2)\//) offence("the kernels know no LibTorch")
    if (public && target ~ /^hwy\//) offence("a public header shows no Highway")
    if (!quoted) next
    if (public && target !~ /^evenkeel\//) { offence("a public header includes public headers alone"); next }
    to = floor_of(target)
    if (!(to in level)) next
    if (level[to] > level[from] || (level[to] == level[from] && to != from)) offence(from " may not include " to)
  }' $files)
verdict
