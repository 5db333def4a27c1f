# inspect: a run of this program, with pictures too, and a file of Python's with a defect of each severity.
. "$(dirname "$0")/check.sh"

fails 2 "evenkeel: none.pt: expected a file, found nothing of that name" inspect none.pt

run 0 train --limit-steps 100 --out first
run 0 inspect first
contains stdout '^first/model.pt: state dict$'
contains stdout '^features\.1 +20 +100 .* ok$'
contains stdout '^3 batch-norm layers: 0 errors, 0 warnings, 0 notes$'
[ "$(awk 'length > 100' stdout | wc -l)" -eq 0 ] || fail "expected lines of at most 100 columns"

run 0 inspect first --json
contains stdout '"errors": 0,'
contains stdout '"name": "classifier.2",'

# What evaluate says about the run, and that the other two statistics do as well on the same pictures.
accuracy=$(sed -n 's/.*"test_accuracy": \([0-9.]*\).*/\1/p' first/summary.json)
run 0 inspect first --data digits --html page.html
shown=$(sed -n 's/^test accuracy with running statistics \([0-9.]*\) %.*/\1/p' stdout)
awk "BEGIN { exit !(100 * $accuracy - $shown < 0.006 && $shown - 100 * $accuracy < 0.006) }" ||
  fail "expected the accuracy of the run, $accuracy, found $shown %"
awk '/^test accuracy/ { gsub(/[^0-9. ]/, ""); for (i = 1; i <= NF; ++i) if ($i < 80) exit 1 }' stdout ||
  fail "expected all accuracies above 80 %"
contains page.html '<svg viewBox="0 0 20 10"'
contains page.html 'Accuracy with running statistics'
contains page.html '<h1>model.pt: state dict</h1>'

run 2 inspect first --data cats
contains stderr "^evenkeel: .*expected a data set, one of digits, mnist:DIR and cifar10:DIR, found \"cats\""

python=${EVENKEEL_PYTHON:-python3}
"$python" -c 'import torch' 2>/dev/null || skip "the rest needs a Python that imports torch"
"$python" - <<'PYTHON'
import torch

def layer(name, counter):
    values = torch.arange(1, 5) / 4
    return {f"{name}.weight": values.clone(), f"{name}.bias": values - 0.5, f"{name}.running_mean": values * 3,
            f"{name}.running_var": values.clone(), f"{name}.num_batches_tracked": torch.tensor(counter)}

state = {**layer("stem", 1000), **layer("block.0.norm", 1000), **layer("block.1.norm", 1000), **layer("head", 10)}
state["block.0.norm.running_var"][1] = float("nan")
state["block.1.norm.weight"][0] = 0
state["block.1.norm.running_var"][2:] = 0
state["head.running_var"] += 0.5  # more than what ten batches leave of the first variance
state["fc.weight"] = torch.ones(2, 4)
torch.save(state, "model.pt")
healthy = {**layer("a", 1000), **layer("b", 1000)}
for values in healthy.values():
    values[()] = values.abs()
torch.save({"model": healthy, "ema": {"module": state}}, "two.pt")
PYTHON
run 1 inspect model.pt
cmp -s stdout "$here/golden/inspect_table.txt" || fail "the table differs from golden/inspect_table.txt"
run 1 inspect model.pt --json
contains stdout '"defect": "constant-input",'
contains stdout '"schema_version": 1,'
"$python" -m json.tool stdout >/dev/null || fail "expected JSON"
run 1 inspect model.pt --json found.json
contains stdout '^4 batch-norm layers'
contains found.json '"defect": "not-finite",'

# Of several models in a file each one is looked at, under its entry's name; one can be chosen.
run 1 inspect two.pt
contains stdout '^error +ema\.module\.block\.0\.norm: running_var is NaN or Inf: channel 1$'
contains stdout '^model\.a '
run 0 inspect two.pt --entry model --strict
run 1 inspect two.pt --entry ema
run 2 inspect two.pt --entry other
contains stderr 'two.pt: expected tensors in the entry "other", found none$'

# What the file does not say is assumed and said.
run 1 inspect model.pt --eps 1e-3 --momentum 0
contains stdout 'running_var below eps 0.001,'
if grep -q 'young\|assumed' stdout; then fail "expected neither with --eps and --momentum"; fi
run 2 inspect model.pt --momentum 2

# A part that cannot be read does not pass.
"$python" -c "import torch; s = torch.load('two.pt')['model']; del s['a.running_var']; torch.save(s, 'part.pt')"
run 1 inspect part.pt
contains stdout '^error +a: running_var: expected floating-point numbers, found nothing of that name$'

# Warnings alone are no failure, unless they are asked to be.
"$python" -c "import torch; s = torch.load('model.pt'); s['block.0.norm.running_var'][1] = 1; torch.save(s, 'model.pt')"
run 0 inspect model.pt
run 1 inspect model.pt --strict
