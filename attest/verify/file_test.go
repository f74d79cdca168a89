package verify_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/attest"
	"github.com/seaworthy-os/seaworthy/attest/sealtest"
	"github.com/seaworthy-os/seaworthy/attest/verify"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

func TestFile(t *testing.T) {
	t.Parallel()
	s := sealtest.Signer(t)
	dir := sealtest.New("demo").Seal(t, s)
	v := verifier(t, s, func(p *verify.Policy) { p.RequirePolicy = "hardened" })
	kernel := filepath.Join(dir, "demo-kernel")

	// The file is alone in a folder, and the attestations are in another.
	alone := filepath.Join(t.TempDir(), "demo-kernel")
	copyFile(t, kernel, alone)
	for _, tt := range []struct{ path, attestations string }{{kernel, ""}, {alone, filepath.Join(dir, "attestations")}} {
		r, err := v.File(tt.path, tt.attestations)
		if err != nil {
			t.Fatal(err)
		}
		if r.Scope != verify.ScopeFile || len(r.Files) != 1 || !strings.Contains(strings.Join(r.Checked, "\n"), "one file of 3") {
			t.Errorf("result %+v", r)
		}
		got, err := io.ReadAll(r.Open("demo-kernel"))
		if err != nil || string(got) != "kernel of demo" {
			t.Errorf("verified kernel is %q, %v", got, err)
		}
		r.Close()
	}

	put(t, alone, []byte("kernel of demo!"))
	r, err := v.File(alone, filepath.Join(dir, "attestations"))
	refused(t, r, err, verify.CheckSubject, "demo-kernel")
	r, err = v.File(filepath.Join(dir, "report.html"), "")
	refused(t, r, err, verify.CheckSubject, "report.html")
	if err := errors.Join(os.Remove(alone), os.Symlink(kernel, alone)); err != nil {
		t.Fatal(err)
	}
	r, err = v.File(alone, filepath.Join(dir, "attestations"))
	refused(t, r, err, verify.CheckFolder, "demo-kernel")
	r, err = v.File(alone, "")
	refused(t, r, err, verify.CheckSignature, "there is no folder attestations beside it")

	strict := verifier(t, s, func(p *verify.Policy) { p.RequirePolicy = "strict" })
	r, err = strict.File(kernel, "")
	refused(t, r, err, verify.CheckPolicy, "but strict is required")
	failed := sealtest.New("demo")
	failed.Decision.Verdict = decision.Deny
	r, err = v.File(filepath.Join(failed.Seal(t, s), "demo-kernel"), "")
	refused(t, r, err, verify.CheckPolicy, "did not pass")
}

func TestReport(t *testing.T) {
	t.Parallel()
	s := sealtest.Signer(t)
	dir := sealtest.New("demo").Seal(t, s)
	v := verifier(t, s)
	r, err := v.Dir(dir)
	rep := verify.NewReport("dist/demo", r, err)
	if err != nil || !rep.Verified || rep.Scope != "image" || len(rep.Files) != 3 || rep.Summary.Policy != "hardened" || len(rep.Problems) != 0 {
		t.Errorf("report %+v, error %v", rep, err)
	}
	r.Close()

	put(t, filepath.Join(dir, "demo-kernel"), []byte("x"))
	put(t, filepath.Join(dir, "demo-initrd.img"), []byte("x"))
	r, err = v.Dir(dir)
	raw, jerr := json.Marshal(verify.NewReport("dist/demo", r, err))
	if jerr != nil {
		t.Fatal(jerr)
	}
	var got struct {
		SchemaVersion int
		Verified      bool
		Problems      []struct{ Check, Path, Message, Next string }
	}
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatal(err)
	}
	if got.SchemaVersion != 1 || got.Verified || len(got.Problems) != 2 ||
		got.Problems[0].Path != "demo-initrd.img" || got.Problems[1].Path != "demo-kernel" ||
		got.Problems[0].Check != "subject" || got.Problems[0].Next == "" {
		t.Errorf("report %s", raw)
	}
	_, err = v.Dir(filepath.Join(dir, "nothing"))
	if rep := verify.NewReport("x", nil, err); rep.Verified || len(rep.Problems) != 1 || rep.Problems[0].Check != "" {
		t.Errorf("report of a missing folder %+v", rep)
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	pub, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	k, err := attest.NewKey(private)
	if err != nil {
		t.Fatal(err)
	}
	s, err := attest.NewSigner(k)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(pub)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "ed.pub")
	block := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	put(t, path, block)
	key, err := verify.LoadKey(path)
	if err != nil {
		t.Fatal(err)
	}
	if id, err := verify.KeyID(key); err != nil || id != s.ID() {
		t.Errorf("key's ID %s, signer's %s, error %v", id, s.ID(), err)
	}
	// Both keys are trusted, and the result has the one that signed.
	v := verifier(t, sealtest.Signer(t), func(p *verify.Policy) { p.Keys = append(p.Keys, key) })
	r, err := v.Dir(sealtest.New("demo").Seal(t, s))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(r.Signers, []string{s.ID()}) {
		t.Errorf("signers %v", r.Signers)
	}
	r.Close()

	for name, content := range map[string][]byte{
		"empty":       nil,
		"no PEM":      []byte("ssh-ed25519 AAAA"),
		"private":     pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}),
		"garbage":     pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: []byte("garbage")}),
		"two keys":    append(slices.Clone(block), block...),
		"junk behind": append(slices.Clone(block), "junk"...),
	} {
		put(t, path, content)
		if k, err := verify.LoadKey(path); err == nil || !errors.Is(err, system.ErrInput) {
			t.Errorf("%s: key %v, error %v", name, k, err)
		}
	}
	if _, err := verify.LoadKey(filepath.Join(t.TempDir(), "nothing")); !errors.Is(err, system.ErrInput) {
		t.Errorf("missing key: %v", err)
	}
}

func TestParseRequirement(t *testing.T) {
	t.Parallel()
	digest := sealtest.Digest("x")
	for _, tt := range []struct {
		in, name, digest string
		bad              bool
	}{
		{"hardened", "hardened", "", false},
		{"hardened@" + digest, "hardened", digest, false},
		{"", "", "", true},
		{"@" + digest, "", "", true},
		{"hardened@", "", "", true},
		{"hardened@sha256:abc", "", "", true},
	} {
		name, d, err := verify.ParseRequirement(tt.in)
		if name != tt.name || d != tt.digest || (err != nil) != tt.bad {
			t.Errorf("%q: %q, %q, %v", tt.in, name, d, err)
		}
	}
}

// The verifier is part of an initramfs: it must not link the policy engine, a
// registry client, YAML or network code.
func TestDependencies(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("this test runs the go command")
	}
	out, err := exec.Command("go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	const module = "github.com/seaworthy-os/seaworthy/"
	want := []string{module + "attest/layout", module + "attest/statement", module + "attest/verify",
		module + "builder/system", module + "internal/bounded", module + "internal/digests",
		module + "internal/failure", module + "internal/words", module + "policy/decision"}
	got := strings.Fields(string(out))
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("attest/verify links %v, want %v and the standard library only", got, want)
	}
	std, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, heavy := range []string{"net/http", "crypto/tls", "html/template"} {
		if slices.Contains(strings.Fields(string(std)), heavy) {
			t.Errorf("attest/verify links %s", heavy)
		}
	}
}

// An image of 100 MB. Work other than hashing takes little time.
func BenchmarkDir100MB(b *testing.B) {
	s := sealtest.Signer(b)
	img := sealtest.New("demo")
	img.Files["demo-initrd.img"] = strings.Repeat("seaworthy ", 9_000_000)
	img.Files["demo-kernel"] = strings.Repeat("kernel ", 1_500_000)
	dir := img.Seal(b, s)
	v := verifier(b, s)
	b.SetBytes(int64(len(img.Files["demo-initrd.img"]) + len(img.Files["demo-kernel"])))
	for b.Loop() {
		r, err := v.Dir(dir)
		if err != nil {
			b.Fatal(err)
		}
		r.Close()
	}
}

func BenchmarkDirSmall(b *testing.B) {
	s := sealtest.Signer(b)
	img := sealtest.New("demo")
	for i := range 40 { // as many findings as a real pack
		img.Decision.Findings = append(img.Decision.Findings, decision.Finding{
			ID: fmt.Sprintf("KRN-%03d", i+100), State: decision.StatePass, Severity: decision.Low, Resource: "kernel:CONFIG_Y",
		})
	}
	dir := img.Seal(b, s)
	v := verifier(b, s)
	for b.Loop() {
		r, err := v.Dir(dir)
		if err != nil {
			b.Fatal(err)
		}
		r.Close()
	}
}
