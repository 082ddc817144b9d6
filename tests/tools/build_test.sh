#!/usr/bin/env bash
# tools/build with a make-believe ninja: the time that is left is told, silence when there is nothing to do, and what
# failed is shown.
set -uo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
at=$(mktemp -d)
trap 'rm -rf "$at"' EXIT
mkdir -p "$at/tree/tools" "$at/bin" "$at/tree/build/release"
cp "$root/tools/build" "$at/tree/tools/"
touch "$at/tree/build/release/build.ninja"
failures=0

# case_of NAME LINES [STATUS]: what ninja prints, and how it ends.
case_of() {
  name=$1
  printf '#!/bin/bash\nprintf %%b %q\nexit %d\n' "$2" "${3:-0}" >"$at/bin/ninja"
  chmod +x "$at/bin/ninja"
  output=$(PATH="$at/bin:$PATH" "$at/tree/tools/build" release tactus 2>&1)
  status=$?
}
expect() {
  if ! eval "$1"; then
    printf 'FAILED (%s): %s\n  status %s\n  output: %s\n' "$name" "$1" "$status" "$output"
    failures=$((failures + 1))
  fi
}

case_of "nothing to do" 'ninja: no work to do.\n'
expect '[ $status -eq 0 ] && [ -z "$output" ]'

case_of "a long build" '@ 2 100 20.5 a.cpp\n@ 10 100 50.1 b.cpp\n@ 50 100 100.0 c.cpp\n@ 100 100 180.9 d.cpp\n'
expect '[ $status -eq 0 ]'
expect '[[ $output == *"2 of 100, working out the time left"* ]]'
expect '[[ $output == *"10 of 100, about 8 min left"* ]]'
expect '[[ $output == *"50 of 100, about 2 min left"* ]]'
expect '[[ $output == *"100 of 100, about 0 s left"* ]]'
expect '[[ $output == *"Compiled for 180 s (release)."* ]]'
expect '[[ $output != *.cpp* ]]'

case_of "an error" '@ 3 9 1.0 a.cpp\nFAILED: b.o\nb.cpp:1: error: no such thing\n' 1
expect '[ $status -eq 1 ]'
expect '[[ $output == *"The build failed"*"build/release/build.log"*"b.cpp:1: error: no such thing"* ]]'

[ "$failures" -eq 0 ] && echo "tools/build: all cases hold"
exit "$failures"
