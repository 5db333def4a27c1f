# What goes wrong is one line and exit code 2: wrong use, and what cannot be read or done.
. "$(dirname "$0")/check.sh"

more="(evenkeel --help says more)"
fails 2 "evenkeel: A subcommand is required $more"
fails 2 "evenkeel: The following argument was not expected: --colour $more" train --colour
fails 2 "evenkeel: --norm: cats not in {batch,torch,none,group,layer,instance,renorm,ghost,whiten,detached} $more" \
  train --norm cats
fails 2 "evenkeel: --out excludes --resume $more" train --out a --resume b
fails 2 "evenkeel: RUN is required $more" evaluate
fails 2 "evenkeel: --steps excludes --shapes $more" bench --steps --shapes 8x8

fails 2 "evenkeel: epochs: expected 1 to 1000000000, found 0" train --epochs 0
fails 2 "evenkeel: batch size: expected 2 to 1000000000, found 1" train --batch-size 1
fails 2 "evenkeel: learning rate: expected a number above 0, found -1" train --lr -1
fails 2 "evenkeel: threads: expected 1 to 4096, found 0" train --threads 0
fails 2 "evenkeel: compare: expected a run with batch norm to compare, found norm none" train --compare --norm none
run 2 train --data cats
contains stderr '^evenkeel: .*expected.*cats'
[ ! -e runs ] || fail "expected no run folder after an error, found one"

fails 2 "evenkeel: nowhere: expected the folder of a run, found none" train --resume nowhere
fails 2 "evenkeel: nowhere: expected the folder of a run, found none" evaluate nowhere
mkdir empty
fails 2 "evenkeel: empty: expected the folder of a run, found one without config.json" evaluate empty
mkdir full
echo precious >full/file
fails 2 "evenkeel: full: expected a new or empty folder for the run, found one with something in it" train --out full

fails 2 "evenkeel: shapes: expected NxC or NxCxHxW with more than one value per channel, as in 32x64x56x56, found 8x" \
  bench --shapes 8x
fails 2 "evenkeel: filter: expected a part of an operation's or a layout's name, as \"backward\" or \"channels last\",\
 found \"sideways\", which leaves nothing to measure" bench --filter sideways
fails 2 "evenkeel: filter: expected a part of a network's name, as \"ResNet\", found \"backward\", which leaves nothing\
 to measure" bench --steps --filter backward
