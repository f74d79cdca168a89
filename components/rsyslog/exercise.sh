# Lines of both forms and of several clients and programs, a long one, and one that is not
# complete. The files of the programs are read again as they grow.
send() { curl -sS --no-progress-meter --max-time 2 telnet://127.0.0.1:$SEAWORTHY_PORT >/dev/null 2>&1 || true; }
printf '<13>1 2026-01-01T00:00:00Z host app 1 id - a line\n<34>Oct 11 22:14:15 host app: an old line\n' | send
printf '57 <13>1 2026-01-01T00:00:00Z host app 1 id - counted line!' | send
{ printf '<13>1 2026-01-01T00:00:00Z host app - - - '; head -c 20000 /dev/zero | tr '\0' x; echo; } | send
printf 'not complete' | send
for i in $(seq 20); do for j in $(seq 50); do echo "<13>1 2026-01-01T00:00:00Z host app$((j % 6)) - - - line $i $j"; done | send & done; wait
sleep 3
printf '<13>1 2026-01-01T00:00:00Z host app1 1 id - a later line\n' | send
