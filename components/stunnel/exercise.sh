# Pages over TLS, sessions that go on, large requests, clients that do not speak TLS, and
# many connections.
url=https://127.0.0.1:$SEAWORTHY_PORT
get() { curl -k -sS --no-progress-meter -o /dev/null "$@"; }
get -f $url/
get -f --tls-max 1.2 $url/
get -d "$(head -c 100000 /dev/zero | tr '\0' x)" $url/ || true
echo Q | openssl s_client -connect 127.0.0.1:$SEAWORTHY_PORT -reconnect >/dev/null 2>&1 || true
get http://127.0.0.1:$SEAWORTHY_PORT/ 2>/dev/null || true
for i in $(seq 20); do get -f "$url/?$i" & done; wait
