#!/bin/sh
# The launcher, with the tools it calls replaced by ones that write down how they were called.
# Usage: launcher_test.sh SOURCE
. "$(dirname "$0")/house.sh"
need flock readlink tee
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
calls=$work/calls

tool() { { echo '#!/bin/sh'; cat; } >"$work/bin/$1" && chmod +x "$work/bin/$1"; }

# A clone in a folder whose name has a space, on a machine that lacks one package.
start() {
  rm -rf "$work/bin" "$work/a clone"
  mkdir -p "$work/bin" "$work/a clone/tests"
  cp "$1/evenkeel" "$work/a clone/evenkeel"
  cp "$1/tests/list_skipped.py" "$work/a clone/tests/list_skipped.py"
  : >"$calls"
  echo libpng-dev >"$work/missing"
  # dpkg-query -W -f FORMAT PACKAGE...
  tool dpkg-query <<TOOL
shift 3
[ "\$*" != libtorch-dev ] || { cat "$work/torch-version"; exit; }
for package; do grep -qx "\$package" "$work/missing" || printf '%s installed;' "\$package"; done
TOOL
  echo 1.13.1-1 >"$work/torch-version"
  tool apt-get <<TOOL
echo "apt-get \$*" >>"$calls"
case "\$*" in *install*) : >"$work/missing" ;; esac
TOOL
  tool id <<TOOL
echo 0
TOOL
  # cmake --preset release -B FOLDER ...
  tool cmake <<TOOL
echo "cmake \$*" >>"$calls"
: >"\$4/build.ninja"
TOOL
  # ninja -C FOLDER -j N TARGET builds a program that says where it is and what it was given, and exits with 7.
  tool ninja <<TOOL
echo "ninja \$5" >>"$calls"
echo "[0/1 0.0] Re-running CMake..."
echo "[1/1 0.5] making \$5"
mkdir -p "\$2/app"
printf '#!/bin/sh\npwd\nfor a; do echo "<\$a>"; done\nexit 7\n' >"\$2/app/evenkeel"
chmod +x "\$2/app/evenkeel"
TOOL
  tool ctest <<TOOL
echo "ctest \$*" >>"$calls"
exit 8
TOOL
}

# launch CODE ARGUMENTS...: runs the launcher in $work and expects the exit code.
launch() {
  code=$1
  shift
  status=0
  (cd "$work" && PATH="$work/bin:$PATH" "./a clone/evenkeel" "$@" >"$work/out" 2>"$work/err") || status=$?
  [ $status = "$code" ] || fail "expected exit code $code from evenkeel $*, found $status: $(cat "$work/err")"
}
says() { grep -qF -- "$2" "$work/$1" || fail "expected \"$2\" in $1, found: $(cat "$work/$1")"; }
silent() { [ ! -s "$work/err" ] || fail "expected nothing on standard error, found: $(cat "$work/err")"; }
no_calls() { [ ! -s "$calls" ] || fail "expected no tool to be called, found: $(cat "$calls")"; }

unset EVENKEEL_TORCH
start "$1"
launch 0
says out './evenkeel train'
launch 0 --help
launch 0 test --help
says out 'ctest'
no_calls

# The first call sets everything up, the second is silent; arguments, folder and exit code pass through.
launch 7 train 'two words' ''
says out "$work"
says out '<two words>'
says out '<>'
says err 'installing Debian packages: libpng-dev'
says calls 'install -y --no-install-recommends libpng-dev'
says calls 'cmake --preset release'
says calls 'ninja evenkeel_cli'
tool ninja <<TOOL
echo 'ninja: no work to do.'
TOOL
: >"$calls"
launch 7 train
silent
no_calls

launch 8 test -R Name
says calls '--output-on-failure'
says calls '-R Name'

# Another LibTorch starts a fresh build folder.
echo 2.6.0-1 >"$work/torch-version"
: >"$work/a clone/build/debian/stale"
start_of_configure='cmake --preset release'
launch 8 test
says calls "$start_of_configure"
[ ! -e "$work/a clone/build/debian/stale" ] || fail "expected a fresh build folder for another LibTorch"

# What skipped is listed with its reason, of GoogleTest's programs and of CTest's other tests, and fails where it has to.
tool ctest <<TOOL
while [ "\$1" != --test-dir ]; do shift; done
cat >"\$2/test_results/SomeTest.xml" <<XML
<testsuites><testsuite><testcase name="Files" classname="SomeTest"><skipped message="a_test.cpp:7&#x0A;needs torch"/></testcase>
<testcase name="Runs" classname="SomeTest"/></testsuite></testsuites>
XML
cat >"\$2/test_results/ctest.xml" <<XML
<testsuite><testcase name="cli.disk"><skipped/><system-out>skipped: no small disk</system-out></testcase></testsuite>
XML
TOOL
EVENKEEL_SKIPS=list launch 0 test
says out '2 tests skipped:'
says out 'SomeTest.Files: needs torch'
says out 'cli.disk: no small disk'
EVENKEEL_SKIPS=fail launch 1 test
says err 'expected no test to skip'

# Failures: one clear line at the end, and the exit code 1.
tool ninja <<TOOL
echo 'FAILED: something.o'
exit 1
TOOL
launch 1 train
says err 'FAILED: something.o'
says err 'the build failed; the whole log is'
EVENKEEL_TORCH=tensorflow launch 1 train
says err 'expected debian, pip, python or the absolute path of a LibTorch folder, found "tensorflow"'
EVENKEEL_TORCH=$work launch 1 train
says err 'expected a LibTorch folder, found no'

start "$1"
tool id <<TOOL
echo 1000
TOOL
tool sudo <<TOOL
echo "sudo \$*" >>"$calls"
exec "\$@"
TOOL
echo libpng-dev python3-torch | tr ' ' '\n' >"$work/missing"
launch 7 train
says calls 'sudo env DEBIAN_FRONTEND=noninteractive apt-get'
says calls 'recommends libpng-dev'
echo python3-torch >"$work/missing"
launch 8 test
says err 'python3-torch'
tool apt-get <<TOOL
echo 'no route to host'
exit 100
TOOL
echo libpng-dev >"$work/missing"
launch 1 train
says err 'no route to host'
says err 'installing packages failed; the whole log is'
