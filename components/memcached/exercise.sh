# Values, a large one, counters, figures, and many connections.
say() { printf "$@" | curl -sS --no-progress-meter --max-time 10 telnet://127.0.0.1:$SEAWORTHY_PORT; }
say 'set key 0 1 5\r\nvalue\r\nget key\r\nquit\r\n' | grep -q value
say 'set n 0 0 1\r\n1\r\nincr n 5\r\ndecr n 1\r\ntouch n 10\r\ngets n\r\ndelete n\r\nquit\r\n'  >/dev/null
say "set large 0 0 200000\r\n$(head -c 200000 /dev/zero | tr '\0' x)\r\nget large\r\nquit\r\n" >/dev/null
say 'stats\r\nstats items\r\nstats slabs\r\nstats settings\r\nstats sizes\r\nquit\r\n' >/dev/null
say 'lru_crawler enable\r\nlru_crawler crawl all\r\nlru_crawler metadump all\r\nquit\r\n' >/dev/null
say 'mg key v\r\nms key 2\r\nhi\r\nmn\r\nnonsense\r\nverbosity 1\r\nquit\r\n' >/dev/null
for i in $(seq 30); do say "set k$i 0 0 1\r\n1\r\nquit\r\n" >/dev/null & done; wait
say 'watch fetchers mutations\r\n' >/dev/null & sleep 1; say 'get key\r\nquit\r\n' >/dev/null; wait || true
say 'flush_all\r\nquit\r\n' >/dev/null
