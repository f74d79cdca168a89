package main

import (
	"bytes"
	"crypto/ecdsa"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/attest/sealtest"
)

// maxBinary is the maximum size of the program, in bytes: it must fit an initramfs.
// maxKeyless is that of the program with the tag keyless.
const (
	maxBinary  = 6e6
	maxKeyless = 20e6
)

func TestSmall(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "list", "-deps", ".").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for dep := range strings.Lines(string(out)) {
		dep = strings.TrimSpace(dep)
		for _, heavy := range []string{"net/http", "os/exec", "github.com/sigstore/", "github.com/open-policy-agent/", "github.com/google/", "github.com/spf13/"} {
			if dep == heavy || strings.HasSuffix(heavy, "/") && strings.HasPrefix(dep, heavy) {
				t.Errorf("the program links %s", dep)
			}
		}
	}
	if testing.Short() {
		t.Skip("skipped: links the program")
	}
	for tags, most := range map[string]float64{"": maxBinary, "keyless": maxKeyless} {
		path := filepath.Join(t.TempDir(), "seaworthy-verify")
		if out, err := exec.Command("go", "build", "-tags", tags, "-ldflags", "-s -w", "-o", path, ".").CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if size := float64(info.Size()); size > most {
			t.Errorf("the program with tags %q has %.1f MB, want less than %.0f MB", tags, size/1e6, most/1e6)
		}
	}
}

func TestRun(t *testing.T) {
	t.Parallel()
	s, key := sealtest.SignerWithKey(t)
	dir := sealtest.New("demo").Seal(t, s)
	img := sealtest.New("demo")
	img.Now, img.Decision.Date = "", ""
	undated := img.Seal(t, s)
	folder := t.TempDir()
	pub := writeKey(t, folder, "a.pub", key)
	_, other := sealtest.SignerWithKey(t)
	strange := writeKey(t, folder, "b.pub", other)
	policy := filepath.Join(folder, "trust.yml")
	write(t, policy, "authorities: [{name: release, key: a.pub, systems: [demo]}]\n")
	narrow := filepath.Join(folder, "narrow.yml")
	write(t, narrow, "authorities: [{name: release, key: a.pub, systems: [other]}]\n")
	for name, c := range map[string]struct {
		args []string
		code int
		want string
	}{
		"accepted":            {[]string{"--key", pub, "--now", "2026-11-01", dir}, 0, "verified "},
		"one of two keys":     {[]string{"--key", strange, "--key", pub, "--now", "2026-11-01", dir}, 0, "verified "},
		"trust policy":        {[]string{"--trust", policy, "--now", "2026-11-01", dir}, 0, "required: signed by 1 of release"},
		"one file":            {[]string{"--key", pub, "--now", "2026-11-01", filepath.Join(dir, "demo-kernel")}, 0, "one file of 3"},
		"quiet":               {[]string{"--quiet", "--key", pub, "--now", "2026-11-01", dir}, 0, ""},
		"another system":      {[]string{"--trust", narrow, "--now", "2026-11-01", dir}, 4, `may not sign system "demo"`},
		"another key":         {[]string{"--key", strange, "--now", "2026-11-01", dir}, 4, "not signed by a trusted key"},
		"name":                {[]string{"--key", pub, "--name", "x", "--now", "2026-11-01", dir}, 4, `"x" is required`},
		"policy":              {[]string{"--key", pub, "--require-policy", "strict", "--now", "2026-11-01", dir}, 4, "strict is required"},
		"old":                 {[]string{"--key", pub, "--not-older-than", "2026-06-01", "--now", "2026-11-01", dir}, 4, "or later is required"},
		"old, by year 1":      {[]string{"--key", pub, "--not-older-than", "0001-01-01", "--now", "2026-11-01", undated}, 4, "has no time"},
		"expired waiver":      {[]string{"--key", pub, "--now", "2031-01-01", dir}, 4, "expired on 2030-06-30"},
		"no key":              {[]string{dir}, 2, "no public key is given"},
		"key and policy":      {[]string{"--key", pub, "--trust", policy, dir}, 2, "both public keys and a trust policy"},
		"empty value":         {[]string{"--key", pub, "--name", "", dir}, 2, "--name is empty"},
		"no time":             {[]string{"--key", pub, "--now", "soon", dir}, 2, "is not a time"},
		"unknown flag":        {[]string{"--policy", "x", dir}, 2, "policy"},
		"no folder":           {[]string{"--key", pub}, 2, "give one folder"},
		"a folder of nothing": {[]string{"--key", pub, t.TempDir()}, 4, "not signed"},
		"nowhere":             {[]string{"--key", pub, filepath.Join(dir, "none")}, 2, "none"},
		"help":                {[]string{"--help"}, 0, "Exit status"},
	} {
		var out, errs bytes.Buffer
		code := run(c.args, &out, &errs)
		all := out.String() + errs.String()
		if code != c.code || !strings.Contains(all, c.want) || name == "quiet" && all != "" {
			t.Errorf("%s: exit code %d, want %d with %q:\n%s", name, code, c.code, c.want, all)
		}
	}
}

func writeKey(t *testing.T, dir, name string, key *ecdsa.PrivateKey) string {
	t.Helper()
	path := filepath.Join(dir, name)
	write(t, path, sealtest.PublicPEM(t, key.Public()))
	return path
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
