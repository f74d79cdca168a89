#!/usr/bin/env bash
# The demo that `make demo` runs: a system that is denied, a component that a stranger
# signed, a system that passes, its signature, a changed byte, a registry, and a boot.
# Every step checks its exit code. The demo fails if an exit code is wrong.
set -euo pipefail
cd "$(dirname "$0")/.."

sw=bin/seaworthy
work=dist/demo
components=(--components dist/components --offline)
export COSIGN_PASSWORD="${COSIGN_PASSWORD-demo}"

say() { printf '\n\033[1m== %s\033[0m\n' "$*"; }
run() { printf '\033[2m$ %s\033[0m\n' "$*"; "$@"; }
# expect CODE COMMAND...: run the command, and fail if its exit code is not CODE.
expect() {
  local want=$1 got=0
  shift
  run "$@" || got=$?
  if [ "$got" != "$want" ]; then
    echo "demo: exit code $got, expected $want" >&2
    exit 1
  fi
  echo "(exit code $got, as expected)"
}

rm -rf "$work" && mkdir -p "$work"

say "1. Check a system that must not boot: examples/insecure.yml"
expect 1 $sw check "${components[@]}" examples/insecure.yml

say "2. Sign a component image, and refuse the same image signed by a stranger"
run $sw key generate --output-dir "$work/release"
run $sw key generate --output-dir "$work/stranger"
cat > "$work/trust.yml" <<'END'
keys:
  - name: release
    file: release/seaworthy.pub
    repositories: [docker.io/seaworthy/*]
END
cat > "$work/signed.yml" <<'END'
kernel: {image: none}
services: [{name: report, image: "seaworthy/report:0.1"}]
trust: {image: [seaworthy/report]}
END
run $sw component build --layout "$work/ours" --state-dir dist/state --key "$work/release/seaworthy.key" components/report
expect 0 $sw trust explain --components "$work/ours" --offline --trust "$work/trust.yml" seaworthy/report:0.1
run $sw component build --layout "$work/theirs" --state-dir dist/state --key "$work/stranger/seaworthy.key" components/report
expect 4 $sw check --components "$work/theirs" --offline --trust "$work/trust.yml" "$work/signed.yml"

say "3. Check a system that passes: examples/minimal.yml, with every input pinned by digest"
cp examples/minimal.yml examples/minimal.waivers.yml "$work/"
run $sw lock "${components[@]}" "$work/minimal.yml"
expect 0 $sw check "${components[@]}" --locked "$work/minimal.yml"

say "4. Build it, with an SBOM for each component, and sign it"
[ -e "$work/seaworthy.key" ] || run $sw key generate --output-dir "$work"
expect 0 $sw build "${components[@]}" --locked --key "$work/seaworthy.key" --output-dir "$work/minimal" --report text="$work/report.txt" "$work/minimal.yml"
tail -n 3 "$work/report.txt"
(cd "$work/minimal" && find . -path ./oci -prune -o -type f -print | sort | xargs ls -lh | awk '{print "  " $5 "\t" $9}')

say "5. Verify it, then change one byte of the initrd and verify again"
expect 0 $sw verify --key "$work/seaworthy.pub" --require-policy baseline "$work/minimal"
cp -a "$work/minimal" "$work/flipped"
initrd=$work/flipped/minimal-initrd.img
rm "$initrd" && cp "$work/minimal/minimal-initrd.img" "$initrd"
byte=$(od -An -tu1 -j 100000 -N 1 "$initrd" | tr -d ' ')
printf "\\x$(printf %x $((byte ^ 1)))" | dd of="$initrd" bs=1 seek=100000 conv=notrunc status=none
expect 4 $sw verify --key "$work/seaworthy.pub" "$work/flipped"
rm -rf "$work/flipped"

say "6. Push it to a registry on this machine, pull it again, and compare"
go build -o "$work/registry" ./examples/registry
coproc registry { exec "$work/registry"; }
read -r host <&"${registry[0]}"
run $sw push "$work/minimal" "$host/systems/minimal:1"
expect 0 $sw verify --key "$work/seaworthy.pub" --require-policy baseline "$host/systems/minimal:1"
expect 0 $sw pull --key "$work/seaworthy.pub" --require-policy baseline "$host/systems/minimal:1" "$work/pulled"
run diff -r "$work/minimal" "$work/pulled"

say "7. Boot what was pulled"
if ! command -v qemu-system-x86_64 >/dev/null; then
  echo "QEMU is not installed. To boot the image, run: sudo apt-get install qemu-system-x86, then make demo"
  exit 0
fi
examples/boot.sh "$work/pulled" "$work/seaworthy.pub"
say "Done. See the report: $work/pulled/report.html"
