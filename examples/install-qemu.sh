#!/bin/sh
# Installs QEMU when run as root, and prints the command otherwise. Without QEMU, a
# machine can build and verify images, but cannot boot them.
set -eu
command -v qemu-system-x86_64 >/dev/null && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "installing QEMU, to boot the built images" >&2
  apt-get update -qq >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends qemu-system-x86 >/dev/null && exit 0
fi
echo "QEMU is not installed, so no image will boot. To install it, run: sudo apt-get install qemu-system-x86" >&2
