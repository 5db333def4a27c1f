# evenkeel bench: tables, JSON and a page; nothing here looks at how long anything took.
. "$(dirname "$0")/check.sh"

run 0 bench --quick --rounds 1 --threads 1 --shapes 4x20x5x5 8x33 --json kernels.json --html kernels.html
[ ! -s stderr ] || fail "expected nothing on standard error"
for name in processor threads Evenkeel LibTorch oneDNN; do contains stdout "^$name +[^ ]"; done
for operation in "training forward" "training backward" evaluation; do
  for relu in "" ' \+ ReLU'; do
    for layout in "channels first" "channels last" '\(N, C\)'; do contains stdout "^$operation$relu, $layout\$"; done
  done
done
contains stdout '^  4x20x5x5 +[0-9.]+ (us|ms|s) +0 % +[0-9.]+ +[0-9.]+x +[0-9.]+x'
contains kernels.json '"peer": "pytorch_fresh"'
contains kernels.json '"geometric_means"'
contains kernels.html '<svg class="plot"'
contains kernels.html '<th scope="row">4x20x5x5</th>'
tail -n 1 kernels.html | grep -q '</html>' || fail "expected a whole page"

run 0 bench --steps --quick --rounds 1 --filter digit --json steps.json --html steps.html
contains stdout '^  digit network +PyTorch +[0-9.]+ (us|ms|s) +0 % +1.00x'
contains stdout '^  digit network +Evenkeel +[0-9.]+ (us|ms|s) +0 % +[0-9.]+x'
contains stdout '^  digit network +Evenkeel, fused +[0-9.]+ (us|ms|s) +0 % +[0-9.]+x'
contains stdout '^  relu\(norm\(x\)\) +Evenkeel +16.8 MB'
contains steps.json '"first_losses"'
contains steps.json '"peak_bytes"'
contains steps.html '<svg class="plot"'

run 0 bench --quick --rounds 1 --shapes 8x33 --filter evaluation
if grep -q training stdout; then fail "expected the evaluation alone"; fi
