# Names that it knows, and names that it asks another server for.
ask() { dig +tcp +tries=1 +timeout=5 @127.0.0.1 -p $SEAWORTHY_PORT "$@"; }
ask health.internal A | grep -q 192.0.2.1
ask host.internal A | grep -q 192.0.2.7
ask more.internal A | grep -q 192.0.2.8
ask t.internal TXT | grep -q text
ask -x 192.0.2.7 >/dev/null
ask version.bind CH TXT >/dev/null
ask servers.bind CH TXT >/dev/null
ask example.org A >/dev/null || true
ask +dnssec example.org AAAA >/dev/null || true
for i in $(seq 10); do ask h$i.example.org >/dev/null & done; wait
