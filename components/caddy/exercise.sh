# Pages, parts of pages, folders, wrong names, passwords, proxies that answer and do not,
# TLS of two versions, log files that are full, settings that are loaded while it runs, and
# many clients.
url=http://127.0.0.1:$SEAWORTHY_PORT
get() { curl -sS --no-progress-meter -o /dev/null "$@"; }
get -f $url/
get -f --compressed $url/
get -f -r 0-9 $url/
get -f -I $url/index.html
get -f -z '2099-01-01' $url/
get -f $url/proxy/
get -f -d "$(head -c 100000 /dev/zero | tr '\0' x)" $url/secure/
for p in missing name/ names/ socket/ php/x.php templates/ log/ private/ metrics; do get $url/$p; done
get -u test:wrong $url/private/
get -f $url/log/access.log
tls="-k --connect-to localhost:8174:127.0.0.1:$SEAWORTHY_PORT_8174"
get -f $tls https://localhost:8174/
get -f $tls --tls-max 1.2 --http1.1 https://localhost:8174/
get -k https://127.0.0.1:$SEAWORTHY_PORT_8174/ 2>/dev/null || true
get $url:x 2>/dev/null || true
printf 'no request\r\n\r\n' | curl -s --max-time 3 telnet://127.0.0.1:$SEAWORTHY_PORT >/dev/null || true
long=$(head -c 3000 /dev/zero | tr '\0' x)
for i in $(seq 20); do for j in $(seq 20); do echo "url=$url/?$i$j$long"; done | sed 's/.*/&\noutput=\/dev\/null/' | curl -sS --no-progress-meter -K - & done; wait
admin=http://127.0.0.1:$SEAWORTHY_PORT_8175
call() { curl -f -sS --no-progress-meter -H Host:127.0.0.1:8175 -H Origin:http://127.0.0.1:8175 "$@"; }
file=$(mktemp)
call $admin/config/ >$file
call -H 'Content-Type: application/json' --data-binary @$file -H 'Cache-Control: must-revalidate' $admin/load
call -H 'Content-Type: application/json' -d 'wrong' $admin/load 2>/dev/null && exit 1
call -X PATCH -H 'Content-Type: application/json' -d '"10s"' $admin/config/apps/http/grace_period 2>/dev/null || true
call $admin/pki/ca/local >/dev/null
call $admin/reverse_proxy/upstreams >/dev/null
rm $file
sleep 2
get -f $url/
get -f $tls https://localhost:8174/
