# The help of every command is what golden/ holds. To take a new one over: evenkeel train --help > golden/train.txt
. "$(dirname "$0")/check.sh"

run 0 --help
cmp -s stdout "$here/golden/evenkeel.txt" || fail "evenkeel --help differs from golden/evenkeel.txt"
for command in train evaluate report calibrate fold inspect lab bench; do
  run 0 $command --help
  cmp -s stdout "$here/golden/$command.txt" || fail "evenkeel $command --help differs from golden/$command.txt"
  [ ! -s stderr ] || fail "expected nothing on standard error"
done
