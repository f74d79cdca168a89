#!/usr/bin/env bash
# check.sh [FLAG...] OS.yml... checks each file as a system of its own. With --together
# as the first flag, the files are one system. The other flags are flags of
# `seaworthy check`; write a flag and its value as one word (--policy=hardened).
# SW_PROGRAM is the program, if it is not in PATH. Exit code 1 is a finding; 2 and
# higher say that a system cannot be checked.
set -euo pipefail

sw=${SW_PROGRAM:-seaworthy}
if ! command -v "$sw" >/dev/null; then
  echo "seaworthy: the program $sw is missing: install it, or set SW_PROGRAM" >&2
  exit 3
fi
together="" flags=() files=()
if [ "${1:-}" = --together ]; then together=yes; shift; fi
for word in "$@"; do
  case "$word" in
    -*) flags+=("$word") ;;
    *) files+=("$word") ;;
  esac
done
[ "${#files[@]}" -gt 0 ] || exit 0

if [ -n "$together" ]; then
  exec "$sw" check "${flags[@]}" "${files[@]}"
fi
worst=0
for file in "${files[@]}"; do
  code=0
  "$sw" check "${flags[@]}" "$file" || code=$?
  [ "$code" -le "$worst" ] || worst=$code
done
exit "$worst"
