//go:build linux

package mdraid

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/components/block"
)

// disks is a machine with a disk for each letter of kinds: e(mpty), m(ember of an array),
// d(ata), or "-" for a disk that is not there.
func disks(t *testing.T, kinds string) block.Finder {
	t.Helper()
	dir := t.TempDir()
	f := block.Finder{Sys: filepath.Join(dir, "sys"), Dev: filepath.Join(dir, "dev")}
	if err := errors.Join(os.Mkdir(f.Sys, 0o755), os.Mkdir(f.Dev, 0o755)); err != nil {
		t.Fatal(err)
	}
	for i, kind := range kinds {
		b := make([]byte, 8192)
		switch kind {
		case '-':
			continue
		case 'm':
			copy(b[4096:], "\xfc\x4e\x2b\xa9\x01\x00\x00\x00")
		case 'd':
			b[3000] = 1
		}
		name := "vd" + string(rune('a'+i))
		if err := errors.Join(os.Mkdir(filepath.Join(f.Sys, name), 0o755), os.WriteFile(filepath.Join(f.Sys, name, "size"), []byte("16\n"), 0o644),
			os.WriteFile(filepath.Join(f.Dev, name), b, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

func TestAssemble(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a         assembler
		disks     string
		ran, want string
	}{
		{assembler{create: true}, "ee", "--create md0 --run --metadata=1.2 --homehost=any --name=md0 --level=1 --raid-devices=2 --bitmap=internal vda vdb", "made from"},
		{assembler{create: true, level: "0"}, "ee", "--create md0 --run --metadata=1.2 --homehost=any --name=md0 --level=0 --raid-devices=2 vda vdb", "made from"},
		{assembler{}, "ee", "", "the devices are empty"},
		{assembler{create: true}, "mm", "--assemble md0 --no-degraded vda vdb", "assembled from"},
		{assembler{degraded: true}, "m-", "--assemble md0 --run vda", "vdb is missing"},
		{assembler{}, "m-", "", "no such device"},
		{assembler{degraded: true}, "--", "", "there is no device"},
		{assembler{create: true}, "em", "", "add it by hand"},
		{assembler{create: true, degraded: true}, "e-", "", "add it by hand"},
		{assembler{create: true}, "ed", "", "it is not overwritten"},
		{assembler{create: true, level: "5"}, "ee", "", "at least 3 devices"},
		{assembler{create: true, level: "7"}, "ee", "", "is not one of"},
	} {
		f := disks(t, c.disks)
		ran := ""
		if c.a.level == "" {
			c.a.level = "1"
		}
		c.a.devices, c.a.wait = f, 1
		c.a.run = func(_ context.Context, args ...string) error {
			ran = strings.ReplaceAll(strings.Join(args[1:], " "), f.Dev+"/", "")
			// The array appears.
			return errors.Join(os.Mkdir(filepath.Join(f.Sys, "md0"), 0o755), os.WriteFile(filepath.Join(f.Sys, "md0", "size"), []byte("8\n"), 0o644))
		}
		var out bytes.Buffer
		text := ""
		if err := c.a.assemble(t.Context(), &out, []string{"md0", f.Dev + "/vda", f.Dev + "/vdb"}); err != nil {
			text = err.Error()
		}
		if text += out.String(); !strings.Contains(text, c.want) || ran != c.ran {
			t.Errorf("%s %+v:\nran     %q\nwant    %q\nprinted %q, want %q", c.disks, c.a.level, ran, c.ran, text, c.want)
		}
	}
}
