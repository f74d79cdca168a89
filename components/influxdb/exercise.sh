# A database, values, queries, deleted values, a backup of nothing, and many requests.
url=http://127.0.0.1:$SEAWORTHY_PORT
call() { curl -sS --no-progress-meter -o /dev/null "$@"; }
query() { call -f --data-urlencode "q=$1" "$url/query?db=test"; }
query 'CREATE DATABASE test WITH DURATION 2h SHARD DURATION 1h'
for i in $(seq 500); do echo "figures,host=h$((i % 5)) value=$i,text=\"x\""; done | call -f --data-binary @- "$url/write?db=test"
query 'SELECT mean(value) FROM figures GROUP BY host'
query 'SELECT * FROM figures ORDER BY time DESC LIMIT 10'
query 'SHOW MEASUREMENTS'
query 'SHOW STATS'
query 'CREATE RETENTION POLICY short ON test DURATION 1h REPLICATION 1'
query 'CREATE CONTINUOUS QUERY c ON test BEGIN SELECT mean(value) INTO m FROM figures GROUP BY time(10s) END'
query "CREATE USER u WITH PASSWORD 'test'"
query "DELETE FROM figures WHERE host = 'h1'"
query 'DROP MEASUREMENT figures'
call "$url/query?q=("
call -d 'not a line' "$url/write?db=test"
call --compressed "$url/debug/vars"
for i in $(seq 20); do echo "many,n=$i value=$i" | call -f --data-binary @- "$url/write?db=test" & done; wait
query 'DROP DATABASE test'
