#!/bin/sh
# Usage: install.sh REASON PROGRAM=PACKAGE...
# Installs the Debian packages whose PROGRAM (a name on PATH, or the path of a
# file) is missing. Works as root only; otherwise it prints the command. The exit
# code is always 0: a step that needs a missing program reports this itself.
set -eu
reason=$1
shift
packages=
for item; do
  program=${item%%=*}
  command -v "$program" >/dev/null || [ -e "$program" ] || packages="$packages ${item#*=}"
done
[ -n "$packages" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "installing$packages: $reason" >&2
  apt-get update -qq >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages >/dev/null && exit 0
fi
echo "missing packages: $reason. To install them, run: sudo apt-get install --no-install-recommends$packages" >&2
