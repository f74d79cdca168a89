# Pages, errors, ranges, forms, large headers, and many connections.
url=http://127.0.0.1:$SEAWORTHY_PORT
get() { curl -sS --no-progress-meter -o /dev/null "$@"; }
get -f $url/
get -f -I $url/
get -f --compressed $url/index.html
get -f -r 0-10 $url/
get -f -H 'If-Modified-Since: Thu, 01 Jan 2037 00:00:00 GMT' $url/
get $url/missing
get $url/../../etc/passwd --path-as-is || true
get -d "$(head -c 100000 /dev/zero | tr '\0' x)" $url/ || true
get -X BREW $url/ || true
get -H "X: $(head -c 20000 /dev/zero | tr '\0' x)" $url/ || true
for i in $(seq 30); do get -f "$url/?$i" & done; wait
