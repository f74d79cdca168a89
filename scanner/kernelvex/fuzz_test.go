package kernelvex

import (
	"strings"
	"testing"
)

// Whatever a record is, a CVE is only excused if the record names files of the source that were
// not compiled, or a range of versions.
func FuzzRecord(f *testing.F) {
	for _, files := range []string{"", names("drivers/gpu/drm/a.c"), names("fs/ext4/super.c"), names("Makefile", "../x.c")} {
		f.Add([]byte(cve("CVE-2026-1000", files, open)))
		f.Add([]byte(cve("CVE-2026-1000", files, since+`, `+from("6.12.54", "6.12.*"))))
	}
	k := kernel(f, "6.12.117-seaworthy")
	f.Fuzz(func(t *testing.T, data []byte) {
		out := &Records{byID: map[string]*record{}}
		if out.add(data) != nil {
			return
		}
		d, err := Make(k, out, options)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range d.Statements {
			r := out.byID[s.Vulnerability.Name]
			versions := false
			for _, p := range r.affected {
				for _, v := range p.Versions {
					versions = versions || v.Status == "unaffected" && v.LessThan+v.LessThanOrEqual != ""
				}
			}
			named := len(r.affected) > 0
			for _, p := range r.affected {
				named = named && len(p.Files) > 0
				for _, name := range p.Files {
					named = named && k.code[name] && !k.compiled[name]
				}
			}
			switch s.Status {
			case Unknown:
			case Fixed:
				if !versions {
					t.Errorf("fixed without a version: %s", data)
				}
			case NotAffected:
				if !versions && !named || s.Justification == "" {
					t.Errorf("not affected without a reason: %s", data)
				}
			default:
				t.Errorf("%+v", s)
			}
			if strings.ContainsAny(s.Notes, "\x1b\n") {
				t.Errorf("%q", s.Notes)
			}
		}
	})
}

// parseVersion and compare end, and agree about order.
func FuzzVersion(f *testing.F) {
	f.Add("6.12.117", "6.13-rc1")
	f.Add("2.6.12.1", "0")
	f.Fuzz(func(t *testing.T, a, b string) {
		x, y := parseVersion(a), parseVersion(b)
		if x == nil || y == nil || x.rc || y.rc {
			return
		}
		if x.compare(y) != -y.compare(x) {
			t.Errorf("%q and %q: %d and %d", a, b, x.compare(y), y.compare(x))
		}
	})
}

// No lists of an image make a kernel that compiled code that its source does not have.
func FuzzKernel(f *testing.F) {
	f.Add([]byte(about), []byte(sources), []byte(allCode))
	f.Fuzz(func(t *testing.T, about, sources, code []byte) {
		k, err := parseKernel(about, sources, code)
		if err != nil {
			return
		}
		for name := range k.compiled {
			if isCode(name) && !k.code[name] {
				t.Errorf("%q", name)
			}
		}
	})
}
