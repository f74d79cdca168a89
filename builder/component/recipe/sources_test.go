package recipe

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

func hostApt(t *testing.T, files map[string]string) string {
	t.Helper()
	etc := t.TempDir()
	for name, text := range files {
		p := filepath.Join(etc, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return etc
}

func TestTrustedSources(t *testing.T) {
	t.Parallel()
	etc := hostApt(t, map[string]string{
		"sources.list":                "# c\ndeb http://a.example stable main\ndeb-src http://a.example stable main\ndeb [trusted=yes] http://evil.example stable main\n",
		"sources.list.d/b.sources":    "Types: deb\nURIs: http://b.example\nSuites: s\n\nTypes: deb\nURIs: http://evil.example\nTrusted: yes\n",
		"sources.list.d/c.list":       "deb [ arch=amd64 allow-insecure=yes ] http://evil.example s main\n",
		"sources.list.d/off.disabled": "deb http://evil.example s main\n",
	})
	files, skipped, err := trustedSources(etc)
	if err != nil {
		t.Fatal(err)
	}
	all := ""
	for _, name := range sortedKeys(files) {
		all += name + ":" + files[name]
	}
	if strings.Contains(all, "evil") || strings.Contains(all, "deb-src") || !strings.Contains(all, "a.example") || !strings.Contains(all, "b.example") {
		t.Errorf("%s", all)
	}
	if len(skipped) != 3 {
		t.Errorf("skipped %q", skipped)
	}
	if _, _, err := trustedSources(t.TempDir()); !errors.Is(err, system.ErrUnusable) {
		t.Errorf("no sources: %v", err)
	}
}

// The state of the machine must not change: apt writes only to folders of the
// build, and the hooks of Debian images are cleared.
func TestAptConfiguration(t *testing.T) {
	t.Parallel()
	etc := hostApt(t, map[string]string{"sources.list": "deb http://a.example stable main\n"})
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
