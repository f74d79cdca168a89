//go:build linux

package growfs

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/components/block"
)

// ext4 is the superblock of a file system with blocks of 4 KiB.
func ext4(blocks uint32) []byte {
	b := make([]byte, 4096)
	s := b[1024:]
	binary.LittleEndian.PutUint32(s[4:], blocks)
	binary.LittleEndian.PutUint32(s[24:], 2)
	copy(s[56:], "\x53\xef")
	s[96] = 0x40 | 0x80
	return b
}

func TestGrow(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		content []byte
		fail    string
		want    string
		ran     string
	}{
		"small":      {ext4(4), "", "ext4 grew from 0 to 1 MiB", "e2fsck -p -f,resize2fs"},
		"full":       {ext4(256), "", "fills the device, 1 MiB", ""},
		"cut":        {ext4(257), "", "data is lost", ""},
		"broken":     {ext4(4), "e2fsck", "no", "e2fsck -p -f"},
		"impossible": {ext4(4), "resize2fs", "no", "e2fsck -p -f,resize2fs"},
		"damaged":    {ext4(0), "", "the superblock is damaged", ""},
		"xfs":        {append([]byte("XFSB"), make([]byte, 4092)...), "", "only ext2, ext3 and ext4", ""},
	} {
		dir := t.TempDir()
		f := block.Finder{Sys: filepath.Join(dir, "sys"), Dev: filepath.Join(dir, "dev")}
		path := filepath.Join(f.Dev, "vda")
		if err := errors.Join(os.MkdirAll(filepath.Join(f.Sys, "vda"), 0o755), os.Mkdir(f.Dev, 0o755),
			os.WriteFile(filepath.Join(f.Sys, "vda", "size"), []byte("2048\n"), 0o644), os.WriteFile(path, c.content, 0o644)); err != nil {
			t.Fatal(err)
		}
		var ran []string
		g := grower{devices: f, run: func(_ context.Context, args ...string) (string, error) {
			ran = append(ran, strings.Join(args[:len(args)-1], " "))
			if args[0] == c.fail {
				return "", errors.New("no")
			}
			if args[0] == "resize2fs" {
				return "", os.WriteFile(path, ext4(256), 0o644)
			}
			return "", nil
		}}
		var out bytes.Buffer
		text := ""
		if err := g.grow(t.Context(), &out, []string{path}); err != nil {
			text = err.Error()
		}
		if text += out.String(); !strings.Contains(text, c.want) || strings.Join(ran, ",") != c.ran {
			t.Errorf("%s: printed %q, ran %q", name, text, ran)
		}
	}
}
