package verify_test

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/seaworthy-os/seaworthy/attest/layout"
	"github.com/seaworthy-os/seaworthy/attest/sealtest"
	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/attest/verify"
)

// unsignedParts are things that no signature covers: special modes, empty folders,
// and everything that is not a plain file, at any depth.
func unsignedParts(t *testing.T) []attack {
	mode := func(path string, m fs.FileMode) func(string) error {
		return func(dir string) error { return os.Chmod(filepath.Join(dir, path), m) }
	}
	mkdir := func(path string) func(string) error {
		return func(dir string) error { return os.MkdirAll(filepath.Join(dir, path), 0o755) }
	}
	var out []attack
	for _, tt := range []struct {
		name   string
		damage func(dir string) error
		what   string
	}{
		{"set-user-ID file", mode("demo-kernel", 0o644|fs.ModeSetuid), "demo-kernel"},
		{"set-group-ID byproduct", mode("report.html", 0o644|fs.ModeSetgid), "report.html"},
		{"sticky bundle", mode(statement.BundlePath("vsa"), 0o644|fs.ModeSticky), statement.BundlePath("vsa")},
		{"set-user-ID folder", mode("sbom", 0o755|fs.ModeSetuid), "sbom"},
		{"executable file", mode("demo-initrd.img", 0o755), "demo-initrd.img"},
		{"executable for its group", mode("sbom/demo.spdx.json", 0o654), "sbom/demo.spdx.json"},
		{"executable document of the layout", mode("oci/index.json", 0o755), "oci/index.json"},
		{"empty folder", mkdir("boot"), "boot"},
		{"empty folders", mkdir("sbom/a/b"), "sbom/a/b"},
		{"empty folder in the layout", mkdir("oci/blobs/sha512"), "oci/blobs/sha512"},
		{"empty folder among the attestations", mkdir("attestations/old"), "attestations/old"},
		{"empty folder beside one of a similar name", mkdir("sbo"), "sbo"},
		{"pipe", func(dir string) error { return syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o644) }, "pipe"},
		{"socket", func(dir string) error {
			l, err := net.Listen("unix", shortPath(t, dir, "s"))
			if err != nil {
				return err
			}
			l.(*net.UnixListener).SetUnlinkOnClose(false)
			return l.Close()
		}, "s"},
		{"link to a folder", func(dir string) error { return os.Symlink("sbom", filepath.Join(dir, "more")) }, "more"},
		{"link to a missing file", func(dir string) error { return os.Symlink("nothing", filepath.Join(dir, "more")) }, "more"},
		{"linked layout", swapFor(layout.Dir), layout.Dir},
		{"linked attestations", swapFor(statement.Dir), statement.Dir},
		{"attestation under a second name", func(dir string) error {
			return os.Link(filepath.Join(dir, statement.BundlePath("vsa")), filepath.Join(dir, "vsa.json"))
		}, "vsa.json"},
		{"file that differs in letter case", func(dir string) error {
			return os.Link(filepath.Join(dir, "demo-kernel"), filepath.Join(dir, "Demo-kernel"))
		}, "Demo-kernel"},
	} {
		out = append(out, attack{tt.name, func(t *testing.T, dir string) {
			if err := tt.damage(dir); err != nil {
				t.Fatal(err)
			}
		}, verify.CheckFolder, tt.what})
	}
	return out
}

// shortPath is a short path of a file in dir, as the address of a socket
// requires.
func shortPath(t *testing.T, dir, name string) string {
	t.Helper()
	link := filepath.Join(os.TempDir(), filepath.Base(t.TempDir())+name)
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Remove(link) })
	return filepath.Join(link, name)
}

// swapFor replaces a folder with a link to it.
func swapFor(name string) func(dir string) error {
	return func(dir string) error {
		return errors.Join(os.Rename(filepath.Join(dir, name), filepath.Join(dir, "..", name)), os.Symlink("../"+name, filepath.Join(dir, name)))
	}
}

// Honest copies are accepted: modes of another umask, a file system without
// modes, a folder that passes on its group.
func TestHonestCopies(t *testing.T) {
	t.Parallel()
	s := sealtest.Signer(t)
	for name, modes := range map[string]struct{ files, dirs fs.FileMode }{
		"private":               {0o600, 0o700},
		"read-only":             {0o444, 0o555},
		"of a group":            {0o664, 0o775 | fs.ModeSetgid},
		"from a memory stick":   {0o755, 0o755},
		"writable for everyone": {0o777, 0o777},
	} {
		dir := sealtest.New("demo").Seal(t, s)
		var dirs []string
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if d.IsDir() {
				dirs = append(dirs, path)
				return nil
			}
			return os.Chmod(path, modes.files)
		})
		for _, d := range dirs {
			err = errors.Join(err, os.Chmod(d, modes.dirs))
		}
		t.Cleanup(func() { // without this, nothing in the folder can be removed
			for _, d := range dirs {
				_ = os.Chmod(d, 0o755)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		r, err := verifier(t, s).Dir(dir)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		r.Close()
	}
}
