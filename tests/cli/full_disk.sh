# A full disk is one line, and leaves the last good checkpoint in place.
. "$(dirname "$0")/check.sh"

mkdir disk
# Room for one checkpoint (5 MB) and half a second one.
mount -t tmpfs -o size=8m tmpfs disk 2>/dev/null || skip "needs the right to mount a small tmpfs"
trap 'umount "$folder/disk"; rm -rf "$folder"' EXIT

options="--limit-steps 40 --checkpoint-every 10 --threads 1"
run 0 train $options --out whole
run 2 train $options --out disk/run
[ "$(grep -c '^evenkeel: ' stderr)" -eq 1 ] || fail "expected one line"
contains stderr '^evenkeel: cannot write disk/run/checkpoint.pt: No space left on device$'
[ -z "$(find disk -name '*.tmp')" ] || fail "expected no temporary file left"

mount -o remount,size=64m disk || fail "cannot enlarge the disk"
run 0 train --resume disk/run
cmp -s whole/model.pt disk/run/model.pt || fail "expected the same model as without a full disk"
