#!/usr/bin/env bash
# packaging/install.sh against a make-believe apt: what is installed, known and asked for is what each case says.
set -uo pipefail
script=$(cd "$(dirname "$0")/../.." && pwd)/packaging/install.sh
at=$(mktemp -d)
trap 'rm -rf "$at"' EXIT
mkdir "$at/bin"
failures=0

# The stand-ins read $at/installed, $at/known and $at/removes ('package: a line of apt's plan' when it is among those to
# install), and write what was done to $at/calls.
cat >"$at/bin/dpkg-query" <<STUB
#!/bin/bash
shift 3
for p; do grep -qx "\$p" "$at/installed" && echo "installed=\$p"; done
exit 1
STUB
cat >"$at/bin/apt-cache" <<STUB
#!/bin/bash
grep -qx "\$2" "$at/known" && printf '%s:\n  Installed: (none)\n  Candidate: 1.0\n' "\$2"
STUB
cat >"$at/bin/apt-get" <<STUB
#!/bin/bash
case " \$* " in
  *' -s '*)
    for p; do sed -n "s/^\$p: //p" "$at/removes"; done
    exit 0 ;;
esac
echo "apt-get \$*" >>"$at/calls"
STUB
cat >"$at/bin/sudo" <<STUB
#!/bin/bash
echo "sudo" >>"$at/calls"
echo "(sudo asks)"
exec "\$@"
STUB
printf '#!/bin/bash\necho "${FAKE_UID:-0}"\n' >"$at/bin/id"
chmod +x "$at"/bin/*

# case_of NAME LIST INSTALLED KNOWN REMOVES: runs the script; sets output, status, calls.
case_of() {
  name=$1
  printf '%b' "$2" >"$at/list"
  printf '%b' "$3" >"$at/installed"
  printf '%b' "$4" >"$at/known"
  printf '%b' "$5" >"$at/removes"
  : >"$at/calls"
  output=$(PATH="$at/bin:$PATH" "$script" "$at/list" 2>&1)
  status=$?
  calls=$(cat "$at/calls")
}
expect() {
  if ! eval "$1"; then
    printf 'FAILED (%s): %s\n  status %s\n  output: %s\n  calls: %s\n' "$name" "$1" "$status" "$output" "$calls"
    failures=$((failures + 1))
  fi
}

FAKE_UID=1000; export FAKE_UID
case_of "all there" '# list\na\nb | c\n? d\n' 'a\nc\nd\n' '' ''
expect '[ $status -eq 0 ] && [ -z "$output" ] && [ -z "$calls" ]'

case_of "missing, as a user" 'a\nb\n' 'a\n' 'b\n' ''
expect '[ $status -eq 0 ]'
expect '[[ $output == "Packages to install: b"*"(sudo asks)"* ]]'
expect '[[ $calls == sudo*"apt-get install"*" b" ]]'
expect '[[ $calls == *"DPkg::Lock::Timeout=600"* ]]'
expect '[[ $calls == *--no-install-recommends* ]]'

case_of "apt would remove" 'b\n' '' 'b\n' 'b: Inst b (1.0)\nb: Remv pipewire-pulse [0.3]\n'
expect '[ $status -ne 0 ] && [ -z "$calls" ]'
expect '[[ $output == *"apt would remove pipewire-pulse"* ]]'

case_of "first known alternative" 'x | b\n' '' 'b\n' ''
expect '[ $status -eq 0 ] && [[ $calls == *" b" ]]'

case_of "unknown to apt" 'nowhere\n' '' '' ''
expect '[ $status -ne 0 ] && [[ $output == *"apt does not know: nowhere"* ]]'
expect '[[ $calls != *" install "* ]]'

case_of "wished for and unknown" '? nowhere\n' '' '' ''
expect '[ $status -eq 0 ] && [[ $output == *"Left out"*nowhere* ]]'
# What it is about is said before anybody is asked for a password.
expect '[[ $output == "Packages wished for: nowhere"*"(sudo asks)"* ]]'

case_of "one of those wished for would remove something" '? b\n? c\n? d\n' '' 'b\nc\nd\n' 'c: Remv a [1]\n'
expect '[ $status -eq 0 ] && [[ $calls == *" b d" ]] && [[ $output == *"Left out"*": c" ]]'

case_of "wished for, but apt would remove" '? b\n' '' 'b\n' 'b: Remv a [1]\n'
expect '[ $status -eq 0 ] && [[ $calls != *" install "* ]] && [[ $output == *"Left out"* ]]'

FAKE_UID=0
case_of "missing, as root" 'b\n' '' 'b\n' ''
expect '[ $status -eq 0 ] && [[ $calls != *sudo* ]] && [[ $calls == *install* ]]'

[ "$failures" -eq 0 ] && echo "install.sh: all cases hold"
exit "$failures"
