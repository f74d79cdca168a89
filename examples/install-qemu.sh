#!/bin/sh
# Installs QEMU where that may be done, and says the one command otherwise. A
# machine without QEMU still builds and verifies; it only cannot boot.
set -eu
command -v qemu-system-x86_64 >/dev/null && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "installing QEMU, to boot what is built" >&2
  apt-get update -qq >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends qemu-system-x86 >/dev/null && exit 0
fi
echo "QEMU is not here, so nothing will be booted; to have it: sudo apt-get install qemu-system-x86" >&2
