# Answers of its own, of servers, and of none; large requests, and many connections.
url=http://127.0.0.1:$SEAWORTHY_PORT
get() { curl -sS --no-progress-meter -o /dev/null "$@"; }
get -f $url/
get -f --compressed $url/page
get -f -d "$(head -c 100000 /dev/zero | tr '\0' x)" $url/page
get $url/down
get $url/named
get -f $url/stats
get -f $url/stats\;csv
get --http0.9 --http1.0 $url/page || true
get -X BREW $url/page || true
curl -sS --no-progress-meter --max-time 5 telnet://127.0.0.1:$SEAWORTHY_PORT </dev/null >/dev/null || true
for i in $(seq 30); do get -f "$url/page?$i" & done; wait
sleep 3
