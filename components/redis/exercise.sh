# Values of all kinds, scripts, transactions, messages, saving in both forms, a replica,
# and many connections.
cli() { redis-cli -p $SEAWORTHY_PORT "$@" >/dev/null; }
ask() { redis-cli -p $SEAWORTHY_PORT "$@"; }
cli set key value
test "$(ask get key)" = value
cli mset a 1 b 2
cli expire a 1
cli rpush list a b c
cli hset hash field value
cli zadd sorted 1 one 2 two
cli xadd stream '*' field value
cli pfadd seen a b c
cli geoadd places 13.4 52.5 Berlin
head -c 300000 /dev/urandom | base64 | redis-cli -p $SEAWORTHY_PORT -x set large >/dev/null
cli eval 'for i = 1, 1000 do redis.call("set", "key:" .. i, i) end return 1' 0
printf 'multi\nincr counter\nexec\nwatch key\nunwatch\n' | redis-cli -p $SEAWORTHY_PORT >/dev/null
timeout 3 redis-cli -p $SEAWORTHY_PORT subscribe news >/dev/null & sleep 1; cli publish news hello; wait $! || true
timeout 3 redis-cli -p $SEAWORTHY_PORT monitor >/dev/null & sleep 1; cli ping; wait $! || true
finished() { until ask info persistence | grep -q "$1:0"; do sleep 1; done; }
cli save
cli bgsave
finished rdb_bgsave_in_progress
cli config set appendonly yes
finished aof_rewrite_in_progress
cli set after 1
cli bgrewriteaof
finished aof_rewrite_in_progress
cli config set appendfsync always
cli set always 1
cli config set appendonly no
cli config set maxclients 200
cli config set maxmemory 2mb
cli config set activedefrag yes || true
cli info everything
cli memory doctor
cli slowlog get
cli client list
cli client kill type pubsub
cli replicaof 127.0.0.1 6390
sleep 2
cli replicaof no one
for i in $(seq 20); do cli incr many & done; wait
cli flushall async
cli config set save '1 1'
cli set saved 1
sleep 3
