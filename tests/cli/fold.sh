# Folding a short run: the file, what is printed about it, and what is refused.
. "$(dirname "$0")/check.sh"

run 0 train --limit-steps 60 --out first
before=$(cksum first/*)
run 0 fold first -o folded.pt
contains stdout '^features.0 +features.1 +[0-9.]+ +[0-9.e-]+ +[0-9.e-]+$'
contains stdout '^features.4 +features.5 +[0-9.]+ +[0-9.e-]+ +[0-9.e-]+$'
contains stdout '^classifier.1 +classifier.2 +[0-9.]+ +[0-9.e-]+ +[0-9.e-]+$'
contains stdout '^digits: [0-9.]+ % right as trained, [0-9.]+ % folded; [0-9]+ of 2000 predictions differ, logits by up to [0-9.e-]+$'
contains stdout '^a pass over 250 pictures: .* as trained, .* folded$'
awk '/^(features|classifier)/ { if (!($4 > 0 && $4 <= $5)) exit 1 }' stdout ||
  fail "expected differences above 0 and not above the bounds"
[ "$before" = "$(cksum first/*)" ] || fail "expected the run to stay as it is"

# The same file again; as accurate as the run says it is.
run 0 fold first -o again.pt --json
cmp -s folded.pt again.pt || fail "expected the same bytes from the same run"
accuracy=$(sed -n 's/.*"test_accuracy": \([0-9.]*\).*/\1/p' first/summary.json)
contains stdout "\"test_accuracy\": $accuracy,"
folded=$(sed -n 's/.*"folded_test_accuracy": \([0-9.]*\).*/\1/p' stdout)
awk "BEGIN { d = $accuracy - $folded; exit !(d < 0.002 && d > -0.002) }" ||
  fail "expected an accuracy near $accuracy, found $folded"

# The folded network is that of a run without batch norm: evaluate takes it for one.
cp -r first plain
sed -i 's/"norm": "batch"/"norm": "none"/' plain/config.json
cp folded.pt plain/model.pt
run 0 evaluate plain --json
contains stdout "\"test_accuracy\": $folded,"

fails 2 "evenkeel: plain: expected a run with batch norm to fold, found norm none" fold plain -o x.pt
fails 2 "evenkeel: first/model.pt: expected another file, found one that a run keeps" \
  fold first -o first/model.pt
fails 2 "evenkeel: nowhere: expected the folder of a run, found none" fold nowhere -o x.pt
run 2 fold first -o missing/x.pt
contains stderr '^evenkeel: cannot write missing/x.pt: '
fails 2 "evenkeel: --out is required (evenkeel --help says more)" fold first
[ ! -e x.pt ] || fail "expected no file after an error"
[ -z "$(find . -name '*.tmp')" ] || fail "expected no temporary file"
