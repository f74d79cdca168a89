package pipeline_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/seaworthy-os/seaworthy/attest"
	"github.com/seaworthy-os/seaworthy/builder"
	"github.com/seaworthy-os/seaworthy/internal/ocitest"
	"github.com/seaworthy-os/seaworthy/pipeline"
	"github.com/seaworthy-os/seaworthy/policy"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// surroundings are the properties of a build's environment that must not change its
// output.
type surroundings struct {
	// In is the folder of the inputs and the output. File is the name of os.yml on
	// the command line.
	In, File string
	Umask    int
	Jobs     int
	Now      time.Time
	Key      string
	env      []string
	dir      string
}

// surroundingsEnv tells a new process of this test program to build. The build needs
// its own process, because the umask and the settings that Go reads at start are
// global.
const surroundingsEnv = "SEAWORTHY_TEST_SURROUNDINGS"

func TestMain(m *testing.M) {
	if raw := os.Getenv(surroundingsEnv); raw != "" {
		if err := buildIn(raw); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func buildIn(raw string) error {
	var s surroundings
	if err := json.Unmarshal([]byte(raw), &s); err != nil {
		return err
	}
	syscall.Umask(s.Umask)
	signer, err := attest.LoadSigner(s.Key, func() ([]byte, error) { return nil, nil })
	if err != nil {
		return err
	}
	built, err := pipeline.Build(context.Background(), pipeline.BuildOptions{
		CheckOptions: pipeline.CheckOptions{
			Resolve: builder.Options{Files: []string{s.File}, Arch: "amd64", Components: []string{filepath.Join(s.In, "images")}, Offline: true, Jobs: s.Jobs},
			Policy: policy.Options{Policy: filepath.Join(s.In, "policy"), Waivers: filepath.Join(s.In, "waivers.yml"), Now: s.Now,
				Tool: decision.Tool{Name: "seaworthy", Version: "test"}},
			Time: time.Unix(0, 0).UTC(),
		},
		Formats: []string{"tar", "kernel+initrd"}, OutputDir: filepath.Join(s.In, "out"), Signer: func() (attest.Signer, error) { return signer, nil }, Version: "test",
	})
	if err != nil {
		return err
	}
	if built.Denied {
		return fmt.Errorf("denied: %+v", built.Decision.Findings)
	}
	return nil
}

// TestSameBytes builds one system twice in environments that differ in every allowed
// way. All bytes must be the same, including the bundles, whose signatures are
// deterministic.
func TestSameBytes(t *testing.T) {
	t.Parallel()
	key := t.TempDir()
	if err := attest.GenerateKey(key, nil); err != nil {
		t.Fatal(err)
	}
	day := time.Date(2027, 1, 31, 23, 59, 0, 0, time.UTC)
	one, two := filepath.Join(t.TempDir(), "a"), filepath.Join(t.TempDir(), "another", "folder")
	builds := []surroundings{
		{In: one, File: "os.yml", dir: one, Umask: 0o077, Jobs: 1, Now: day, env: []string{"TZ=UTC", "LANG=C", "GOMAXPROCS=1"}},
		{In: two, File: filepath.Join(two, "os.yml"), dir: t.TempDir(), Umask: 0o002, Jobs: 8, Now: day.Add(12 * time.Hour),
			env: []string{"TZ=Pacific/Kiritimati", "LANG=de_DE.UTF-8", "LC_ALL=tr_TR.UTF-8", "GOMAXPROCS=7", "TMPDIR=" + t.TempDir(), "HOME=" + t.TempDir(), "USER=somebody"}},
	}
	var got []map[string]string
	for _, s := range builds {
		s.Key = filepath.Join(key, attest.PrivateKeyFile)
		writeSystem(t, s.In)
		got = append(got, s.build(t))
	}
	if len(got[0]) < 20 {
		t.Errorf("only %d files were compared", len(got[0]))
	}
	for path, was := range got[0] {
		if is := got[1][path]; is != was {
			t.Errorf("%s: %s, then %s\n%s", path, was, is, firstDifference(t, filepath.Join(one, "out", path), filepath.Join(two, "out", path)))
		}
	}
	for path := range got[1] {
		if got[0][path] == "" {
			t.Errorf("%s is only in the second output", path)
		}
	}
}

func (s surroundings) build(t *testing.T) map[string]string {
	t.Helper()
	raw, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(), append(s.env, surroundingsEnv+"="+string(raw))...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return digests(t, filepath.Join(s.In, "out"))
}

// digests returns mode, size and hash of each object below dir, including dir.
func digests(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		out[name] = info.Mode().String()
		if info.Mode().IsRegular() {
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			out[name] += fmt.Sprintf(" %d bytes %x", len(b), sha256.Sum256(b))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// firstDifference shows the first difference of two files, as a help for debugging.
func firstDifference(t *testing.T, a, b string) string {
	t.Helper()
	x, errX := os.ReadFile(a)
	y, errY := os.ReadFile(b)
	if errX != nil || errY != nil {
		return "" // a folder, or a file is missing
	}
	n := 0
	for n < min(len(x), len(y)) && x[n] == y[n] {
		n++
	}
	near := func(b []byte) []byte { return b[max(0, n-60):min(len(b), n+60)] }
	return fmt.Sprintf("at byte %d: %q\n      then: %q", n, near(x), near(y))
}

// writeSystem writes a system with the usual causes of differing builds: several
// layers, links, files without a folder, packages, and contents larger than one block
// of a compressor.
func writeSystem(t *testing.T, dir string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(dir, "policy"), os.DirFS("../cmd/seaworthy/testdata/policy")); err != nil {
		t.Fatal(err)
	}
	write := func(name, content string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("os.yml", `kernel: {image: "test/kernel:1", cmdline: "console=ttyS0 quiet"}
init: ["test/init:1"]
onboot:
  - {name: setup, image: "test/tool:1", pid: host, command: ["/bin/tool", "once"]}
services:
  - {name: web, image: "test/web:1", net: host, readonly: true, capabilities: [CAP_NET_BIND_SERVICE]}
  - {name: again, image: "test/web:1", env: ["B=2", "A=1"]}
files:
  - {path: etc/hostname, contents: "ship\n", mode: "0644"}
  - {path: var/empty, directory: true, mode: "0700"}
`)
	write("waivers.yml", `waivers:
  - {rule: TST-001, resource: "component:onboot/setup", reason: "it is done before anything else runs", owner: "ops@example.org", expires: 2027-06-30}
`)
	packages := ocitest.File("var/lib/dpkg/status", "Package: web\nStatus: install ok installed\nVersion: 1.0-1\nArchitecture: amd64\nMaintainer: nobody <nobody@example.org>\n\n"+
		"Package: library\nStatus: install ok installed\nVersion: 2.0\nArchitecture: all\nMaintainer: nobody <nobody@example.org>\n\n")
	noise := bytes.Buffer{}
	for i := range 80_000 {
		sum := sha256.Sum256([]byte(fmt.Sprint(i % 70_000)))
		noise.Write(sum[:])
	}
	config := kernelConfig(append(many, "RD_ZSTD")...)
	ocitest.WriteLayout(t, filepath.Join(dir, "images"),
		ocitest.Named("test/kernel:1", image(nil, ocitest.File("kernel", strings.Repeat("kernel", 1000)), ocitest.File("config", config),
			ocitest.Tarball("kernel.tar", ocitest.Dir("lib"), ocitest.Dir("lib/modules"), ocitest.File("lib/modules/6.1.0/modules.dep", "a:\n")))),
		ocitest.Named("test/init:1", image(nil, ocitest.Exec("init", "#!"), ocitest.Dir("bin"), ocitest.Exec("bin/sh", "#!"), ocitest.Hardlink("bin/ash", "bin/sh"), ocitest.Symlink("sbin", "bin"))),
		ocitest.Named("test/tool:1", image([]string{"/bin/tool"}, ocitest.Exec("bin/tool", "#!"))),
		ocitest.Named("test/web:1", ocitest.Image{
			Config: ocitest.Config{Entrypoint: []string{"/web"}, User: "33", Labels: map[string]string{"b": "2", "a": "1"}},
			Layers: []ocitest.Layer{
				{Entries: []ocitest.Entry{ocitest.Dir("var"), ocitest.Dir("var/lib"), ocitest.Dir("var/lib/dpkg"), packages, ocitest.File("old", "old")}},
				{Compression: ocitest.Zstd, Entries: []ocitest.Entry{ocitest.Exec("web", "#!"), ocitest.File("noise", noise.String()), ocitest.Hardlink("noise2", "noise")}},
				{Entries: []ocitest.Entry{ocitest.Whiteout("old"), ocitest.File("usr/share/doc/web/copyright", "License: MIT\n"),
					{Path: "bin/su", Mode: 0o4755, Content: "su"}}},
			}}),
	)
}

// kernelConfig returns a kernel configuration with the options set.
func kernelConfig(options ...string) string {
	config := "# Linux/x86 6.1.0 Kernel Configuration\nCONFIG_INIT_ENV_ARG_LIMIT=32\nCONFIG_HZ=250\nCONFIG_PGTABLE_LEVELS=4\n"
	for _, o := range options {
		config += "CONFIG_" + o + "=y\n"
	}
	return config
}

func image(entrypoint []string, entries ...ocitest.Entry) ocitest.Image {
	return ocitest.Image{Layers: []ocitest.Layer{{Entries: entries}}, Config: ocitest.Config{Entrypoint: entrypoint}}
}
