# The figures, several times at once.
url=http://127.0.0.1:$SEAWORTHY_PORT
curl -sS -o /dev/null $url/
for i in $(seq 5); do curl -sSf -o /dev/null $url/metrics & done; wait
