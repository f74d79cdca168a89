package verify_test

import (
	"crypto"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seaworthy-os/seaworthy/attest"
	"github.com/seaworthy-os/seaworthy/attest/sealtest"
	"github.com/seaworthy-os/seaworthy/attest/verify"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

var now = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

func verifier(t testing.TB, s *attest.KeySigner, change ...func(*verify.Policy)) *verify.Verifier {
	t.Helper()
	p := verify.Policy{Keys: []crypto.PublicKey{s.PublicKey()}, Now: now}
	for _, c := range change {
		c(&p)
	}
	v, err := verify.New(p)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// refused requires a refusal by that check, with that text.
func refused(t *testing.T, r *verify.Result, err error, check verify.Check, what string) {
	t.Helper()
	if err == nil {
		r.Close()
		t.Fatalf("accepted; want refused by %s, naming %q", check, what)
	}
	var refusal *verify.Refusal
	if !errors.As(err, &refusal) || !errors.Is(err, verify.ErrRefused) || !errors.Is(err, system.ErrMismatch) {
		t.Fatalf("error %v (%T) is not a refusal", err, err)
	}
	var next *system.Error
	if !errors.As(err, &next) || next.Next == "" {
		t.Errorf("refusal %q has no next step", err)
	} else if strings.Contains(next.Next, "check that the trusted key") && !strings.Contains(err.Error(), "trusted key") {
		t.Errorf("%v: another key would not help: %s", err, next.Next)
	}
	if refusal.Check != check || !strings.Contains(err.Error(), what) {
		t.Errorf("refused by %s: %v; want by %s, naming %q", refusal.Check, err, check, what)
	}
}

func TestSealThenVerify(t *testing.T) {
	t.Parallel()
	s := sealtest.Signer(t)
	dir := sealtest.New("demo").Seal(t, s)
	r, err := verifier(t, s, func(p *verify.Policy) { p.RequirePolicy = "baseline" }).Dir(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if r.Scope != verify.ScopeImage || r.Name != "demo" || r.Arch != "amd64" || len(r.Files) != 3 {
		t.Errorf("result %+v", r)
	}
	if !slices.Equal(r.Signers, []string{s.ID()}) || len(r.Statements) != 5+2*3 {
		t.Errorf("signers %v, statements %v", r.Signers, r.Statements)
	}
	if r.Summary.Policy != "hardened" || r.Summary.WaiversExpire != "2030-06-30" ||
		r.Summary.Lock != sealtest.Digest("os.lock.json") || r.Summary.Waivers != sealtest.Digest("waivers.yml") {
		t.Errorf("summary %+v", r.Summary)
	}
	// The descriptor is that of the verified file, even if another file is at
	// its path now.
	path := filepath.Join(dir, "demo-initrd.img")
	if err := errors.Join(os.Remove(path), os.WriteFile(path, []byte("evil"), 0o644)); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(r.Open("demo-initrd.img"))
	if err != nil || string(got) != "initrd of demo" {
		t.Errorf("verified initrd is %q, %v", got, err)
	}
	if r.Open("nothing") != nil {
		t.Error("a file that is not in the image has a descriptor")
	}
}

// One changed byte in any file of a sealed folder is refused, with the name of
// the file.
func TestEveryByteCounts(t *testing.T) {
	t.Parallel()
	s := sealtest.Signer(t)
	dir := sealtest.New("demo").Seal(t, s)
	v := verifier(t, s)
	seen := 0
	for _, path := range files(t, dir) {
		full := filepath.Join(dir, path)
		raw, err := os.ReadFile(full)
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range []int{0, len(raw) / 2, len(raw) - 1} {
			changed := slices.Clone(raw)
			changed[at] ^= 1
			// The file is replaced and not rewritten, because files have hard
			// links.
			replace(t, full, changed)
			r, err := v.Dir(dir)
			if err == nil {
				r.Close()
				t.Fatalf("%s: accepted with byte %d changed", path, at)
			}
			if !errors.Is(err, verify.ErrRefused) || !strings.Contains(err.Error(), path) {
				t.Errorf("%s, byte %d: error %v does not name it", path, at, err)
			}
		}
		replace(t, full, raw)
		seen++
	}
	if seen < 40 {
		t.Errorf("only %d files", seen)
	}
	r, err := v.Dir(dir)
	if err != nil {
		t.Fatalf("restored folder is refused: %v", err)
	}
	r.Close()
}

// Each missing file is refused, with its name.
func TestMissingFiles(t *testing.T) {
	t.Parallel()
	s := sealtest.Signer(t)
	dir := sealtest.New("demo").Seal(t, s)
	v := verifier(t, s)
	for _, path := range files(t, dir) {
		full := filepath.Join(dir, path)
		if err := os.Rename(full, full+".away"); err != nil {
			t.Fatal(err)
		}
		away := filepath.Join(t.TempDir(), "away")
		if err := os.Rename(full+".away", away); err != nil {
			t.Fatal(err)
		}
		r, err := v.Dir(dir)
		if err == nil {
			r.Close()
			t.Fatalf("%s: accepted without it", path)
		}
		if !errors.Is(err, verify.ErrRefused) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: error %v does not name it", path, err)
		}
		if err := os.Rename(away, full); err != nil {
			t.Fatal(err)
		}
	}
}

func files(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			out = append(out, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func replace(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
}
