# Files and folders are written, read, listed, renamed, locked and removed.
client() { smbclient -p $SEAWORTHY_PORT -N -t 60 -s /dev/null "$@" >/dev/null; }
dir=$(mktemp -d)
head -c 500000 /dev/urandom >$dir/file
client -L //127.0.0.1
client //127.0.0.1/files -c "mkdir folder; cd folder; put $dir/file file; allinfo file; get file $dir/back; rename file other; hardlink other link; ls; du; setmode other +r; setmode other -r; utimes other 2026:01:01-00:00:00 -1 -1 -1; put $dir/file other; showacls; ls; getfacl other; notify none" 2>/dev/null & p=$!
sleep 20; kill $p 2>/dev/null || true
client //127.0.0.1/files -c "put $dir/file file; get file $dir/back; ls; rename file other; volume; allinfo other; stat other; posix; tdis" || true
cmp $dir/file $dir/back
client //127.0.0.1/files -c "del other; rmdir folder; deltree folder" || true
client //127.0.0.1/none -c ls && exit 1
for i in 1 2 3 4 5; do client //127.0.0.1/files -c "put $dir/file file$i; ls; del file$i" & done; wait
rm -r $dir
