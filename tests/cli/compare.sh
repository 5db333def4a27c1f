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

# The page again, from what the runs left: without their networks and without the pictures.
rm both/report.html both/*/model.pt both/*/checkpoint.pt
sed -i 's/"data": "digits"/"data": "mnist:\/gone"/' both/*/config.json
run 0 report both
contains stdout '^report: both/report.html$'
contains both/report.html 'Digit recognition with and without batch norm'
run 0 report both/none both/batch -o page.html
contains page.html 'Of the first run, <b>none</b>'
contains page.html 'What was taken for what'
fails 2 "evenkeel: --out: expected a file for the page of several runs, found none" report both/none both/batch
fails 2 "evenkeel: both/none/config.json: expected another file, found one that a run keeps" report both -o both/none/config.json
fails 2 "evenkeel: nowhere: expected the folder of a run, found none" report nowhere
