#!/bin/sh
# Usage: fetch.sh ARCH PACKAGE FOLDER DIR
# Fetches the Debian package PACKAGE for the Debian architecture ARCH, and puts the
# files of its folder FOLDER into DIR. It needs no root, installs nothing, and does
# not change apt's state. apt uses the sources of this machine, and checks signatures.
set -eu
[ $# = 4 ] || { sed -n '2,5s/^# //p' "$0" >&2; exit 2; }
arch=$1 package=$2 folder=$3 dir=$4

state=$(mktemp -d)
trap 'rm -rf "$state"' EXIT
mkdir -p "$state/lists/partial" "$state/archives/partial" "$state/deb"
touch "$state/status"
cat >"$state/apt.conf" <<END
#clear APT::Architectures;
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
APT::Architecture "$arch";
APT::Architectures { "$arch"; };
APT::Sandbox::User "root";
Acquire::Languages "none";
Dir::State "$state";
Dir::State::lists "$state/lists/";
Dir::State::status "$state/status";
Dir::Cache "$state";
Dir::Cache::archives "$state/archives/";
END
# Sources of other publishers may not have the architecture: that is only a problem
# if the package is missing in the end.
apt-get -c "$state/apt.conf" -qq update >"$state/log" 2>&1 || true
(cd "$state/deb" && apt-get -c "$state/apt.conf" -qq download "$package" >>"$state/log" 2>&1) || {
  cat "$state/log" >&2
  echo "fetch.sh: $package for $arch cannot be fetched" >&2
  exit 1
}
dpkg-deb -x "$state"/deb/*.deb "$state/files"
mkdir -p "$dir"
cp "$state/files/$folder"/* "$dir/"
