# The figures, several times at once, and pages that do not exist.
url=http://127.0.0.1:$SEAWORTHY_PORT
curl -sSf $url/metrics | grep -q node_memory
curl -sSf -H 'Accept-Encoding: gzip' -o /dev/null $url/metrics
curl -sS -o /dev/null $url/
curl -sS -o /dev/null $url/none
for i in $(seq 5); do curl -sSf -o /dev/null $url/metrics & done; wait
