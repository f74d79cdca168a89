# Figures are sent, read and deleted.
url=http://127.0.0.1:$SEAWORTHY_PORT
call() { curl -sS --no-progress-meter -o /dev/null "$@"; }
echo 'a 1' | call -f --data-binary @- $url/metrics/job/test
echo 'b 2' | call -f -X PUT --data-binary @- $url/metrics/job/test/instance/i
curl -sSf $url/metrics | grep -q '^a{.*} 1'
call -f $url/api/v1/metrics
call $url/
call -f -X DELETE $url/metrics/job/test
echo 'not a figure' | call --data-binary @- $url/metrics/job/test
for i in $(seq 10); do echo "c $i" | call -f --data-binary @- $url/metrics/job/many/n/$i & done; wait
