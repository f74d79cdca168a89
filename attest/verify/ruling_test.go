package verify_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/attest/sealtest"
	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/attest/verify"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// The rulings are correct, whatever ended the checks.
func TestRulings(t *testing.T) {
	t.Parallel()
	f := newForger(t)
	strict := func(p *verify.Policy) { p.RequirePolicy = "strict" }
	replaced := func(path string) func(*testing.T, string) {
		return func(t *testing.T, dir string) { put(t, filepath.Join(dir, path), []byte("{}")) }
	}
	for _, tt := range []struct {
		name   string
		damage func(t *testing.T, dir string)
		policy func(*verify.Policy)
		want   string // SUP-012, SUP-018, SUP-019
	}{
		{"verified", nil, nil, "pass not-applicable pass"},
		{"another policy", nil, strict, "pass not-applicable pass"},
		{"another system", nil, func(p *verify.Policy) { p.Name = "other" }, "pass not-applicable pass"},
		{"file replaced", replaced("demo-kernel"), nil, "fail not-applicable unknown"},
		{"SBOM replaced", replaced("sbom/demo.spdx.json"), nil, "fail not-applicable unknown"},
		{"SBOM replaced, and another policy", replaced("sbom/demo.spdx.json"), strict, "fail not-applicable unknown"},
		{"component's SBOM replaced, and another policy", replaced("sbom/components/kernel.cdx.json"), strict, "fail not-applicable unknown"},
		{"SBOM's statement is another's", func(t *testing.T, dir string) {
			f.edit(t, dir, "spdx", func(_, p object) { p["name"] = "other" })
		}, nil, "fail not-applicable pass"},
		{"file beside", replaced("extra"), nil, "unknown not-applicable unknown"},
		{"empty folder", func(t *testing.T, dir string) {
			if err := os.Mkdir(filepath.Join(dir, "empty"), 0o755); err != nil {
				t.Fatal(err)
			}
		}, nil, "unknown not-applicable unknown"},
		{"unsigned", func(t *testing.T, dir string) {
			if err := os.RemoveAll(filepath.Join(dir, statement.Dir)); err != nil {
				t.Fatal(err)
			}
		}, nil, "unknown not-applicable fail"},
		{"statement missing", func(t *testing.T, dir string) {
			if err := os.Remove(filepath.Join(dir, statement.BundlePath("provenance"))); err != nil {
				t.Fatal(err)
			}
		}, nil, "unknown not-applicable fail"},
		{"provenance by an unknown key", func(t *testing.T, dir string) {
			f.edit(t, dir, "provenance", func(_, p object) { p["runDetails"].(object)["builder"] = object{"id": "https://example.org"} })
		}, nil, "unknown not-applicable fail"},
		{"layout damaged", replaced("oci/index.json"), nil, "pass not-applicable pass"},
		{"gone", func(t *testing.T, dir string) {
			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
		}, nil, "unknown not-applicable unknown"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := sealtest.New("demo").Seal(t, f.KeySigner)
			if tt.damage != nil {
				tt.damage(t, dir)
			}
			var change []func(*verify.Policy)
			if tt.policy != nil {
				change = append(change, tt.policy)
			}
			r, done, err := verifier(t, f.KeySigner, change...).Folder(dir)
			if r != nil {
				defer r.Close()
			}
			var got []string
			for _, one := range verify.Rulings(done, err, nil) {
				got = append(got, string(one.State))
				if one.Message == "" || one.State == "pass" && strings.Contains(one.Message, "not ") {
					t.Errorf("%s %s says %q", one.ID, one.State, one.Message)
				}
			}
			if strings.Join(got, " ") != tt.want {
				t.Errorf("%v, want %s (%v)", got, tt.want, err)
			}
		})
	}
}

// The ruling on a second build.
func TestSecondBuild(t *testing.T) {
	t.Parallel()
	for want, second := range map[decision.State]*verify.Comparison{
		"not-applicable": nil,
		"pass":           {},
		"fail":           {Different: []string{"os.tar"}},
		"unknown":        {Problem: "it is the same folder"},
	} {
		if got := verify.Rulings(nil, nil, second)[1]; got.State != want || got.ID != "SUP-018" {
			t.Errorf("%+v, want %s", got, want)
		}
	}
}

func TestCompare(t *testing.T) {
	t.Parallel()
	s := sealtest.Signer(t)
	dir := sealtest.New("demo").Seal(t, s)
	r, err := verifier(t, s).Dir(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()

	again := sealtest.New("demo").Seal(t, nil)
	if c, err := r.Compare(again); err != nil || len(c.Different) > 0 || c.Differs(dir, again) != nil {
		t.Errorf("a second build: %+v, %v", c, err)
	}
	put(t, filepath.Join(again, "demo-kernel"), []byte("other"))
	if err := os.Remove(filepath.Join(again, "demo-cmdline")); err != nil {
		t.Fatal(err)
	}
	c, err := r.Compare(again)
	if err != nil || !slices.Equal(c.Different, []string{"demo-cmdline", "demo-kernel"}) {
		t.Fatalf("%+v, %v", c, err)
	}
	refused(t, nil, c.Differs(dir, again), verify.CheckRebuilt, "demo-kernel")

	// Other paths of the image itself are not a second build.
	link := filepath.Join(t.TempDir(), "link")
	linked := filepath.Join(t.TempDir(), "hard")
	if err := errors.Join(os.Symlink(dir, link), os.Mkdir(linked, 0o755)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"demo-kernel", "demo-initrd.img"} {
		if err := os.Link(filepath.Join(dir, name), filepath.Join(linked, name)); err != nil {
			t.Fatal(err)
		}
	}
	put(t, filepath.Join(linked, "demo-cmdline"), []byte("console=ttyS0 quiet"))
	for _, same := range []string{dir, dir + "/../demo/", link, linked} {
		if c, err := r.Compare(same); !errors.Is(err, system.ErrInput) {
			t.Errorf("%s counts as a second build: %+v, %v", same, c, err)
		}
	}
	if _, err := r.Compare(filepath.Join(dir, "nothing")); !errors.Is(err, system.ErrUnusable) {
		t.Errorf("a folder that does not exist: %v", err)
	}
}
