# Pages of a server behind it, from the cache too; tunnels, names that do not exist, and
# many connections.
export http_proxy=http://127.0.0.1:$SEAWORTHY_PORT no_proxy=
get() { curl -sS --no-progress-meter -o /dev/null "$@"; }
get -f http://127.0.0.1:8111/ --noproxy none
get -f http://127.0.0.1:8111/
get -f -I http://127.0.0.1:8111/
get -f -H 'Cache-Control: no-cache' http://127.0.0.1:8111/index.html
get http://127.0.0.1:8111/missing
get http://example.invalid/
get http://127.0.0.1:9/
get -d "$(head -c 100000 /dev/zero | tr '\0' x)" http://127.0.0.1:8111/ || true
get -f -p http://127.0.0.1:8111/
get -X PURGE http://127.0.0.1:8111/
get http://squid.internal:3128/squid-internal-mgr/info
get http://squid.internal:3128/squid-internal-mgr/objects
for i in $(seq 20); do get -f "http://127.0.0.1:8111/?$i" & done; wait
