# The laboratory: claims by name, what a run leaves, going on, stopping, and what is refused.
. "$(dirname "$0")/check.sh"

run 0 lab list
[ "$(grep -cE '^ ?[0-9]+  [a-z0-9-]+ ' stdout)" -eq 27 ] || fail "expected 27 claims"

run 0 lab run bias-is-redundant scale-invariance --seeds 2 --out lab
contains stdout '^ 1  holds +A bias before batch norm is redundant$'
contains stdout '^      error of the output at ε = 0 < 1e-12: .*\(.* to .*\)$'
contains stdout '^page: lab/index.html$'
contains lab/scale-invariance/result.json '"verdict": "holds"'
contains lab/index.html 'The scale of the weights does not matter'
[ -s lab/scale-invariance/errors.svg ] || fail "expected a picture"

# Seeds that are there are not measured again, and one more is.
before=$(cksum lab/*/seed-*.json)
run 0 lab run bias-is-redundant scale-invariance --seeds 2 --out lab
[ "$before" = "$(cksum lab/*/seed-*.json)" ] || fail "expected the seeds to stay"
run 0 lab run bias-is-redundant --seeds 3 --out lab
[ -s lab/bias-is-redundant/seed-3.json ] || fail "expected a third seed"

# Stopped by Ctrl-C, and gone on with.
"$evenkeel" lab run can-restore-the-identity figure-1 --out stopped --jobs 1 >stdout 2>stderr </dev/null &
process=$!
wait_for stopped/can-restore-the-identity/result.json $process
kill -TERM $process
wait $process
[ $? -eq 143 ] || fail "expected exit code 143"
contains stderr 'give the same command again to go on'
[ -s stopped/can-restore-the-identity/seed-1.json ] || fail "expected the seed to be kept"
[ ! -e stopped/figure-1/result.json ] || fail "expected no result of what was stopped"

fails 2 'evenkeel: expected the name of a claim (evenkeel lab list has them), found "nothing"' lab run nothing --out lab
fails 2 'evenkeel: lab/lab.json: expected effort "standard", as the folder was begun with, found "quick"' \
  lab run bias-is-redundant --quick --out lab
fails 2 'evenkeel: expected a data set, one of digits, mnist:DIR and cifar10:DIR, found "letters"' \
  lab run bias-is-redundant --data letters --out letters
run 0 lab run resnet-needs-batch-norm --out colour
contains stderr 'resnet-needs-batch-norm is left out: it needs colour pictures, --data cifar10:DIR'
