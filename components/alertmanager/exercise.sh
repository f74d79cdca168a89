# Alerts, a silence that is made and ended, pages, figures, and a reload.
url=http://127.0.0.1:$SEAWORTHY_PORT
call() { curl -sS --no-progress-meter -o /dev/null "$@"; }
json='Content-Type: application/json'
for i in 1 2 3; do call -f -H "$json" -d '[{"labels":{"alertname":"a","n":"'$i'"}}]' $url/api/v2/alerts; done
id=$(curl -sSf -H "$json" -d '{"matchers":[{"name":"n","value":"1","isRegex":false}],"startsAt":"2020-01-01T00:00:00Z","endsAt":"2040-01-01T00:00:00Z","createdBy":"a","comment":"b"}' $url/api/v2/silences | sed 's/.*"silenceID":"\([^"]*\)".*/\1/')
sleep 5
call -f $url/api/v2/alerts
call -f $url/api/v2/alerts/groups
call -f -X DELETE $url/api/v2/silence/$id
call -f $url/metrics
call -f -X POST $url/-/reload
call $url/none
for i in $(seq 10); do call -f $url/api/v2/status & done; wait
