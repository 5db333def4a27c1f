# A short training of ResNet-9 on files like those of CIFAR-10: what it prints, what the other commands say about it.
. "$(dirname "$0")/check.sh"

# records FILE COUNT: COUNT records with labels 0 to 9 in turn. The pixels are noise; a label decides how bright its noise is.
records() {
  i=0
  while [ $i -lt "$2" ]; do
    label=$((i % 10))
    printf "\\$(printf %03o $label)"
    head -c 3072 /dev/zero | tr '\000' "\\$(printf %03o $((20 * label + 30)))"
    i=$((i + 1))
  done >"$1"
}
mkdir pictures
for number in 1 2 3 4 5; do records pictures/data_batch_$number.bin 20; done
records pictures/test_batch.bin 20

options="--model resnet9 --data cifar10:pictures --width 2 --batch-size 20 --epochs 2 --threads 1"
run 0 train $options --out run
contains stdout '^norm batch: test accuracy [0-9.]+ % after 2 epochs and [0-9.]+ s, in run$'
contains run/config.json '"model": "resnet9"'
contains run/config.json '"width": 2'
contains run/config.json '"momentum": 0.9'
contains run/config.json '"schedule": "peak"'
contains run/report.html 'ResNet-9, width 2'

# Killed or stopped in the middle is tested in resume.sh; here, that a limit of steps and another seed do what they say.
run 0 train $options --out again
cmp -s run/model.pt again/model.pt || fail "expected the same model from the same seed"
run 0 train $options --seed 2 --limit-pictures 40 --out other
cmp -s run/model.pt other/model.pt && fail "expected another model from another seed and fewer pictures"
contains other/metrics.jsonl '"step":4,'

run 0 evaluate run
contains stdout '^cifar10:.*/pictures: [0-9.]+ % right, [0-9]+ of 20 wrong$'
contains stdout '^   true 0 .* airplane$'
contains stdout '^ +9 .* truck$'
run 0 evaluate run --json
contains stdout '"frog"'
run 0 calibrate run --batch-size 20
contains stdout '^residual3\.norm2 +16 '
run 0 evaluate run --model run/calibrated.pt
run 0 inspect run --data cifar10:pictures --json
contains stdout '"residual1.norm1"'
run 0 fold run -o folded.pt
contains stdout '^residual1\.conv2 +residual1\.norm2 '
contains stdout ' 0 of 20 predictions differ'
run 0 evaluate run --model folded.pt
run 0 train $options --compare --limit-steps 2 --out both
contains stdout '^norm none: test accuracy '

data=$PWD/pictures
fails 2 "evenkeel: digits: expected pictures of 3 x 32 x 32 for the model resnet9, found 1 x 28 x 28" \
  train --model resnet9 --out wrong
fails 2 "evenkeel: cifar10:$data: expected pictures of 1 x 28 x 28 for the model digits, found 3 x 32 x 32" \
  train --data cifar10:pictures --out wrong
fails 2 "evenkeel: digits: expected pictures of 3 x 32 x 32 for the model resnet9, found 1 x 28 x 28" \
  evaluate run --data digits
fails 2 "evenkeel: --width: expected --model resnet9 with it, found digits" train --width 8 --out wrong
fails 2 "evenkeel: --no-augment: expected --model resnet9 with it, found digits" train --no-augment --out wrong
fails 2 "evenkeel: width: expected 1 to 1024, found 0" train --model resnet9 --data cifar10:pictures --width 0
fails 2 "evenkeel: --width: expected 2, as the run was started with, found 4" train --resume run --width 4
fails 2 "evenkeel: --model: expected resnet9, as the run was started with, found digits" \
  train --resume run --model digits
fails 2 "evenkeel: $data/none: expected a folder with the CIFAR-10 files, found nothing of that name" \
  train --model resnet9 --data cifar10:pictures/none
[ ! -e wrong ] || fail "expected no run folder after an error, found one"
