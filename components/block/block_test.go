//go:build linux

package block

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// image makes a file with the content that a program of another project writes.
func image(t *testing.T, size int64, program string, args ...string) *os.File {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Skipf("skipped: %s is not installed", program)
	}
	f, err := os.Create(filepath.Join(t.TempDir(), "image"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	if err := f.Truncate(size); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, append(args, f.Name())...)
	cmd.Env = append(os.Environ(), "PATH=/usr/sbin:/sbin:/usr/bin:/bin")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", program, err, out)
	}
	return f
}

// TestIdentify reads what the programs of other projects wrote.
func TestIdentify(t *testing.T) {
	t.Parallel()
	const id = "6e4a7d1c-0f3b-4c5d-9e8f-a1b2c3d4e5f6"
	for _, c := range []struct {
		want    Content
		program string
		args    string
	}{
		{Content{"ext4", "data", id}, "/usr/sbin/mke2fs", "-q -t ext4 -L data -U " + id},
		{Content{"ext3", "", id}, "/usr/sbin/mke2fs", "-q -t ext3 -U " + id},
		{Content{"ext2", "", id}, "/usr/sbin/mke2fs", "-q -t ext2 -U " + id},
		{Content{"vfat", "CIDATA", "1234-ABCD"}, "/usr/sbin/mkfs.vfat", "-F 16 -n CIDATA -i 1234ABCD"},
		{Content{"vfat", "CIDATA", "1234-ABCD"}, "/usr/sbin/mkfs.vfat", "-F 32 -n CIDATA -i 1234ABCD"},
		{Content{"swap", "swap0", id}, "/usr/sbin/mkswap", "-q -L swap0 -U " + id},
		{Content{"gpt", "", ""}, "/usr/sbin/sgdisk", "-n 1:2048:4096"},
		{Content{"crypto_LUKS", "secret", id}, "/usr/sbin/cryptsetup", "-q luksFormat --type luks2 --label secret --uuid " + id + " --key-file /proc/self/cmdline --pbkdf pbkdf2 --pbkdf-force-iterations 1000"},
	} {
		t.Run(c.want.Type+filepath.Base(c.program), func(t *testing.T) {
			t.Parallel()
			got, err := Identify(image(t, 64<<20, c.program, strings.Fields(c.args)...))
			if err != nil || got != c.want {
				t.Errorf("%+v, %v; want %+v", got, err, c.want)
			}
		})
	}
}

// padded is a device with some bytes at an offset.
func padded(at int, b []byte) *bytes.Reader {
	return bytes.NewReader(append(append(make([]byte, at), b...), make([]byte, 70000)...))
}

func TestIdentifyOthers(t *testing.T) {
	t.Parallel()
	for want, r := range map[string]*bytes.Reader{
		"":            bytes.NewReader(nil),
		"squashfs":    padded(0, []byte("hsqs")),
		"LVM2_member": padded(512, []byte("LABELONE\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x20\x00\x00\x00LVM2 001")),
		"iso9660":     padded(32768, []byte("\x01CD001\x01\x00")),
		"btrfs":       padded(65536+64, []byte("_BHRfS_M")),
	} {
		if got, err := Identify(r); err != nil || got.Type != want {
			t.Errorf("%+v, %v; want %s", got, err, want)
		}
	}
	// A label with control characters is left out.
	b := append([]byte("XFSB"), make([]byte, 600)...)
	copy(b[108:], "a\x1b[2J")
	if got, err := Identify(bytes.NewReader(b)); err != nil || got.Type != "xfs" || got.Label != "" {
		t.Errorf("%+v, %v", got, err)
	}
}

func FuzzIdentify(f *testing.F) {
	for _, p := range probes {
		b := make([]byte, p.at+int64(p.n)+100)
		copy(b[p.at+int64(p.where):], p.magic)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := Identify(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range c.Label + c.UUID {
			if r < ' ' || r == 0x7f {
				t.Errorf("%q has a control character", c)
			}
		}
	})
}

// fakeDisks makes a /sys and a /dev: a disk with two partitions, and two empty disks.
func fakeDisks(t *testing.T) Finder {
	t.Helper()
	dir := t.TempDir()
	f := Finder{filepath.Join(dir, "class"), filepath.Join(dir, "dev")}
	ext4 := make([]byte, 2<<20)
	copy(ext4[1024+56:], "\x53\xef")
	ext4[1024+96] = 0x40
	copy(ext4[1024+120:], "data")
	for _, d := range []struct {
		path, files string
		content     []byte
	}{
		{"vda", "size=8192 ro=0 serial=root", make([]byte, 1<<20)},
		{"vda/vda1", "size=2048 ro=0 start=2048 partition=1 uevent=PARTNAME=first", ext4},
		{"vda/vda2", "size=2048 ro=0 start=4096 partition=2 uevent=PARTNAME=second", make([]byte, 1<<20)},
		{"vdb", "size=4096 ro=0 serial=data", make([]byte, 2<<20)},
		{"vdc", "size=4096 ro=1", make([]byte, 2<<20)},
		{"vdd", "size=0 ro=0", nil},
		{"dm-0", "size=4096 ro=0 dm/name=vault dm/uuid=CRYPT-LUKS2-1-vault", make([]byte, 2<<20)},
		{"ram0", "size=4096 ro=0", make([]byte, 2<<20)},
	} {
		real := filepath.Join(dir, "devices", d.path)
		if err := os.MkdirAll(real, 0o755); err != nil {
			t.Fatal(err)
		}
		for w := range strings.FieldsSeq(d.files) {
			name, value, _ := strings.Cut(w, "=")
			if err := errors.Join(os.MkdirAll(filepath.Dir(filepath.Join(real, name)), 0o755), os.WriteFile(filepath.Join(real, name), []byte(value+"\n"), 0o644)); err != nil {
				t.Fatal(err)
			}
		}
		for _, p := range []string{f.Sys, f.Dev} {
			if err := os.MkdirAll(p, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Symlink(real, filepath.Join(f.Sys, filepath.Base(d.path))); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(f.Dev, filepath.Base(d.path)), d.content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

func TestFind(t *testing.T) {
	t.Parallel()
	f := fakeDisks(t)
	for spec, want := range map[string]string{
		"LABEL=data": "vda1", "PARTLABEL=second": "vda2", "SERIAL=data": "vdb", f.Dev + "/vdc": "vdc",
		"LABEL=other": "no such device", f.Dev + "/vdd": "no such device", "label": "give a path", "SIZE=1": "give a path", "LABEL=": "give a path",
		f.Dev + "/../dev/vdb": "vdb", f.Dev + "/mapper/vault": "dm-0", f.Dev + "/mapper/other": "no such device",
	} {
		d, err := f.Find(spec)
		if d != nil && d.Name != want || d == nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %+v, %v; want %s", spec, d, err, want)
		}
	}
	d, err := f.Find("PARTLABEL=second")
	if err != nil {
		t.Fatal(err)
	}
	if want := (Device{Name: "vda2", Path: f.Dev + "/vda2", Disk: "vda", Number: 2, PartName: "second", Size: 1 << 20, Start: 2 << 20}); *d != want {
		t.Errorf("%+v", *d)
	}
	if d, err := f.Find(f.Dev + "/mapper/vault"); err != nil || !d.Encrypted {
		t.Errorf("%+v, %v", d, err)
	}
	if _, err := f.Wait(t.Context(), "LABEL=other", time.Millisecond); err == nil || !strings.Contains(err.Error(), "waited 1ms") {
		t.Error(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := f.Wait(ctx, "LABEL=other", time.Hour); err == nil {
		t.Error("found")
	}
}

// Two devices with one label are refused.
func TestFindTwo(t *testing.T) {
	t.Parallel()
	f := fakeDisks(t)
	b, err := os.ReadFile(f.Dev + "/vda1")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(f.Dev+"/vda2", b, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Find("LABEL=data"); err == nil || !strings.Contains(err.Error(), "both") {
		t.Error(err)
	}
}

func TestBlank(t *testing.T) {
	t.Parallel()
	f := fakeDisks(t)
	d, err := f.Blank()
	if err != nil || d.Name != "vdb" {
		t.Errorf("%+v, %v", d, err)
	}
	if err := d.MustBeEmpty(); err != nil {
		t.Error(err)
	}
	// Data far from both ends counts too.
	const at, size = 3<<20 + 5, 8 << 20
	if err := errors.Join(os.WriteFile(d.Path, append(make([]byte, at), 1), 0o644), os.Truncate(d.Path, size)); err != nil {
		t.Fatal(err)
	}
	if d, err := f.Blank(); err == nil {
		t.Errorf("found %+v", d)
	}
	if err := d.MustBeEmpty(); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("data of an unknown kind, at byte %d", at)) {
		t.Error(err)
	}
	first, err := f.Find("LABEL=data")
	if err != nil {
		t.Fatal(err)
	}
	if err := first.MustBeEmpty(); err == nil || err.Error() != fmt.Sprintf(`%s has data: ext4 with the label "data": it is not overwritten`, first.Path) {
		t.Error(err)
	}
}
