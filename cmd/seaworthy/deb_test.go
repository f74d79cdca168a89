package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestDeb makes the Debian package twice, under other settings. Both have the same
// bytes. It installs the package into an empty root with dpkg, and runs what it finds
// there.
func TestDeb(t *testing.T) {
	nfpm := os.Getenv("SEAWORTHY_DEB")
	if nfpm == "" {
		t.Skip("skipped: needs nfpm; run `make test-deb`")
	}
	if _, err := exec.LookPath("dpkg-deb"); err != nil {
		t.Skip("skipped: dpkg is not installed")
	}
	dir := t.TempDir()
	command := func(env []string, name string, args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), name, args...)
		cmd.Env = append(os.Environ(), env...)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s %v: %v\n%s", name, args, err, out)
		}
		return string(out)
	}
	one, two := filepath.Join(dir, "one.deb"), filepath.Join(dir, "two.deb")
	command([]string{"SOURCE_DATE_EPOCH=1790000000"}, "../../packaging/deb.sh", nfpm, "v1.2.0-3-gabc", one)
	command([]string{"SOURCE_DATE_EPOCH=1790000000", "TZ=Asia/Tokyo", "LC_ALL=C"}, "sh", "-c", `umask 077; exec "$@"`, "sh", "../../packaging/deb.sh", nfpm, "v1.2.0-3-gabc", two)
	first, err := os.ReadFile(one)
	if err != nil {
		t.Fatal(err)
	}
	second, err := os.ReadFile(two)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first, second) {
		t.Error("two packages of the same programs differ")
	}
	t.Logf("the package has %d bytes", len(first))
	for field, want := range map[string]string{"Package": "seaworthy", "Version": "1.2.0+3+gabc", "Depends": "", "Section": "admin"} {
		if got := strings.TrimSpace(command(nil, "dpkg-deb", "-f", one, field)); got != want {
			t.Errorf("%s: %q, want %q", field, got, want)
		}
	}
	list := command([]string{"TZ=UTC"}, "dpkg-deb", "-c", one)
	for line := range strings.Lines(list) {
		if !strings.Contains(line, " root/root ") || !strings.Contains(line, " 2026-09-21 ") {
			t.Errorf("owner or time: %s", line)
		}
		if mode := line[:10]; mode != "-rwxr-xr-x" && mode != "-rw-r--r--" && mode != "drwxr-xr-x" {
			t.Errorf("mode: %s", line)
		}
	}
	// The database of dpkg is new, and no script runs.
	root := filepath.Join(dir, "root")
	admin := filepath.Join(root, "var/lib/dpkg")
	for _, d := range []string{"updates", "info", "triggers"} {
		if err := os.MkdirAll(filepath.Join(admin, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range []string{"status", "available"} {
		if err := os.WriteFile(filepath.Join(admin, f), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	command([]string{"PATH=" + os.Getenv("PATH") + ":/usr/sbin:/sbin"}, "dpkg", "--root="+root, "--force-not-root", "--log="+filepath.Join(dir, "log"), "-i", one)
	if got := command(nil, "dpkg-query", "--admindir="+admin, "-W", "-f", "${db:Status-Status} ${Version}", "seaworthy"); got != "installed 1.2.0+3+gabc" {
		t.Errorf("dpkg-query: %q", got)
	}
	if help := command(nil, filepath.Join(root, "usr/bin/seaworthy"), "check", "--help"); !strings.Contains(help, "seaworthy check OS.yml") {
		t.Errorf("the installed program says %s", help)
	}
	command(nil, filepath.Join(root, "usr/bin/seaworthy-verify"), "--help")
	if page := command(nil, "gzip", "-dc", filepath.Join(root, "usr/share/man/man1/seaworthy-check.1.gz")); !strings.Contains(page, ".TH") {
		t.Errorf("the manual page is %.200s", page)
	}
	for _, f := range []string{"bash-completion/completions/seaworthy", "zsh/vendor-completions/_seaworthy", "fish/vendor_completions.d/seaworthy.fish", "doc/seaworthy/copyright", "doc/seaworthy/changelog.gz"} {
		if info, err := os.Stat(filepath.Join(root, "usr/share", f)); err != nil || info.Size() == 0 {
			t.Errorf("%s is missing or empty: %v", f, err)
		}
	}
	completion := filepath.Join(root, "usr/share/bash-completion/completions/seaworthy")
	command(nil, "bash", "-n", completion)
}
