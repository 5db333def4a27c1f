# A training step allocates nothing that the process did not have before: page faults do not grow with the steps.
. "$(dirname "$0")/check.sh"
command -v python3 >/dev/null || skip "needs python3 to count page faults"

faults() {
  python3 - "$evenkeel" "$1" <<'PYTHON'
import resource, subprocess, sys
program, steps = sys.argv[1:]
subprocess.run([program, "train", "--threads", "1", "--limit-steps", steps, "--checkpoint-every", "1000000", "--out", steps],
               check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_minflt)
PYTHON
}

few=$(faults 20) || fail "expected 20 steps of training to succeed"
many=$(faults 80) || fail "expected 80 steps of training to succeed"
# glibc's defaults: about 2700 for each step.
[ $((many - few)) -lt $((60 * 100)) ] || fail "expected fewer than 100 page faults a step, found $(((many - few) / 60))"
