//go:build linux

package format

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/components/block"
)

// oneDisk is a system with one disk of 2 MiB.
func oneDisk(t *testing.T) (block.Finder, string) {
	t.Helper()
	dir := t.TempDir()
	sys, dev := filepath.Join(dir, "sys"), filepath.Join(dir, "dev")
	if err := errors.Join(os.MkdirAll(filepath.Join(sys, "vdb"), 0o755), os.Mkdir(dev, 0o755),
		os.WriteFile(filepath.Join(sys, "vdb", "size"), []byte("4096\n"), 0o644),
		os.WriteFile(filepath.Join(dev, "vdb"), make([]byte, 2<<20), 0o644)); err != nil {
		t.Fatal(err)
	}
	return block.Finder{Sys: sys, Dev: dev}, filepath.Join(dev, "vdb")
}

// fakeExt4 writes what identifies an ext4 with a label.
func fakeExt4(path, label string) error {
	b := make([]byte, 2<<20)
	copy(b[1024+56:], "\x53\xef")
	b[1024+96] = 0x40
	copy(b[1024+120:], label)
	return os.WriteFile(path, b, 0o644)
}

func TestFormat(t *testing.T) {
	t.Parallel()
	devices, path := oneDisk(t)
	ran := ""
	format := func(f formatter, args ...string) string {
		ran = ""
		f.devices, f.run = devices, func(_ context.Context, args ...string) error {
			ran = strings.Join(args, " ")
			return fakeExt4(path, f.label)
		}
		if f.typ == "" {
			f.typ = "ext4"
		}
		var out bytes.Buffer
		if err := f.format(t.Context(), &out, args); err != nil {
			return err.Error()
		}
		return out.String()
	}
	want := func(got, output, command string) {
		t.Helper()
		if !strings.Contains(got, output) || ran != command {
			t.Errorf("printed %q, ran %q; want %q, %q", got, ran, output, command)
		}
	}
	make := fmt.Sprintf("mke2fs -q -F -t ext4 -L data %s", path)
	// The only empty disk is used; after that, it is known by its label.
	want(format(formatter{label: "data"}), `made ext4 with the label "data", 2 MiB`, make)
	want(format(formatter{label: "data"}), `has ext4 with the label "data" already`, "")
	want(format(formatter{label: "data"}, path), "already", "")
	want(format(formatter{}, path), "it is not overwritten", "")
	want(format(formatter{label: "other"}, path), "(use -force if the data is not needed)", "")
	want(format(formatter{label: "other"}), "no disk is empty", "")
	want(format(formatter{label: "other", force: true}), "-force needs the name", "")
	want(format(formatter{label: "data", force: true}, path), "made ext4", make)
	if err := os.WriteFile(path, append(bytes.Repeat([]byte{0}, 5000), 1), 0o644); err != nil {
		t.Fatal(err)
	}
	want(format(formatter{}, path), "data of an unknown kind", "")
	want(format(formatter{noise: true}, path), "data of an unknown kind", "")
	dm := filepath.Join(devices.Sys, "vdb", "dm")
	if err := errors.Join(os.Mkdir(dm, 0o755), os.WriteFile(filepath.Join(dm, "uuid"), []byte("CRYPT-LUKS2-1-x\n"), 0o644)); err != nil {
		t.Fatal(err)
	}
	want(format(formatter{}, path), "data of an unknown kind", "")
	want(format(formatter{noise: true, label: "data"}, path), "made ext4", make)
	want(format(formatter{noise: true}, path), "it is not overwritten", "")
	want(format(formatter{size: "16"}, path), "is not a size such as", "")
	want(format(formatter{size: "1M", label: "small", owner: "204:204", force: true}, path), "made ext4", fmt.Sprintf("mke2fs -q -F -t ext4 -L small -E root_owner=204:204 %s 1M", path))
	want(format(formatter{owner: "postgres"}, path), "is not UID:GID", "")
	want(format(formatter{typ: "ntfs"}, path), "unknown type", "")
	want(format(formatter{label: "a b"}, path), "is not text of at most 16", "")
	want(format(formatter{}, path, path), "there are 2 devices", "")
}
