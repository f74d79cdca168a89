#!/bin/sh
# Installs what the browser test needs where that may be done, and says what is
# missing otherwise (exit code 3). Nothing that ships needs any of it.
set -eu
cd "$(dirname "$0")"
missing=""
command -v chromium >/dev/null || missing="$missing chromium"
command -v pdftotext >/dev/null || missing="$missing poppler-utils"
command -v node >/dev/null || missing="$missing nodejs"
command -v npm >/dev/null || missing="$missing npm"
if [ -n "$missing" ]; then
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "the browser test is skipped; to run it: sudo apt-get install$missing" >&2
    exit 3
  fi
  echo "installing$missing, to read the report in a browser" >&2
  apt-get update -qq >/dev/null
  # shellcheck disable=SC2086 # words on purpose
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
fi
[ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --ignore-scripts --no-audit --no-fund --loglevel error >/dev/null
