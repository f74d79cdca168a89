# Questions of all kinds, wrong ones, pages, a reload, figures that are removed, a copy of
# the database, and many clients. Meanwhile blocks are written and joined.
url=http://127.0.0.1:$SEAWORTHY_PORT
get() { curl -sS --no-progress-meter -o /dev/null "$@"; }
until curl -sS "$url/api/v1/query?query=all_up" | grep -q '"value"'; do sleep 1; done
now=$(curl -sS "$url/api/v1/query?query=time()" | sed -n 's/.*"result":\[[0-9.]*,"\([0-9]*\).*/\1/p')
get -f "$url/api/v1/query_range?query=rate(prometheus_http_requests_total%5B1m%5D)&start=$((now - 60))&end=$now&step=1"
get -f "$url/api/v1/query?query=topk(5,count%20by%20(__name__)(%7B__name__=~\".%2B\"%7D))"
for p in series?match%5B%5D=up labels label/job/values targets rules alerts alertmanagers metadata status/config status/flags status/tsdb status/walreplay status/buildinfo; do
  get -f "$url/api/v1/$p"
done
get "$url/api/v1/query?query=wrong("
get -d 'query=up' "$url/api/v1/query_exemplars?start=1&end=2"
get --data-binary @/bin/true "$url/api/v1/write"
get --data-binary @/bin/true "$url/api/v1/read"
for p in / /graph /targets /metrics /-/healthy "/federate?match%5B%5D=up" /debug/pprof/goroutine /debug/pprof/heap /missing; do get --compressed "$url$p"; done
get "$url/debug/pprof/profile?seconds=1"
get -f -X POST $url/-/reload
get -f -X POST $url/api/v1/admin/tsdb/snapshot
get -f -g -X POST "$url/api/v1/admin/tsdb/delete_series?match[]=up"
get -f -X POST $url/api/v1/admin/tsdb/clean_tombstones
for i in $(seq 15); do get -f "$url/api/v1/query?query=up&time=$((now - i))" & done; wait
joined() { curl -sS $url/metrics | grep -q "^$1 [1-9]"; }
for i in $(seq 1200); do joined prometheus_tsdb_compactions_total && exit 0; sleep 1; done
exit 1
