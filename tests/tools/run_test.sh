#!/usr/bin/env bash
# ./run beside make-believe packages, build and program: what it calls, in which order, with which words.
set -uo pipefail
run=$(cd "$(dirname "$0")/../.." && pwd)/run
at=$(mktemp -d)
trap 'rm -rf "$at"' EXIT
mkdir -p "$at/packaging" "$at/tools" "$at/build/release/bin" "$at/elsewhere"
cp "$run" "$at/run"
failures=0

stub() {
  printf '#!/bin/bash\necho "%s $*" >>"%s/calls"\nexit "$(cat "%s/%s-status" 2>/dev/null || echo 0)"\n' \
    "$2" "$at" "$at" "$2" >"$at/$1"
  chmod +x "$at/$1"
}
stub packaging/install.sh packages
stub tools/build build
stub build/release/bin/tactus tactus

# calls WORDS...: runs ./run from another folder; sets output, status, calls.
calls() {
  : >"$at/calls"
  output=$(cd "$at/elsewhere" && ../run "$@" 2>&1)
  status=$?
  calls=$(sed "s|$at|HERE|g" "$at/calls")
}
expect() {
  if ! eval "$1"; then
    printf 'FAILED: %s\n  status %s\n  output: %s\n  calls: %s\n' "$1" "$status" "$output" "$calls"
    failures=$((failures + 1))
  fi
}
ready='packages HERE/packaging/apt-run.txt HERE/packaging/apt-build.txt
build release tactus tactus-media tactus-midi'

calls
expect '[ "$status" -eq 0 ] && [ "$calls" = "$ready
tactus start" ]'
calls "my music" --lufs -16
expect '[ "$calls" = "$ready
tactus start my music --lufs -16" ]'
calls --build
expect '[ "$status" -eq 0 ] && [ "$calls" = "$ready" ] && [[ $output == *build/release/bin/tactus ]]'
calls --help
expect '[ "$status" -eq 0 ] && [ -z "$calls" ] && [[ $output == *"./run --build"* ]]'
echo 1 >"$at/packages-status"
calls
expect '[ "$status" -ne 0 ] && [ "$(wc -l <<<"$calls")" -eq 1 ]'
echo 0 >"$at/packages-status"
echo 1 >"$at/build-status"
calls
expect '[ "$status" -ne 0 ] && [[ $calls != *tactus\ start* ]]'

[ "$failures" -eq 0 ] && echo "run: all cases hold"
exit "$failures"
