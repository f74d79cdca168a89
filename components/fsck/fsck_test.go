//go:build linux

package fsck

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/components/block"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f := block.Finder{Sys: filepath.Join(dir, "sys"), Dev: filepath.Join(dir, "dev")}
	ext4, xfs := make([]byte, 8192), append([]byte("XFSB"), make([]byte, 8192)...)
	copy(ext4[1024+56:], "\x53\xef")
	ext4[1024+96] = 0x40
	for name, b := range map[string][]byte{"vda": ext4, "vdb": xfs, "vdc": make([]byte, 8192)} {
		if err := errors.Join(os.MkdirAll(filepath.Join(f.Sys, name), 0o755), os.MkdirAll(f.Dev, 0o755),
			os.WriteFile(filepath.Join(f.Sys, name, "size"), []byte("16\n"), 0o644), os.WriteFile(filepath.Join(f.Dev, name), b, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		c          checker
		disk, exit string
		ran, want  string
	}{
		{checker{}, "vda", "0", "e2fsck -p", "ok checked"},
		{checker{force: true}, "vda", "1", "e2fsck -p -f", "mended"},
		{checker{yes: true}, "vda", "2", "e2fsck -y", "mended"},
		{checker{}, "vda", "4", "e2fsck -p", "exit status 4 (with -yes"},
		{checker{}, "vdb", "0", "", "xfs needs no check"},
		{checker{}, "vdc", "0", "", "cannot be checked"},
		{checker{missing: true}, "vdc", "0", "", "nothing to check"},
		{checker{}, "vdx", "0", "", "no such device"},
	} {
		ran := ""
		c.c.devices, c.c.run = f, func(ctx context.Context, args ...string) (string, error) {
			ran = strings.Join(args[:len(args)-1], " ")
			return "checked", exec.CommandContext(ctx, "sh", "-c", "exit "+c.exit).Run()
		}
		var out bytes.Buffer
		err := c.c.check(t.Context(), &out, []string{filepath.Join(f.Dev, c.disk)})
		text := "ok " + out.String()
		if err != nil {
			text = err.Error()
		}
		if ran != c.ran || !strings.Contains(text, c.want) {
			t.Errorf("%+v: ran %q, printed %q", c, ran, text)
		}
	}
}
