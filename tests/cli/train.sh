# A short training on the built-in digits: what it prints, what it leaves, what evaluate says about it.
. "$(dirname "$0")/check.sh"

run 0 train --limit-steps 100 --out first
contains stdout '^norm batch: test accuracy [0-9.]+ % after 1 epoch and [0-9.]+ s, in first$'
contains stdout '^report: first/report.html$'
contains stderr '^run folder: first$'
contains stderr '^batch  epoch 1/1  loss [0-9.]+  accuracy [0-9.]+ %  [0-9]+ pictures/s  test accuracy [0-9.]+ %$'
for file in config.json metrics.jsonl summary.json evaluation.json model.pt report.html checkpoint.pt; do
  [ -s "first/$file" ] || fail "expected first/$file, found none"
done
[ -z "$(find first -name '*.tmp')" ] || fail "expected no temporary file in the run folder"
accuracy=$(sed -n 's/.*"test_accuracy": \([0-9.]*\).*/\1/p' first/summary.json)
awk "BEGIN { exit !($accuracy > 0.8) }" || fail "expected a test accuracy above 0.8 after 100 steps, found $accuracy"

# The same again: the same bits.
run 0 train --limit-steps 100 --out again
cmp -s first/model.pt again/model.pt || fail "expected the same model from the same seed"

run 0 evaluate first
contains stdout '^digits: [0-9.]+ % right, [0-9]+ of 2000 wrong$'
total=$(awk 'NR > 3 { for (i = NF - 9; i <= NF; ++i) sum += $i } END { print sum }' stdout)
[ "$total" -eq 2000 ] || fail "expected 2000 pictures in the confusion matrix, found $total"
run 0 evaluate first --json
contains stdout "\"test_accuracy\": $accuracy,"

# --json alone, before or behind the run; with a file beside the table; never over something else.
mv stdout alone.json
run 0 evaluate --json first
cmp -s alone.json stdout || fail "expected the same from --json first"
run 0 evaluate first --json figures.json
contains stdout '^digits: [0-9.]+ % right'
cmp -s alone.json figures.json || fail "expected the same in the file"
contains figures.json '"schema_version": 1,'
contains figures.json '"evenkeel": "[0-9.]+",'
contains figures.json '"libtorch": "[0-9.]+",'
run 0 evaluate first --json figures.json
fails 2 "evenkeel: --json: expected a new file or one of JSON, found first/model.pt (evenkeel --help says more)" \
  evaluate first --json first/model.pt
fails 2 "evenkeel: RUN is required (evenkeel --help says more)" evaluate --json

# A finished run is left alone.
before=$(cksum first/*)
run 0 train --resume first
contains stdout 'the run is finished, there is nothing to resume'
[ "$before" = "$(cksum first/*)" ] || fail "expected a finished run to stay as it is"

# A damaged model is one line.
head -c 1000 first/model.pt >cut && mv cut first/model.pt
run 2 evaluate first
[ "$(wc -l <stderr)" -eq 1 ] || fail "expected one line on standard error"
contains stderr '^evenkeel: first/model.pt: expected a zip archive'
