# Runs with other norms: what can be done with them, and what is refused in one line.
. "$(dirname "$0")/check.sh"

for norm in group whiten; do
  run 0 train --norm $norm --limit-steps 5 --out $norm
  accuracy=$(sed -n 's/.*"test_accuracy": \([0-9.]*\).*/\1/p' $norm/summary.json)
  run 0 evaluate $norm --json
  contains stdout "\"test_accuracy\": $accuracy,"
  fails 2 "evenkeel: $norm: expected a run with batch norm to fold, found norm $norm" fold $norm -o x.pt
  fails 2 "evenkeel: $norm: expected a run with batch norm to calibrate, found norm $norm" calibrate $norm
  fails 2 "evenkeel: $norm: expected a run with batch norm to inspect with pictures, found norm $norm" \
    inspect $norm --data digits
  run 0 inspect $norm
done
contains whiten/report.html 'Digit recognition with batch whitening'

# Batch renormalization is a batch norm once it is trained.
run 0 train --norm renorm --limit-steps 60 --out renorm
run 0 fold renorm -o folded.pt
run 0 evaluate renorm --model folded.pt
run 0 calibrate renorm --batches 2
run 0 evaluate renorm --model renorm/calibrated.pt
run 0 inspect renorm --data digits
[ ! -e x.pt ] || fail "expected no file after an error"
