# Tests that succeed and tests that fail, over HTTP, TCP, TLS, DNS and ICMP.
url=http://127.0.0.1:$SEAWORTHY_PORT
call() { curl -sS --no-progress-meter -o /dev/null "$@"; }
for test in 'http&target=127.0.0.1:9115' 'http&target=http://example.invalid/' 'http&target=https://127.0.0.1:9115' 'tcp&target=127.0.0.1:9115' 'tcp&target=127.0.0.1:9' 'tls&target=127.0.0.1:9115' 'dns&target=10.0.2.3' 'icmp&target=10.0.2.2' 'grpc&target=127.0.0.1:9115'; do
  call -f "$url/probe?module=$test&debug=true"
done
call -f $url/metrics
call $url/
call -f -X POST $url/-/reload
for i in $(seq 10); do call -f "$url/probe?module=tcp&target=127.0.0.1:9115" & done; wait
