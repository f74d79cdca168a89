#!/bin/sh
# Installs sigstore-js for a test. If Node.js or npm is missing, it says so, and the
# exit code is 3.
set -eu
cd "$(dirname "$0")"
missing=""
command -v node >/dev/null || missing="$missing nodejs"
command -v npm >/dev/null || missing="$missing npm"
if [ -n "$missing" ]; then
  echo "the test with sigstore-js is skipped; to run it: sudo apt-get install$missing" >&2
  exit 3
fi
[ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --ignore-scripts --no-audit --no-fund --loglevel error >/dev/null
