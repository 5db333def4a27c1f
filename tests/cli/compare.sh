# --compare: two runs and one report; stopped in the first one, it resumes both.
. "$(dirname "$0")/check.sh"

"$evenkeel" train --compare --limit-steps 60 --checkpoint-every 5 --out both >stdout 2>stderr &
process=$!
wait_for both/batch/checkpoint.pt $process
kill -9 $process
wait $process
fails 2 "evenkeel: both: expected one run, found a comparison: both/batch, both/none" evaluate both

run 0 train --resume both --compare
contains stdout '^norm batch: test accuracy .*, in both/batch$'
contains stdout '^norm none: test accuracy .*, in both/none$'
contains both/report.html 'none'
run 0 evaluate both/none
run 0 train --resume both
contains stdout 'the run is finished, there is nothing to resume'
