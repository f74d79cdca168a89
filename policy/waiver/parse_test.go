package waiver

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

const goodWaiver = `waivers:
  - rule: CAP-001
    resource: component:services/web
    reason: it mounts volumes
    owner: ops@example.org
    expires: 2026-12-31
`

func TestWaiverErrors(t *testing.T) {
	without := func(key string) string {
		var out []string
		for l := range strings.Lines(goodWaiver) {
			if !strings.Contains(l, key+":") {
				out = append(out, l)
			} else if strings.Contains(l, "- ") {
				out = append(out, "  - reason: it mounts volumes\n")
			}
		}
		return strings.Join(out, "")
	}
	for name, c := range map[string]struct {
		file  string
		words []string
	}{
		"empty":            {"", []string{"w.yml:1:1", "key waivers"}},
		"a list":           {"- rule: CAP-001\n", []string{"w.yml:1:1"}},
		"no waivers":       {"waiver: []\n", []string{`"waiver"`, "w.yml:1:1"}},
		"not a list":       {"waivers: {}\n", []string{"w.yml:1:10", "must be a list, not a mapping"}},
		"not a map":        {"waivers:\n  - CAP-001\n", []string{"w.yml:2:5"}},
		"no resource":      {without("resource"), []string{"w.yml:2:5: resource or digest is missing"}},
		"no owner":         {without("owner"), []string{"w.yml:2:5: owner is missing"}},
		"no expires":       {without("expires"), []string{"expires is missing"}},
		"blank reason":     {strings.Replace(goodWaiver, "it mounts volumes", `"  "`, 1), []string{"w.yml:4:13: reason is empty"}},
		"null owner":       {strings.Replace(goodWaiver, "ops@example.org", "", 1), []string{"w.yml:5:", "owner", "not nothing"}},
		"unknown key":      {goodWaiver + "    until: 2027-01-01\n", []string{`w.yml:7:5: a waiver: unknown key "until"`}},
		"both":             {goodWaiver + "    digest: sha256:" + strings.Repeat("a", 64) + "\n", []string{"w.yml:7:13: resource and digest"}},
		"bad digest":       {strings.Replace(goodWaiver, "resource: component:services/web", "digest: sha256:abc", 1), []string{`"sha256:abc"`}},
		"rule glob":        {strings.Replace(goodWaiver, "CAP-001", "CAP-*", 1), []string{`w.yml:2:11: rule "CAP-*"`}},
		"odd resource":     {strings.Replace(goodWaiver, "component:services/web", "web", 1), []string{`w.yml:3:15: resource "web"`}},
		"no such day":      {strings.Replace(goodWaiver, "2026-12-31", "2026-02-30", 1), []string{`w.yml:6:14: expires "2026-02-30"`}},
		"a time":           {strings.Replace(goodWaiver, "2026-12-31", "2026-12-31T00:00:00Z", 1), []string{"YYYY-MM-DD"}},
		"a number":         {strings.Replace(goodWaiver, "2026-12-31", "20261231", 1), []string{"YYYY-MM-DD"}},
		"duplicate key":    {goodWaiver + "    owner: someone else\n", []string{`w.yml:7:5: duplicate key "owner", first on line 5`}},
		"duplicate waiver": {goodWaiver + strings.TrimPrefix(goodWaiver, "waivers:\n"), []string{"w.yml:7:5: the waiver on line 2"}},
		"alias":            {"waivers: &a\n  - *a\n", []string{"anchors are not allowed", "aliases are not allowed"}},
		"two documents":    {goodWaiver + "---\nwaivers: []\n", []string{"more than one YAML document"}},
		"no YAML":          {"waivers: [", []string{"not valid YAML"}},
		"two mistakes":     {strings.Replace(strings.Replace(goodWaiver, "CAP-001", "cap", 1), "2026-12-31", "never", 1), []string{`"cap"`, `"never"`}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse("w.yml", []byte(c.file))
			if !errors.Is(err, system.ErrInput) {
				t.Fatalf("error %v is not ErrInput", err)
			}
			for _, w := range c.words {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("error %q does not say %q", err, w)
				}
			}
		})
	}
	if _, err := Parse("w.yml", []byte("waivers: []\n")); err != nil {
		t.Errorf("an empty list: %v", err)
	}
	big := filepath.Join(t.TempDir(), "big.yml")
	if err := os.WriteFile(big, []byte(strings.Repeat("# x\n", MaxBytes/4+1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(big); !errors.Is(err, system.ErrInput) {
		t.Errorf("a file of 1 MiB: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(goodWaiver))
	f.Add([]byte("waivers: [{rule: A-1, digest: 1, expires: ~}]"))
	f.Add([]byte("waivers: &a [*a]"))
	f.Add([]byte("? [a]\n: b\n"))
	f.Add([]byte("a: !!binary x\n<<: {b: c}\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		list, err := Parse("w.yml", content)
		if err != nil {
			if !errors.Is(err, system.ErrInput) {
				t.Fatalf("error is not an ErrInput: %v", err)
			}
			return
		}
		for _, w := range list {
			_, dayErr := time.Parse(time.DateOnly, w.Expires)
			if w.Rule == "" || w.Reason == "" || w.Owner == "" || dayErr != nil || (w.Resource == "") == (w.Digest == "") {
				t.Fatalf("incomplete waiver %+v", w)
			}
		}
	})
}

// Outputs name the file without its folder on this machine.
func TestShownPath(t *testing.T) {
	wd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for in, want := range map[string]string{
		"w.yml": "w.yml", "./a/w.yml": "a/w.yml", wd + "/a/w.yml": "a/w.yml", "/elsewhere/w.yml": "w.yml", "../w.yml": "w.yml",
	} {
		if got := shownPath(in); got != want {
			t.Errorf("shownPath(%q) = %q, want %q", in, got, want)
		}
	}
}
