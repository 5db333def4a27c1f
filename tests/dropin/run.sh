#!/bin/sh
# run.sh VERSION LIBRARY SCRIPT ARGUMENTS...: runs a script of this folder with the Python that has the LibTorch of
# this VERSION, python3 or the one in EVENKEEL_PYTHON.
set -eu
version=$1
library=$2
script=$3
shift 3
python=${EVENKEEL_PYTHON:-python3}
found=$("$python" -c 'import torch; print(torch.__version__)' 2>/dev/null) || found=none
case $found in
  "$version"*) ;;
  *)
    echo "skipped: needs a Python with PyTorch $version, python3 or the one in EVENKEEL_PYTHON; found: $found"
    exit 77 ;;
esac
exec "$python" "$(dirname "$0")/$script" "$library" "$@"
