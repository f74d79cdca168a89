# A static site: pages, errors, ranges, forms, many connections at once, and large answers.
url=http://127.0.0.1:$SEAWORTHY_PORT
get() { curl -sS --no-progress-meter -o /dev/null "$@"; }
get -f $url/
get -f -I $url/
get -f --compressed -H 'Accept-Encoding: gzip' $url/index.html
get -f -r 0-10 $url/
get -f -H 'If-None-Match: "x"' -H 'If-Modified-Since: Thu, 01 Jan 2037 00:00:00 GMT' $url/
get $url/missing
get -X POST -d "$(head -c 100000 /dev/zero | tr '\0' x)" $url/ || true
get -X BREW $url/ || true
get -H "X: $(head -c 20000 /dev/zero | tr '\0' x)" $url/ || true
for i in $(seq 30); do get -f "$url/?$i" & done; wait
