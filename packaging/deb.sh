#!/usr/bin/env bash
# deb.sh NFPM VERSION OUTPUT makes a Debian package of bin/seaworthy and
# bin/seaworthy-verify, for the architecture of this machine. The same programs give
# the same bytes, at any time and in any folder.
set -euo pipefail
cd "$(dirname "$0")/.."
nfpm=$1 version=${2#v} output=$3
umask 022

# A version of Debian starts with a digit. ~ sorts before any release.
case "$version" in
  [0-9]*) DEB_VERSION=${version//-/+} ;;
  *) DEB_VERSION=0~${version//-/+} ;;
esac
DEB_ARCH=$(go env GOARCH)
export DEB_VERSION DEB_ARCH SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-0}

rm -rf dist/deb
mkdir -p dist/deb
cp bin/seaworthy bin/seaworthy-verify dist/deb/
bin/seaworthy man dist/deb/man >/dev/null
gzip -9n dist/deb/man/*.1
gzip -9nc CHANGELOG.md >dist/deb/changelog.gz
for shell in bash zsh fish; do
  bin/seaworthy completion "$shell" >"dist/deb/completion.$shell"
done
find dist/deb -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
"$nfpm" package --config packaging/nfpm.yaml --packager deb --target "$output" >/dev/null
echo "$output"
