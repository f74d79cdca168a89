# Keys, watches, leases, transactions, users, compaction and a snapshot.
export ETCDCTL_API=3
ctl() { etcdctl --endpoints=http://127.0.0.1:$SEAWORTHY_PORT "$@" >/dev/null; }
timeout 10 etcdctl --endpoints=http://127.0.0.1:$SEAWORTHY_PORT watch key >/dev/null 2>&1 & p=$!
ctl put key value
etcdctl --endpoints=http://127.0.0.1:$SEAWORTHY_PORT get key | grep -q value
ctl get --prefix ''
ctl lease grant 30
printf 'value("key") = "value"\n\nput key other\n\nget key\n\n' | ctl txn
for i in $(seq 20); do ctl put "k$i" "$i" & done; wait $(jobs -p | grep -v "^$p$") || true
ctl del k1
ctl member list
ctl endpoint status
ctl alarm list
ctl compact 5
ctl defrag
ctl snapshot save /tmp/exercise-etcd.$$; rm -f /tmp/exercise-etcd.$$
ctl role add reader
ctl user add --new-user-password=test test
curl -sSf -o /dev/null http://127.0.0.1:$SEAWORTHY_PORT/metrics
kill $p 2>/dev/null || true
