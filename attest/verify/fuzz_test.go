package verify

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/attest/layout"
	"github.com/seaworthy-os/seaworthy/attest/statement"
)

// seeds of the three predicates and of a decision that match.
func seeds(tb testing.TB) (provenance, summary, tests, decided []byte) {
	tb.Helper()
	var out [4][]byte
	for i, name := range []string{"provenance", "summary", "tests", "decision"} {
		raw, err := os.ReadFile("testdata/" + name + ".json")
		if err != nil {
			tb.Fatal(err)
		}
		out[i] = []byte(strings.TrimSpace(string(raw)))
	}
	return out[0], out[1], out[2], out[3]
}

const seedArtifact = "sha256:cbdab1bfbc5ef53c4ed5d4d0d209b9628a6cc0bceda757a5961fa864b389eecb"

// read passes predicates through all code that interprets them.
func read(provenance, summary, tests, decided []byte) error {
	s := seal{}
	for stem, predicate := range map[string][]byte{"provenance": provenance, "vsa": summary, "test-result": tests} {
		s[stem] = &signed{Statement: &statement.Statement{Predicate: predicate}, stem: stem, file: bundleFile{File: layout.File{Path: stem}}}
	}
	c, err := readContent(s, map[string]string{"demo-kernel": "", "demo-initrd.img": "", "demo-cmdline": ""}, "demo", seedArtifact)
	if err != nil {
		return err
	}
	for _, id := range c.components() {
		d := c.dependencies[statement.DependencyComponent+id]
		for stem, kind := range statement.ComponentStems(statement.FileStem(id)) {
			s[stem] = &signed{stem: stem, Statement: &statement.Statement{PredicateType: kind,
				Subject: []statement.Descriptor{{Name: "docker.io/seaworthy/" + id[strings.LastIndexByte(id, '/')+1:] + ":1.0", Digest: d.Digest}}}}
		}
	}
	for stem, kind := range statement.ImageStems() {
		if s[stem] == nil {
			s[stem] = &signed{stem: stem, Statement: &statement.Statement{PredicateType: kind}}
		}
	}
	if err := c.checkComponents(s); err != nil {
		return err
	}
	_, err = c.checkDecision(s, decided)
	return err
}

func TestSeeds(t *testing.T) {
	t.Parallel()
	if err := read(seeds(t)); err != nil {
		t.Error(err)
	}
}

// Reading never fails to end, whatever a key signed. Each error is a Refusal.
func FuzzContent(f *testing.F) {
	p, s, r, d := seeds(f)
	f.Add(p, s, r, d)
	for _, change := range [][2]string{{"demo", ""}, {"sha256", "sha1"}, {"component:", "file:"}, {"2026", "9999"}, {"hardened", "%zz"}, {`"annotations"`, `"annotation"`}} {
		swap := func(raw []byte) []byte { return []byte(strings.ReplaceAll(string(raw), change[0], change[1])) }
		f.Add(swap(p), swap(s), swap(r), swap(d))
	}
	f.Fuzz(func(t *testing.T, p, s, r, d []byte) {
		if err := read(p, s, r, d); err != nil && !errors.Is(err, ErrRefused) {
			t.Errorf("not a refusal: %v", err)
		}
	})
}

// A seal's bundle has one meaning and no additional member. Written again from
// what was read, it is still a seal's bundle.
func FuzzExactBundle(f *testing.F) {
	const hint = "8xoWWmAQFeQ2bml5qWhs8ylPtMSw8x8hsequiC9MviY="
	sealed := strings.Replace(good, `"hint":"x"},"tlogEntries":[]`, `"hint":"`+hint+`"}`, 1)
	sealed = strings.Replace(sealed, `,"keyid":""`, "", 1)
	f.Add([]byte(sealed))
	f.Add([]byte(good))
	f.Add([]byte(strings.Replace(sealed, `"e30="`, `"e30\u003d"`, 1)))
	f.Fuzz(func(t *testing.T, raw []byte) {
		e, err := parseBundle(raw)
		if err != nil {
			return
		}
		if statement.ExactBundle(raw, hint, e.payload, e.signature) != nil {
			if string(raw) == sealed {
				t.Error("a seal's bundle is refused")
			}
			return
		}
		for _, never := range []string{"tlogEntries", "keyid", "certificate", "timestampVerificationData"} {
			if strings.Contains(string(raw), `"`+never+`"`) {
				t.Errorf("accepted with %s", never)
			}
		}
	})
}
