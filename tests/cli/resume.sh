# Killed, interrupted and resumed, a run ends in the same bits as one that was never stopped.
. "$(dirname "$0")/check.sh"

options="--limit-steps 230 --checkpoint-every 20 --threads 2"
run 0 train $options --out whole

"$evenkeel" train $options --out stopped >stdout 2>stderr &
process=$!
wait_for stopped/checkpoint.pt $process
kill -9 $process
wait $process
[ ! -e stopped/summary.json ] || fail "expected the run killed in the middle, found it finished"

fails 2 "evenkeel: --seed: expected 1, as the run was started with, found 2" train --resume stopped --seed 2
fails 2 "evenkeel: --norm: expected batch, as the run was started with, found none" train --resume stopped --norm none
fails 2 "evenkeel: --compare: expected none, as the run was started without, found it" train --resume stopped --compare
fails 2 "evenkeel: stopped/model.pt: expected a file, found nothing of that name" evaluate stopped

# Pictures can be compared with what a run has trained so far.
run 0 inspect stopped --data digits
contains stdout '^test accuracy with running statistics [0-9.]+ %'
contains stdout 'features\.1 +20 '

# Begun by another LibTorch, it goes on with a warning.
cp -r stopped other
sed -i 's/"libtorch": ".*"/"libtorch": "0.4.1"/' other/config.json
run 0 train --resume other
contains stderr '^evenkeel: other: begun by Evenkeel [0-9.]+ with LibTorch 0\.4\.1, this is Evenkeel '

# Ctrl-C, once as SIGINT and once as SIGTERM. A background job of a script ignores SIGINT unless told otherwise.
for signal in INT:130 TERM:143; do
  cp stopped/checkpoint.pt good.pt
  env --default-signal=INT "$evenkeel" train --resume stopped >stdout 2>stderr &
  process=$!
  # A new checkpoint shows that it trains.
  while cmp -s good.pt stopped/checkpoint.pt; do
    kill -0 $process 2>/dev/null || fail "expected the run to go on, found its end"
    sleep 0.05
  done
  kill -"${signal%:*}" $process
  wait $process
  code=$?
  [ "$code" -eq "${signal#*:}" ] || fail "SIG$signal: found exit code $code"
  contains stderr '^evenkeel: stopped, the checkpoint is kept; go on with: evenkeel train --resume stopped$'
done

run 0 train --resume stopped
grep -q 'begun by' stderr && fail "expected no warning about versions"
cmp -s whole/model.pt stopped/model.pt || fail "expected the same model as without stopping"
sed 's/,"seconds".*//' whole/metrics.jsonl >expected
sed 's/,"seconds".*//' stopped/metrics.jsonl | cmp -s expected - || fail "expected the same metrics as without stopping"
