#!/usr/bin/env bash
# Installs what the given package lists name and this machine lacks; does nothing, and needs no rights, when all is there.
#   packaging/install.sh LIST...          e.g. packaging/apt-run.txt packaging/apt-build.txt
# A list holds one package a line; '#' starts a comment; 'a | b' takes the first that apt knows; '? a' is wished for
# but may be missing. Exit: 0 all needed packages are there, 1 they are not and can't be put there.
# Nothing is ever removed: apt is asked first what it would do, and a removal stops the script.
set -euo pipefail
export LC_ALL=C DEBIAN_FRONTEND=noninteractive

die() { printf '%s\n' "$@" >&2; exit 1; }

if ! command -v dpkg-query >/dev/null; then
  echo "This system has no Debian packages. vcpkg.json and packaging/*.txt name what Tactus needs; going on with what is here."
  exit 0
fi

needed=() wished=()
while read -r line; do
  line=${line%%#*}
  case $line in
    '?'*) wished+=("$(tr -d ' ?' <<<"$line")") ;;
    *[!\ ]*) needed+=("$(tr -d ' ' <<<"$line")") ;;
  esac
done < <(sort -u "$@")

# One query for all: asking dpkg package by package takes seconds.
names=$(printf '%s\n' "${needed[@]}" "${wished[@]:-}" | tr '|' '\n' | sed '/^$/d')
# shellcheck disable=SC2086
installed=" $({ dpkg-query -W -f '${db:Status-Status}=${Package}\n' $names 2>/dev/null || true; } |
  sed -n 's/^installed=//p' | tr '\n' ' ') "
is_installed() { [[ $installed == *" $1 "* ]]; }
any_installed() { local p; for p in ${1//|/ }; do is_installed "$p" && return 0; done; return 1; }
has_candidate() { grep -q '^  Candidate: [^(]' <<<"$(apt-cache policy "$1" 2>/dev/null)"; }

missing=() missing_wished=()
for entry in "${needed[@]}"; do any_installed "$entry" || missing+=("$entry"); done
for entry in "${wished[@]:-}"; do [ -z "$entry" ] || any_installed "$entry" || missing_wished+=("$entry"); done
[ $((${#missing[@]} + ${#missing_wished[@]})) -eq 0 ] && exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then as_root=(sudo); fi
root() {
  if [ ${#as_root[@]} -gt 0 ] && ! command -v sudo >/dev/null; then
    die "This needs an administrator's rights, and there is no sudo. As root, run:" "  $*"
  fi
  ${as_root[@]+"${as_root[@]}"} env DEBIAN_FRONTEND=noninteractive "$@"
}

# Sets `chosen` to a package that apt can install for each entry, and `unknown` to the entries without one.
choose() {
  chosen=() unknown=()
  local entry p found
  for entry in "$@"; do
    found=
    for p in ${entry//|/ }; do has_candidate "$p" && { found=$p; break; }; done
    if [ -n "$found" ]; then chosen+=("$found"); else unknown+=("$entry"); fi
  done
}
refresh() {
  [ -z "${refreshed:-}" ] || return 0
  refreshed=1
  echo "Asking apt for its newest package lists${as_root[*]:+ (with ${as_root[*]})}."
  root apt-get update -qq || echo "apt-get update failed; going on with the lists that are here."
}
# A fresh machine's own updates may hold apt's lock for minutes: apt says who does, and waits.
apt_install=(apt-get install -y -qq --no-install-recommends -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=600)
# Prints why these can't be installed without harm; silent when they can.
objection() {
  local plan
  plan=$(apt-get -s -y --no-install-recommends install "$@" 2>&1) || { tail -n 5 <<<"$plan"; return; }
  grep '^Remv' <<<"$plan" | sed 's/^Remv \([^ ]*\).*/apt would remove \1/' || true
}

if [ ${#missing[@]} -gt 0 ]; then
  echo "Packages to install: ${missing[*]}"
  choose "${missing[@]}"
  [ ${#unknown[@]} -eq 0 ] || { refresh; choose "${missing[@]}"; }
  [ ${#unknown[@]} -eq 0 ] || die "apt does not know: ${unknown[*]}" \
    "The lists are made for Debian 12; other releases may name these differently."
  why=$(objection "${chosen[@]}")
  case $why in '' | *'would remove'*) ;; *) refresh; why=$(objection "${chosen[@]}") ;; esac
  [ -z "$why" ] || die "Stopped, nothing was changed:" "$why"
  install=("${apt_install[@]}" "${chosen[@]}")
  [ ${#as_root[@]} -eq 0 ] || echo "Installing needs an administrator's rights; sudo may ask for your password."
  # A list that is days old names files that the mirror has replaced: then, and only then, fetch new lists.
  root "${install[@]}" || { refresh; root "${install[@]}"; } || die "apt-get could not install them."
fi
if [ ${#missing_wished[@]} -gt 0 ]; then
  echo "Packages wished for: ${missing_wished[*]}"
  choose "${missing_wished[@]}"
  [ ${#unknown[@]} -eq 0 ] || { refresh; choose "${missing_wished[@]}"; }
  # One that can't be had, or would cost something else its place, is left out by itself.
  possible=() left_out=("${unknown[@]}")
  if [ ${#chosen[@]} -gt 0 ] && [ -z "$(objection "${chosen[@]}")" ]; then
    possible=("${chosen[@]}")
  else
    for p in ${chosen[@]+"${chosen[@]}"}; do
      if [ -z "$(objection ${possible[@]+"${possible[@]}"} "$p")" ]; then possible+=("$p"); else left_out+=("$p"); fi
    done
  fi
  if [ ${#possible[@]} -gt 0 ]; then
    echo "Packages to install if possible: ${possible[*]}"
    root "${apt_install[@]}" "${possible[@]}" || left_out+=("${possible[@]}")
  fi
  [ ${#left_out[@]} -eq 0 ] || echo "Left out, and what needs them will be skipped: ${left_out[*]}"
fi
