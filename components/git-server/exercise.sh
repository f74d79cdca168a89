# Changes are sent, few and many at once; repositories are cloned whole and in part, listed
# and asked for as an archive, by both protocols.
url=git://127.0.0.1:$SEAWORTHY_PORT
dir=$(mktemp -d)
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.invalid GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@example.invalid GIT_CONFIG_GLOBAL=/dev/null
git init -q -b main $dir/one
cd $dir/one
commit() { head -c 10000 /dev/urandom >file; git add file; git commit -q -m "$1"; }
commit first
git push -q $url/empty.git main
for i in 1 2 3 4 5 6; do commit $i; done
git tag -a -m v1 v1
git push -q $url/empty.git main v1
git push -q -f $url/empty.git HEAD~1:refs/heads/other
git push -q $url/empty.git :other
git clone -q $url/empty.git $dir/two
git clone -q --depth 1 $url/empty.git $dir/three
git -C $dir/three fetch -q --unshallow
git clone -q --filter=blob:none $url/empty.git $dir/four || true
git -c protocol.version=0 ls-remote $url/empty.git >/dev/null
git -c protocol.version=2 ls-remote $url/empty.git >/dev/null
git archive --remote=$url/empty.git main >/dev/null
git ls-remote $url/none.git 2>/dev/null && exit 1
for i in $(seq 10); do git clone -q $url/empty.git $dir/c$i & done; wait
cd /
rm -rf $dir
