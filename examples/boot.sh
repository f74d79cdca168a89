#!/usr/bin/env bash
# Boots a verified image in QEMU, asks its services over HTTP, and shuts it
# down: boot.sh DIR KEY.
set -euo pipefail
dir=$1 key=$2
cd "$(dirname "$0")/.."
console=$(mktemp) answer=$(mktemp)
port() { # port FIRST-LAST: one that nobody listens on
  local p
  for p in $(shuf -i "$1" -n 50); do
    (exec 3<>"/dev/tcp/127.0.0.1/$p") 2>/dev/null || { echo "$p"; return; }
  done
}
web=$(port 20000-24999) report=$(port 25000-29999)
bin/seaworthy boot --key "$key" --publish "$web:8080" --publish "$report:8081" "$dir" >"$console" 2>&1 &
vm=$!
trap 'kill $vm 2>/dev/null || true; rm -f "$console" "$answer"' EXIT
tail -n +1 -f --pid=$vm "$console" | sed -u -E 's/^(.{160}).*/\1/' &

patience=5
ask() { # ask PORT: HTTP GET / with nothing but bash
  exec 3<>"/dev/tcp/127.0.0.1/$1" || return 1
  printf 'GET / HTTP/1.0\r\nHost: localhost\r\n\r\n' >&3
  # A port may take a request before there is a service, and lose it.
  timeout $patience cat <&3 >"$answer" || { [ $? != 124 ] || patience=$((patience * 2)); }
  exec 3>&-
  grep -q '200 OK' "$answer"
}
wait_for() {
  # Emulation is slow on a busy machine: what counts is that the console goes on.
  local silent=0 said
  said=$(wc -c <"$console")
  while [ "$silent" -lt 600 ]; do
    kill -0 $vm 2>/dev/null || { echo "the machine stopped" >&2; return 1; }
    if ask "$1" 2>/dev/null; then return 0; fi
    sleep 1
    silent=$((silent + 1))
    [ "$said" = "$(wc -c <"$console")" ] || { said=$(wc -c <"$console"); silent=0; }
  done
  echo "no answer on port $1, and ten minutes without a word on the console" >&2
  return 1
}
wait_for "$web"
printf '\nnginx answered through 127.0.0.1:%s:\n' "$web"
head -n 5 "$answer"
wait_for "$report"
printf '\nthe report service, on what it may do:\n'
# Cut in the file, not in a pipe: a reader that leaves early would kill sed, and pipefail the demo.
sed -i '1,/^\r*$/d' "$answer"
head -c 1500 "$answer"
echo
kill $vm
wait $vm || true
