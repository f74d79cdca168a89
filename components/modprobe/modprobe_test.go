//go:build linux

package modprobe

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	t.Parallel()
	got, err := parse(strings.Fields("dm-crypt loop max_loop=8 max_part=1 -a raid1"))
	if want := "[{dm_crypt } {loop max_loop=8 max_part=1} {raid1 }]"; err != nil || fmt.Sprint(got) != want {
		t.Errorf("%v, %v", got, err)
	}
	for _, bad := range []string{"", "a=1", "../x", "loop =1", "a b;c"} {
		if got, err := parse(strings.Fields(bad)); err == nil {
			t.Errorf("%q: %v", bad, got)
		}
	}
}

func kernel(t *testing.T, dep string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"modules.dep": dep, "modules.builtin": "kernel/fs/ext4/ext4.ko\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// Needed modules are loaded first, from right to left.
func TestLoad(t *testing.T) {
	t.Parallel()
	d, err := open(kernel(t, "# comment\nkernel/dm-crypt.ko: kernel/dm-mod.ko kernel/x.ko\nkernel/dm-mod.ko:\nkernel/x.ko:\n"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	insert := func(file, parameters string) error {
		got = append(got, filepath.Base(file)+parameters)
		if filepath.Base(file) == "dm-mod.ko" && len(got) > 3 {
			return errors.New("refused")
		}
		return nil
	}
	if n, err := d.load(module{"dm_crypt", "a=1"}, insert); n != 3 || err != nil || fmt.Sprint(got) != "[x.ko dm-mod.ko dm-crypt.koa=1]" {
		t.Errorf("%d, %v, %v", n, err, got)
	}
	if n, err := d.load(module{"ext4", ""}, insert); n != 0 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if _, err := d.load(module{"zfs", ""}, insert); !errors.Is(err, errMissing) {
		t.Error(err)
	}
	if _, err := d.load(module{"dm_crypt", ""}, insert); err == nil || !strings.Contains(err.Error(), "dm_crypt needs dm_mod: refused") {
		t.Error(err)
	}
}

func TestOpenErrors(t *testing.T) {
	t.Parallel()
	for dep, want := range map[string]string{
		"../a.ko:":       "modules.dep:1",
		"/a.ko:":         "modules.dep:1",
		"a.ko: ../../b":  "modules.dep:1",
		"a.ko:\nb.ko c:": "modules.dep:2",
	} {
		if _, err := open(kernel(t, dep)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", dep, err)
		}
	}
	if _, err := open(t.TempDir()); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

func FuzzDep(f *testing.F) {
	f.Add("kernel/a.ko: kernel/b.ko")
	f.Fuzz(func(t *testing.T, s string) {
		d := &depends{"/m", map[string]string{}, map[string][]string{}, map[string]bool{}}
		if d.dep(s) != nil {
			return
		}
		for _, file := range d.files {
			if !strings.HasPrefix(filepath.Join("/m", file), "/m/") {
				t.Errorf("%q leaves the folder", file)
			}
		}
	})
}
