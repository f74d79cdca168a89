package recipe

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// TestBuildShipped builds the components of the repository with the machine's apt
// and network. It runs if SEAWORTHY_APT is 1 or names components ("kernel,crun").
// SEAWORTHY_APT_OUTPUT keeps the layout.
func TestBuildShipped(t *testing.T) {
	want := os.Getenv("SEAWORTHY_APT")
	if want == "" {
		t.Skip("needs apt and the network: set SEAWORTHY_APT=1")
	}
	out := os.Getenv("SEAWORTHY_APT_OUTPUT")
	if out == "" {
		out = t.TempDir()
	}
	recipes, err := filepath.Glob("../../../components/*/" + FileName)
	if err != nil || len(recipes) == 0 {
		t.Fatalf("no components: %v", err)
	}
	for _, r := range recipes {
		name := filepath.Base(filepath.Dir(r))
		if want != "1" && !strings.Contains(","+want+",", ","+name+",") {
			continue
		}
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			o := Options{Output: out, Arch: runtime.GOARCH, StateDir: os.Getenv("SEAWORTHY_APT_STATE"), Progress: func(s string) { t.Log(s) }}
			err := BuildAll(t.Context(), o, []string{filepath.Dir(r)}, 1, func(res *Result) {
				t.Logf("%s %s: %s, %s, %s", res.Reference, res.Digest, megabytes(res.Size), plural(len(res.Packages), "package"), time.Since(start).Round(time.Millisecond))
				for _, p := range res.Packages {
					t.Logf("  %s %s", p.Name, p.Version)
				}
			})
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}

// The state of the machine must not change: apt writes only to folders of the
// build, and the hooks of Debian images are cleared.
func TestAptConfiguration(t *testing.T) {
	t.Parallel()
	etc := t.TempDir()
	if err := os.WriteFile(filepath.Join(etc, "sources.list"), []byte("deb http://a.example stable main\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	a := &apt{dir: t.TempDir(), arch: "arm64", suite: "bookworm", progress: func(string) {}}
	if err := a.configure(etc); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(a.dir, "apt.conf"))
	if err != nil {
		t.Fatal(err)
	}
	conf := string(data)
	for _, key := range []string{"Dir::State", "Dir::State::status", "Dir::State::lists", "Dir::Cache", "Dir::Cache::archives", "Dir::Cache::pkgcache", "Dir::Log", "Dir::Etc::sourcelist", "Dir::Etc::sourceparts"} {
		if !strings.Contains(conf, "\n"+key+" \""+a.dir) {
			t.Errorf("%s is not in the state folder", key)
		}
	}
	for _, want := range []string{"#clear APT::Update::Post-Invoke;", "#clear DPkg::Post-Invoke;", `APT::Architecture "arm64";`,
		`Acquire::AllowInsecureRepositories "false";`, `/^bookworm(-security|-updates)?$/`} {
		if !strings.Contains(conf, want) {
			t.Errorf("configuration lacks %s:\n%s", want, conf)
		}
	}
	if got, err := os.ReadFile(filepath.Join(a.dir, "etc/sources.list.d/sources.list")); err != nil || string(got) != "deb http://a.example stable main\n" {
		t.Errorf("%q %v", got, err)
	}
}

// The names of archives have versions in which apt writes some characters like a URI.
func TestVersions(t *testing.T) {
	t.Parallel()
	got, err := versions("The following NEW packages will be installed:\n  redis\n" +
		"'http://a.example/pool/r/redis_7.0.15-1%7edeb12u10_all.deb' redis_5%3a7.0.15-1~deb12u10_all.deb 26044 SHA256:3a74\n" +
		"'file:/mirror/libstdc++6_12.2.0-14+deb12u1_amd64.deb' libstdc++6_12.2.0-14+deb12u1_amd64.deb 613000 SHA256:11\n")
	if want := "[redis=5:7.0.15-1~deb12u10 libstdc++6=12.2.0-14+deb12u1]"; err != nil || fmt.Sprint(got) != want {
		t.Errorf("%v, %v; want %s", got, err, want)
	}
	if got, err := versions("'http://a.example/x_1%zz_all.deb' x_1%zz_all.deb 1 SHA256:11\n"); err == nil {
		t.Errorf("a wrong escape gives %v", got)
	}
}

func TestWithoutApt(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, _, err := openApt(t.Context(), t.TempDir(), "amd64", "", func(string) {})
	if !errors.Is(err, system.ErrUnusable) || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), "apt-get is not installed on this machine") {
		t.Errorf("%v", err)
	}
}

func TestSelectPackages(t *testing.T) {
	t.Parallel()
	p := func(name, depends, provides string) *debPackage {
		return &debPackage{Package: Package{Name: name}, index: stanza{"Depends": depends, "Provides": provides}}
	}
	closure := []*debPackage{p("a", "b (>= 1), virtual", ""), p("b", "c | missing", ""), p("c", "", ""),
		p("real", "a", "virtual (= 1), other"), p("script", "deep", ""), p("deep", "", ""), p("loose", "", "")}
	closure[0].index["Pre-Depends"] = "script"
	names := func(ps []*debPackage) (out string) {
		for _, p := range ps {
			out += p.Name + " "
		}
		return out
	}
	if got := names(selectPackages(closure, []string{"a"}, nil)); got != "a b c deep real script " {
		t.Error(got)
	}
	if got := names(selectPackages(closure, []string{"a"}, []string{"scr*"})); got != "a b c real " {
		t.Error(got)
	}
}

// A build says that it waits for another one, and goes on when that one ends.
func TestLockFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	silent := func(line string) { t.Errorf("the first build says %q", line) }
	release, err := lockFolder(dir, silent)
	if err != nil {
		t.Fatal(err)
	}
	said := ""
	second, err := lockFolder(dir, func(line string) {
		said = line
		release()
	})
	if err != nil || !strings.Contains(said, "waiting for another build") || !strings.Contains(said, dir) {
		t.Fatalf("%q, %v", said, err)
	}
	second()
	third, err := lockFolder(dir, silent)
	if err != nil {
		t.Fatal(err)
	}
	third()
}
