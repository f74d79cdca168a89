package scanner_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/scanner"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
	st "github.com/seaworthy-os/seaworthy/scanner/scantest"
)

const release = "6.1.0-41-cloud-amd64"

const config = `# Linux/x86 6.1.158 Kernel Configuration
CONFIG_INIT_ENV_ARG_LIMIT=32
CONFIG_HZ=250
CONFIG_PGTABLE_LEVELS=4
CONFIG_A=y
CONFIG_B=m
CONFIG_SECCOMP=y
CONFIG_SECCOMP_FILTER=y
CONFIG_RD_ZSTD=y
CONFIG_LSM="landlock,lockdown,yama"
CONFIG_C=y
CONFIG_D=y
CONFIG_E=12
# CONFIG_KEXEC is not set
`

// fixture is a system with the contents of its images.
type fixture struct {
	sys    *system.OS
	images map[string][]st.Object // by manifest
}

func newFixture() *fixture {
	kernel := &system.Component{Section: system.SectionKernel, Name: "kernel", Image: st.Image("docker.io/seaworthy/kernel:6.1", "a1")}
	web := st.Image("docker.io/library/web:1", "b2")
	web.Config.Env, web.Config.User, web.Config.Labels = []string{"A=b"}, "web", map[string]string{"l": "m"}
	os := system.Origin{Layer: system.LayerOSYML, File: "os.yml", Line: 3, Column: 5}
	f := &fixture{images: map[string][]st.Object{}, sys: &system.OS{
		Name: "test", Arch: "amd64", Sources: []system.Source{{Path: "os.yml", Digest: "sha256:00"}},
		Kernel: system.Kernel{Component: kernel, Cmdline: "console=ttyS0 quiet", Origin: os, Binary: "kernel", Tar: "kernel.tar"},
		Components: []*system.Component{
			kernel,
			{Section: system.SectionServices, Name: "web", Image: web, Spec: []byte(`{"process":{"args":["web"]}}`), Runtime: []byte(`{}`),
				ReadOnly: true, Pos: system.Position{File: "os.yml", Line: 9, Column: 12}, Origins: map[string]system.Origin{"": os}},
			{Section: system.SectionServices, Name: "again", Index: 1, Image: web, Spec: []byte(`{}`)},
		},
		Files: []system.File{
			{Path: "etc/motd", Type: system.TypeFile, Mode: 0o644, Contents: []byte("hi"), Size: 2, Digest: "sha256:11"},
			{Path: "etc/key", Type: system.TypeFile, Mode: 0o600, Contents: []byte("token " + "gh" + "p_0123456789abcdefABCDEF0123456789abcd"), Pos: system.Position{File: "os.yml", Line: 20, Column: 3}},
			{Path: "etc/link", Type: system.TypeSymlink, Link: "/x"},
		},
	}}
	f.images[kernel.Image.Manifest] = []st.Object{
		st.File("kernel", "Linux version "+release+" (nobody@example) #1 SMP\n"),
		st.File("config", config),
		st.File("kernel.tar", "tar"),
		st.Nested("kernel.tar", st.Dir("lib/modules/"+release+"/kernel", 0o755)),
		st.Nested("kernel.tar", st.File("lib/modules/"+release+"/modules.dep", "")),
		st.Nested("kernel.tar", st.File("lib/modules/"+release+"/kernel/virtio-net.ko", "")),
		st.File("var/lib/dpkg/status.d/k", st.DpkgStatus("linux-image-"+release, "6.1.158-1")),
	}
	f.images[web.Manifest] = append(st.Debian(map[string][]string{"libfoo": {"usr/lib/libfoo.so.1"}, "bar": {"usr/bin/bar"}}),
		st.Mode("usr/bin/su", 0o4755, "x"), st.File("opt/unowned", "y"))
	return f
}

// scan makes a pass over each image, all at the same time, as a pipeline may.
func (f *fixture) scan(t *testing.T, s *scanner.Scanner) (*facts.Facts, *scanner.Documents, error) {
	t.Helper()
	var wait sync.WaitGroup
	errs := make([]error, len(f.sys.Components))
	for i, c := range f.sys.Components {
		sink, err := s.Sink(t.Context(), c.Image, f.reading(c))
		if err != nil {
			t.Fatal(err)
		}
		wait.Go(func() { errs[i] = st.Feed(f.images[c.Image.Manifest], sink) })
	}
	wait.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, nil, err
	}
	found, err := s.Facts(t.Context(), f.sys)
	if err != nil {
		return nil, nil, err
	}
	docs, err := s.Documents(t.Context(), f.sys)
	return found, docs, err
}

// reading describes how the pass reads a component's image.
func (f *fixture) reading(c *system.Component) scanner.Reading {
	if c.Section == system.SectionKernel {
		return scanner.Reading{Kernel: f.sys.Kernel.Binary}
	}
	return scanner.Reading{}
}

func newScanner(t *testing.T) *scanner.Scanner {
	t.Helper()
	s := scanner.New(scanner.Options{TempDir: t.TempDir(), Version: "1.0", Documents: true})
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestSystem(t *testing.T) {
	t.Parallel()
	fix := newFixture()
	s := newScanner(t)
	f, docs, err := fix.scan(t, s)
	if err != nil {
		t.Fatal(err)
	}
	if k := f.Kernel; !k.Present || k.Version != release || k.Config.Options["CONFIG_RD_ZSTD"] != "y" || k.Config.Mismatch != "" ||
		k.Package != "linux-image-"+release+" 6.1.158-1" || !slices.Equal(k.Modules, []string{"virtio_net"}) {
		t.Errorf("kernel: %+v", k)
	}
	if k := s.Kernel(); k.Version != release || k.Config.Options["CONFIG_RD_ZSTD"] != "y" {
		t.Errorf("kernel before facts: %+v", k)
	}
	web := f.Components[1]
	if web.ID != "services/web" || web.Image.Registry != "docker.io" || web.Image.Repository != "library/web" || web.Image.Tag != "1" ||
		web.Image.Origin.Line != 9 || !web.ReadOnly || web.Origins[""].Line != 3 || string(web.Spec) != `{"process":{"args":["web"]}}` {
		t.Errorf("component: %+v", web)
	}
	if len(web.SBOM.Packages) != 2 || web.SBOM.Packages[0].Name != "bar" || web.SBOM.Distro == nil || web.SBOM.Distro.ID != "debian" || !web.SBOM.Present {
		t.Errorf("SBOM: %+v", web.SBOM)
	}
	if len(web.Files.SetID) != 1 || web.Files.SetID[0].Path != "/usr/bin/su" || !web.Files.Present {
		t.Errorf("setid: %+v", web.Files.SetID)
	}
	if f.Files[0].Path != "/etc/motd" || f.Files[0].Mode != "644" || f.Files[0].Secret != "" || f.Files[1].Secret != "GitHub token" || f.Files[1].Origin.Line != 20 || f.Files[2].Link != "/x" {
		t.Errorf("files: %+v", f.Files)
	}
	if len(f.Cmdline.Params) != 2 || f.Cmdline.Origin.File != "os.yml" || f.Locked {
		t.Errorf("command line: %+v", f.Cmdline)
	}
	if want := []string{"kernel", "services/web", "services/again"}; !slices.Equal(f.SBOM.Components, want) || f.SBOM.Packages != 2*2+len(f.Components[0].SBOM.Packages) {
		t.Errorf("system SBOM: %+v", f.SBOM)
	}
	if len(docs.Components) != 3 || docs.Components[1].FileStem != "services-web" || docs.Components[1].Digest != web.Image.Manifest ||
		!bytes.Equal(docs.Components[1].SPDX, docs.Components[2].SPDX) || !bytes.Contains(docs.SPDX, []byte("SPDXRef-Component-services-again")) {
		t.Errorf("documents of %d components", len(docs.Components))
	}
}

// A list is never null, and the same system gives the same bytes.
func TestFactsAsJSON(t *testing.T) {
	t.Parallel()
	var first []byte
	var documents *scanner.Documents
	for range 3 {
		f, docs, err := newFixture().scan(t, newScanner(t))
		if err != nil {
			t.Fatal(err)
		}
		text, err := facts.Encode(f)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first, documents = text, docs
		}
		if !bytes.Equal(text, first) || !bytes.Equal(docs.SPDX, documents.SPDX) || !bytes.Equal(docs.CycloneDX, documents.CycloneDX) {
			t.Fatal("two scans differ")
		}
	}
	// null has these meanings: no value of a flag, no spec, no os-release, no
	// sshd_config, no config.toml of containerd, an unknown os.yml.
	var lines bytes.Buffer
	if err := json.Indent(&lines, first, "", " "); err != nil {
		t.Fatal(err)
	}
	for line := range strings.SplitSeq(lines.String(), "\n") {
		key, value, ok := strings.Cut(strings.TrimSpace(line), ": ")
		if ok && strings.TrimSuffix(value, ",") == "null" && !slices.Contains([]string{`"value"`, `"spec"`, `"runtime"`, `"distro"`, `"sshd"`, `"entry"`, `"logins"`, `"containerd"`}, key) {
			t.Errorf("null: %s", line)
		}
	}
}

func TestUnusable(t *testing.T) {
	t.Parallel()
	broken := st.File("usr/lib/sysimage/rpm/rpmdb.sqlite", "no database")
	for name, change := range map[string]func(*fixture, string){
		"package database": func(f *fixture, web string) { f.images[web] = []st.Object{broken} },
		"huge shadow": func(f *fixture, web string) {
			f.images[web] = []st.Object{st.File("etc/shadow", strings.Repeat("x", 2<<20))}
		},
	} {
		fix := newFixture()
		change(fix, fix.sys.Components[1].Image.Manifest)
		_, _, err := fix.scan(t, newScanner(t))
		var e *system.Error
		if !errors.Is(err, system.ErrUnusable) || !errors.As(err, &e) || e.Pos.Line != 9 || !strings.Contains(err.Error(), "services/web") {
			t.Errorf("%s: %v", name, err)
		}
	}
	fix := newFixture()
	fix.images[fix.sys.Components[0].Image.Manifest] = []st.Object{st.File("config", config)}
	fix.images[fix.sys.Components[1].Image.Manifest] = []st.Object{broken}
	if _, _, err := fix.scan(t, newScanner(t)); err == nil || !strings.Contains(err.Error(), "component kernel") || !strings.Contains(err.Error(), "services/web") {
		t.Errorf("both: %v", err)
	}
	fix = newFixture()
	fix.images[fix.sys.Components[1].Image.Manifest] = []st.Object{st.File(strings.Repeat("a/", 3000), "")}
	if _, _, err := fix.scan(t, newScanner(t)); !errors.Is(err, system.ErrUnusable) || !strings.Contains(err.Error(), "library/web") {
		t.Errorf("long path: %v", err)
	}
	fix = newFixture()
	if _, err := newScanner(t).Facts(t.Context(), fix.sys); !errors.Is(err, system.ErrUnusable) {
		t.Errorf("no pass was made: %v", err)
	}
	fix = newFixture()
	fix.sys.Files = []system.File{{Path: "x", Type: system.TypeFile, Source: filepath.Join(t.TempDir(), "gone"), SourceText: "gone"}}
	if _, _, err := fix.scan(t, newScanner(t)); !errors.Is(err, system.ErrUnusable) || !strings.Contains(err.Error(), `"/x"`) {
		t.Errorf("missing source: %v", err)
	}
}

func TestSourceWithSecret(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(name, []byte(strings.Repeat("# ", 50_000)+"gl"+"pat-abcdefghij0123456789\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	fix := newFixture()
	fix.sys.Files = []system.File{{Path: "x", Type: system.TypeFile, Source: name, SourceText: "key"}}
	f, _, err := fix.scan(t, newScanner(t))
	if err != nil || f.Files[0].Secret != "GitLab token" || f.Files[0].Source != "key" {
		t.Errorf("%+v, %v", f, err)
	}
}

func TestWithoutKernel(t *testing.T) {
	t.Parallel()
	fix := newFixture()
	fix.sys.Kernel = system.Kernel{}
	fix.sys.Components = fix.sys.Components[1:]
	s := newScanner(t)
	f, _, err := fix.scan(t, s)
	if err != nil || f.Kernel.Present || f.Kernel.Modules == nil || f.Kernel.Config.Options == nil || s.Kernel().Present {
		t.Errorf("%v, %v", f, err)
	}
}

// A volume without an image is empty: it is not scanned, and the other
// components keep their facts.
func TestBlankVolume(t *testing.T) {
	t.Parallel()
	fix := newFixture()
	s := newScanner(t)
	if _, _, err := fix.scan(t, s); err != nil {
		t.Fatal(err)
	}
	blank := &system.Component{Section: system.SectionVolumes, Name: "blank", Volume: &system.Volume{Format: "filesystem"}}
	fix.sys.Components = slices.Insert(fix.sys.Components, 1, blank)
	f, err := s.Facts(t.Context(), fix.sys)
	if err != nil {
		t.Fatal(err)
	}
	docs, err := s.Documents(t.Context(), fix.sys)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"kernel", "services/web", "services/again"}; !slices.Equal(f.SBOM.Components, want) || len(docs.Components) != 3 || len(fix.sys.Components) != 4 {
		t.Errorf("components %v, %d documents, %d in the system", f.SBOM.Components, len(docs.Components), len(fix.sys.Components))
	}
}

func TestCloseAndCancel(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := scanner.New(scanner.Options{TempDir: dir})
	fix := newFixture()
	c := fix.sys.Components[1]
	sink, err := s.Sink(t.Context(), c.Image, scanner.Reading{})
	if err != nil {
		t.Fatal(err)
	}
	// A failed pass never calls Finish.
	if _, err := sink.Entry(&system.Entry{Path: "a", Type: system.TypeFile, Size: 1}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("left %v, %v", left, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := newScanner(t).Sink(ctx, c.Image, scanner.Reading{}); !errors.Is(err, context.Canceled) {
		t.Errorf("sink after the end: %v", err)
	}
}
