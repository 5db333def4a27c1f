# Exact statistics for a short run: what it prints, what it leaves, what evaluate says about it.
. "$(dirname "$0")/check.sh"

run 0 train --limit-steps 60 --out run
before=$(cksum run/*)
run 0 calibrate run --batches 4
contains stdout '^statistics of 1000 pictures of digits in 4 batches$'
contains stdout '^features\.1 +20 +[0-9.]+ std +[0-9.]+$'
contains stdout '^classifier\.2 +500 +[0-9.]+ std +[0-9.]+$'
contains stdout '^test accuracy before [0-9.]+ %, after [0-9.]+ %$'
contains stdout '^(no difference|the difference, [-+][0-9.]+ points, is (within|more than) the noise of 2000 pictures, ±[0-9.]+)$'
after=$(sed -n 's/.* after \([0-9.]*\) %/\1/p' stdout)
run 0 evaluate run --model run/calibrated.pt
contains stdout "^digits: $after % right"
mv run/calibrated.pt calibrated.pt
[ "$before" = "$(cksum run/*)" ] || fail "expected the run to stay as it is"

# The same statistics from other batches: the same network up to rounding, and to the bit when repeated.
run 0 calibrate run --batch-size 500 --batches 2 --out other.pt --json
contains stdout '"pictures": 1000,'
contains stdout '"model": "other.pt"'
contains stdout '"noise": [0-9.]+'
run 0 calibrate run --batches 4 --out again.pt
cmp -s again.pt calibrated.pt || fail "expected the same bits from the same statistics"

fails 2 "evenkeel: run/model.pt: expected another file, found one that a run keeps" calibrate run --out run/model.pt
fails 2 "evenkeel: batches: expected 0 to 48 of 250 pictures, found 99" calibrate run --batches 99
fails 2 "evenkeel: nowhere: expected the folder of a run, found none" calibrate nowhere
run 0 train --norm none --limit-steps 2 --out none
fails 2 "evenkeel: none: expected a run with batch norm to calibrate, found norm none" calibrate none
