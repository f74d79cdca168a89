package aptsources

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
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
	files, skipped, err := Trusted(etc)
	if err != nil {
		t.Fatal(err)
	}
	all := ""
	for _, name := range slices.Sorted(maps.Keys(files)) {
		all += name + ":" + files[name]
	}
	if strings.Contains(all, "evil") || strings.Contains(all, "deb-src") || !strings.Contains(all, "a.example") || !strings.Contains(all, "b.example") {
		t.Errorf("%s", all)
	}
	if len(skipped) != 3 {
		t.Errorf("skipped %q", skipped)
	}
	if _, _, err := Trusted(t.TempDir()); !errors.Is(err, system.ErrUnusable) {
		t.Errorf("no sources: %v", err)
	}
}

func TestOfRelease(t *testing.T) {
	t.Parallel()
	const osRelease = "NAME=x\nVERSION_CODENAME=bookworm\n"
	list := "deb [signed-by=/k.gpg arch=a] http://a.example bookworm main contrib\ndeb http://a.example bookworm-security main\ndeb http://other.example nodistro main\n"
	deb822 := "Types: deb\n# old: bookworm\nURIs: http://b.example\nSuites: bookworm bookworm-updates\n nodistro\nComponents: main\n\nTypes: deb\nURIs: http://other.example\nSuites: stable\n"
	for name, c := range map[string]struct {
		files map[string]string
		suite string
		want  string
	}{
		"list": {map[string]string{"a.list": list}, "trixie",
			"deb [signed-by=/k.gpg arch=a] http://a.example trixie main contrib\ndeb http://a.example trixie-security main\n"},
		"paragraphs": {map[string]string{"a.sources": deb822}, "trixie",
			"Types: deb\nURIs: http://b.example\nComponents: main\nSuites: trixie trixie-updates\n\n"},
		"without pockets":       {map[string]string{"a.list": list}, "sid", "deb [signed-by=/k.gpg arch=a] http://a.example sid main contrib\n"},
		"the machine has it":    {map[string]string{"a.list": list + "deb http://a.example trixie main\n"}, "trixie", list + "deb http://a.example trixie main\n"},
		"own release":           {map[string]string{"a.sources": deb822}, "bookworm", deb822},
		"neither":               {map[string]string{"a.list": "deb http://other.example nodistro main\n"}, "trixie", "deb http://other.example nodistro main\n"},
		"a release with prefix": {map[string]string{"a.list": "deb http://a.example bookworms main\n"}, "trixie", "deb http://a.example bookworms main\n"},
	} {
		etc := hostApt(t, map[string]string{"os-release": osRelease, "apt/empty": ""}) + "/apt"
		got := OfRelease(c.files, etc, c.suite)
		text := ""
		for _, f := range slices.Sorted(maps.Keys(got)) {
			text += got[f]
		}
		if text != c.want {
			t.Errorf("%s:\n%s", name, text)
		}
	}
}
