# Names that it knows, and names that it looks for on the Internet, which needs no answer.
ask() { dig +tcp +tries=1 +timeout=5 @127.0.0.1 -p $SEAWORTHY_PORT "$@"; }
ask health.internal A | grep -q 192.0.2.2
ask none.health.internal A >/dev/null
ask localhost AAAA >/dev/null
ask version.bind CH TXT >/dev/null
ask example.org A >/dev/null || true
ask +dnssec example.org DNSKEY >/dev/null || true
for i in $(seq 10); do ask h$i.example.org >/dev/null & done; wait || true
