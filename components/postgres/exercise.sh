# Tables with indexes of all kinds, sorts on disk, parallel queries, large objects, files of
# the server, transactions in two phases, notifications, a backup, both kinds of
# replication, settings that change, errors, clients that end, and a backend that crashes.
export PGHOST=127.0.0.1 PGPORT=$SEAWORTHY_PORT PGUSER=postgres PGPASSWORD=exercise PGCONNECT_TIMEOUT=120
run() { psql -qAt -v ON_ERROR_STOP=1 "$@" >/dev/null; }
run <<'SQL'
create role reader login password 'reader';
create extension pg_trgm;
create extension dblink;
create table t (id serial primary key, n int, text text, p point, tags int[]);
insert into t (n, text, p, tags) select i % 100, md5(i::text), point(i, i), array[i, i % 7] from generate_series(1, 4000) i;
create index on t (n);
create index on t using gin (text gin_trgm_ops);
create index on t using gist (p);
create index on t using hash (text);
create index on t using brin (id);
create index concurrently on t using spgist (p);
set work_mem = '64kB';
select count(*) from (select * from t order by text offset 10) s;
select count(*) from t a join t b on a.text = b.text;
reset work_mem;
set force_parallel_mode = on;
select count(*), sum(n) from t;
reset force_parallel_mode;
update t set n = n + 1 where id % 3 = 0;
delete from t where id % 5 = 0;
analyze t;
vacuum (parallel 2) t;
vacuum full t;
cluster t using t_pkey;
reindex table concurrently t;
checkpoint;
select pg_switch_wal();
copy t to '/data/t.csv' csv;
create temp table copied (like t);
copy copied from '/data/t.csv' csv;
select lo_from_bytea(0, decode(repeat('ab', 300000), 'hex'));
select lo_from_bytea(424242, 'hello');
select lo_export(424242, '/data/lo');
select lo_import('/data/lo');
create table large (b text);
alter table large alter b set storage external;
insert into large select repeat(md5(i::text), 10000) from generate_series(1, 6) i;
begin; insert into t (n) values (1); savepoint s; insert into t (n) values (2); rollback to s; prepare transaction 'two';
commit prepared 'two';
create tablespace other location '';
create table elsewhere (n int) tablespace other;
insert into elsewhere values (1);
drop table elsewhere;
drop tablespace other;
create database copy;
drop database copy;
create unlogged table fast as select * from t;
truncate fast;
alter system set work_mem = '2MB';
select pg_reload_conf();
select pg_rotate_logfile();
select pg_sleep(0.2);
select count(*) from pg_stat_activity, pg_ls_waldir();
select pg_read_file('postgresql.conf', 0, 10), pg_stat_file('PG_VERSION');
select pg_log_backend_memory_contexts(pg_backend_pid());
listen news;
select * from dblink('host=127.0.0.1 port=5432 user=postgres password=exercise', 'notify news; select 1') as x(n int);
select pg_create_logical_replication_slot('slot', 'test_decoding');
insert into t (n) values (5);
select count(*) from pg_logical_slot_get_changes('slot', null, null);
select pg_drop_replication_slot('slot');
create publication p for table large;
select pg_create_logical_replication_slot('s', 'pgoutput');
create database other;
SQL
run -d other <<'SQL'
create table large (b text);
create subscription s connection 'host=127.0.0.1 port=5432 user=postgres password=exercise dbname=postgres' publication p with (create_slot = false);
SQL
wanted() { for i in $(seq 120); do test "$(psql -qAt "$@" 2>/dev/null)" = t && return; sleep 1; done; exit 1; }
wanted -d other -c 'select count(*) = 6 from large'
run -d other -c 'drop subscription s'
dir=$(mktemp -d)
pg_dump -Fc -f $dir/dump
pg_restore -d other --clean --if-exists $dir/dump 2>/dev/null || true
pg_basebackup -D $dir/backup -X stream -c fast
rm -r $dir
# Errors, and clients that wait or end.
run -c 'select 1/0' 2>/dev/null && exit 1
PGPASSWORD=wrong run -c 'select 1' 2>/dev/null && exit 1
PGSSLMODE=disable PGUSER=reader PGPASSWORD=reader PGDATABASE=postgres run -c 'select 1'
run -c "set statement_timeout = 100; select pg_sleep(60)" 2>/dev/null && exit 1
run -c 'begin; lock table t; select pg_sleep(60)' 2>/dev/null & sleep 3
run -c 'set lock_timeout = 100; select count(*) from t' 2>/dev/null && exit 1
run -c "select pg_cancel_backend(pid) from pg_stat_activity where query like 'begin; lock%'"
wait $! || true
run -c 'select pg_sleep(60)' 2>/dev/null & sleep 2; kill $!
for i in 1 2 3 4 5 6; do run -c "insert into t (n) select generate_series(1, 200)" & done; wait
# A function that reads from a wrong address ends its process. The server then ends the
# others, and recovers.
run <<'SQL'
alter system set recovery_init_sync_method = syncfs;
alter system set wal_sync_method = fsync;
select pg_reload_conf();
create function crash(bigint) returns text language internal as 'textin';
insert into t (n) select generate_series(1, 500);
SQL
run -c 'select crash(8)' 2>/dev/null && exit 1
wanted -c 'select not pg_is_in_recovery()'
run -c 'insert into t (n) select generate_series(1, 500)'
