#!/usr/bin/env bash
# Boots a verified image in QEMU, sends HTTP requests to its services, and shuts
# it down: boot.sh DIR KEY.
set -euo pipefail
dir=$1 key=$2
cd "$(dirname "$0")/.."
console=$(mktemp) answer=$(mktemp)
port() { # port FIRST-LAST: a free port of this range
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
ask() { # ask PORT: HTTP GET /, in plain bash
  exec 3<>"/dev/tcp/127.0.0.1/$1" || return 1
  printf 'GET / HTTP/1.0\r\nHost: localhost\r\n\r\n' >&3
  # A port can accept a request before the service runs. The request is then lost.
  timeout $patience cat <&3 >"$answer" || { [ $? != 124 ] || patience=$((patience * 2)); }
  exec 3>&-
  grep -q '200 OK' "$answer"
}
wait_for() {
  # Emulation is slow on a busy machine: wait as long as the console shows progress.
  local silent=0 seen
  seen=$(wc -c <"$console")
  while [ "$silent" -lt 600 ]; do
    kill -0 $vm 2>/dev/null || { echo "the machine stopped" >&2; return 1; }
    if ask "$1" 2>/dev/null; then return 0; fi
    sleep 1
    silent=$((silent + 1))
    [ "$seen" = "$(wc -c <"$console")" ] || { seen=$(wc -c <"$console"); silent=0; }
  done
  echo "no answer on port $1, and no console output for ten minutes" >&2
  return 1
}
wait_for "$web"
printf '\nnginx answered through 127.0.0.1:%s:\n' "$web"
head -n 5 "$answer"
wait_for "$report"
printf '\nthe report service lists the permissions of its container:\n'
# Edit the file, not a pipe: head would end the pipe early, and pipefail would then end the demo.
sed -i '1,/^\r*$/d' "$answer"
head -c 1500 "$answer"
echo
kill $vm
wait $vm || true
