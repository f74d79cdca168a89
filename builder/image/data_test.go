package image

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The file system has equal bytes for equal inputs, and e2fsck finds no mistakes.
func TestEmptyData(t *testing.T) {
	t.Parallel()
	if _, err := (Tools{}).Find(DataTool); err != nil {
		t.Skip("skipped: no mke2fs; install Debian's e2fsprogs")
	}
	dir := t.TempDir()
	write := func(file, name string, at int64) []byte {
		p := filepath.Join(dir, file)
		if err := EmptyData(t.Context(), Tools{}, p, name, time.Unix(at, 0)); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	a := write("a", "os", 0)
	if len(a) != DataSize || !bytes.Equal(a, write("b", "os", 0)) {
		t.Errorf("%d bytes, or another file system", len(a))
	}
	if bytes.Equal(a, write("c", "another", 0)) {
		t.Error("two systems have the same file system")
	}
	if out, err := exec.Command("/usr/sbin/e2fsck", "-fn", filepath.Join(dir, "a")).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// A root with the file system of a data partition needs an init and a kernel that can
// use it.
func TestDataNeeds(t *testing.T) {
	t.Parallel()
	kernel := func(ext4 string) Kernel {
		return Kernel{Options: map[string]string{"CONFIG_BLK_DEV_DM": "y", "CONFIG_DM_VERITY": "y", "CONFIG_EXT4_FS": ext4}}
	}
	for _, c := range []struct {
		kernel  Kernel
		init    string
		modules map[string]bool
		want    string
	}{
		{kernel("y"), initMark + dataMark, nil, ""},
		{kernel("m"), initMark + dataMark, map[string]bool{"ext4": true}, ""},
		{Kernel{}, initMark + dataMark, nil, ""},
		{kernel("m"), initMark + dataMark, nil, "neither the kernel nor its modules have ext4"},
		{kernel("n"), initMark + dataMark, nil, "neither the kernel nor its modules have ext4"},
		{kernel("y"), initMark, nil, "cannot make a data partition"},
	} {
		s := &verifiedRoot{kernel: c.kernel, modules: c.modules, data: true, init: search{text: []byte(initMark)}, dataInit: search{text: []byte(dataMark)}}
		_, _ = s.init.Write([]byte(c.init))
		_, _ = s.dataInit.Write([]byte(c.init))
		text := ""
		for _, err := range []error{s.checkKernel(), s.checkInit()} {
			if err != nil {
				text += err.Error()
			}
		}
		if (text == "") != (c.want == "") || !strings.Contains(text, c.want) {
			t.Errorf("%q, want %q", text, c.want)
		}
	}
}
