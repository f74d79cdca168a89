# An image is pushed in one part and in several, read, listed, and asked for in parts.
url=http://127.0.0.1:$SEAWORTHY_PORT/v2
call() { curl -sS --no-progress-meter "$@"; }
dir=$(mktemp -d)
head -c 200000 /dev/urandom >$dir/layer
printf '{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}' >$dir/config
begin() { call -f -X POST -D - -o /dev/null $url/a/b/blobs/uploads/ | tr -d '\r' | sed -n 's/^[Ll]ocation: //p'; }
sum() { echo sha256:$(sha256sum <$1 | cut -d' ' -f1); }
for f in config layer; do
  where=$(begin)
  call -f -X PUT -H 'Content-Type: application/octet-stream' --data-binary @$dir/$f "$where&digest=$(sum $dir/$f)"
done
where=$(begin)
where=$(call -f -X PATCH -D - -o /dev/null -H 'Content-Type: application/octet-stream' --data-binary @$dir/layer "$where" | tr -d '\r' | sed -n 's/^[Ll]ocation: //p')
call -f -X PUT "$where&digest=$(sum $dir/layer)"
call -f -X DELETE "$(begin)" || true
call -f -X POST -o /dev/null "$url/c/blobs/uploads/?mount=$(sum $dir/layer)&from=a/b"
type=application/vnd.oci.image.manifest.v1+json
printf '{"schemaVersion":2,"mediaType":"%s","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"%s","size":%s},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"%s","size":200000}]}' \
  $type $(sum $dir/config) $(stat -c %s $dir/config) $(sum $dir/layer) >$dir/manifest
call -f -X PUT -H "Content-Type: $type" --data-binary @$dir/manifest $url/a/b/manifests/1
call -f -X PUT -H "Content-Type: $type" --data-binary @$dir/manifest $url/a/b/manifests/1
call -f -H "Accept: $type" $url/a/b/manifests/1 | cmp - $dir/manifest
call -f $url/a/b/blobs/$(sum $dir/layer) | cmp - $dir/layer
call -f -r 0-99 -o /dev/null $url/a/b/blobs/$(sum $dir/layer)
call -f -I -H "Accept: $type" -o /dev/null $url/a/b/manifests/1
call -f $url/a/b/tags/list | grep -q '"1"'
call -f $url/_catalog | grep -q a/b
call -o /dev/null $url/none/manifests/1
call -o /dev/null -X DELETE $url/a/b/manifests/$(sum $dir/manifest)
for i in $(seq 10); do call -f -o /dev/null $url/a/b/blobs/$(sum $dir/layer) & done; wait
rm -r $dir
