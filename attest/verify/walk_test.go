package verify_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/attest/layout"
	"github.com/seaworthy-os/seaworthy/attest/sealtest"
	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/attest/verify"
)

// mutation is one change of a JSON document.
type mutation struct {
	// what is the path of the member, and the change.
	what string
	raw  []byte
}

// mutations changes, removes and duplicates every member of a document, and
// adds members, one at a time.
func mutations(t *testing.T, raw []byte) []mutation {
	t.Helper()
	var out []mutation
	add := func(what string, root any) { out = append(out, mutation{what, encode(t, root)}) }
	var visit func(path string, v any, root *any, put func(any))
	visit = func(path string, v any, root *any, put func(any)) {
		was := v
		try := func(what string, to any) {
			put(to)
			add(path+" "+what, *root)
			put(was)
		}
		switch v := v.(type) {
		case map[string]any:
			for _, key := range slices.Sorted(maps.Keys(v)) {
				value := v[key]
				delete(v, key)
				add(path+"."+key+" removed", *root)
				v[key] = value
				twice := maps.Clone(v)
				twice["\x00"+key] = other(value) // see encode
				try("."+key+" twice", twice)
				visit(path+"."+key, value, root, func(to any) { v[key] = to })
			}
			more := maps.Clone(v)
			more["unknown"] = "x"
			try("unknown added", more)
			try("null", nil)
		case []any:
			for i := range v {
				try(fmt.Sprintf("[%d] removed", i), slices.Delete(slices.Clone(v), i, i+1))
				try(fmt.Sprintf("[%d] twice", i), append(slices.Clone(v), v[i]))
				visit(fmt.Sprintf("%s[%d]", path, i), v[i], root, func(to any) { v[i] = to })
			}
			try("unknown added", append(slices.Clone(v), "unknown"))
			try("null", nil)
		default:
			try("changed", other(v))
			try("null", nil)
			if s, ok := v.(string); ok {
				try("empty", "")
				try("upper case", swapCase(s))
			}
		}
	}
	root := decode(t, raw)
	same := encode(t, root)
	visit("", root, &root, func(to any) { root = to })
	return slices.DeleteFunc(out, func(m mutation) bool { return bytes.Equal(m.raw, same) })
}

// decode reads a document. A bill of materials stays unchanged, because the
// order of its members counts.
func decode(t *testing.T, raw []byte) any {
	t.Helper()
	var v any
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if err := dec.Decode(&v); err != nil {
		t.Fatal(err)
	}
	m, ok := v.(map[string]any)
	if ok && (m["predicateType"] == statement.SPDX || m["predicateType"] == statement.CycloneDX) {
		var st struct{ Predicate json.RawMessage }
		if err := json.Unmarshal(raw, &st); err != nil {
			t.Fatal(err)
		}
		m["predicate"] = st.Predicate
	}
	return v
}

// encode writes a value. A member whose name begins with NUL is a duplicate of
// the member with the rest of the name.
func encode(t *testing.T, v any) []byte {
	t.Helper()
	raw, err := statement.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.ReplaceAll(raw, []byte(`"\u0000`), []byte(`"`))
}

var hexDigest = regexp.MustCompile(`^(sha256:)?[0-9a-f]{64}$`)

// other is a value of the same kind with another meaning.
func other(v any) any {
	switch v := v.(type) {
	case string:
		switch {
		case hexDigest.MatchString(v):
			return v[:len(v)-64] + strings.Repeat("e", 64)
		case v == statement.Passed:
			return statement.Failed
		}
		return v + "x"
	case json.Number:
		n, _ := strconv.ParseInt(v.String(), 10, 64)
		return n + 1
	case bool:
		return !v
	case json.RawMessage:
		return json.RawMessage(bytes.Replace(v, []byte("{"), []byte(`{"x":1,`), 1))
	case nil:
		return "x"
	}
	return map[string]any{"x": v}
}

func swapCase(s string) string {
	if up := strings.ToUpper(s); up != s {
		return up
	}
	return strings.ToLower(s)
}

// relayout writes oci/ again, for the current bundles.
func relayout(t *testing.T, dir string) {
	t.Helper()
	of := func(path string) layout.File {
		raw, err := os.ReadFile(filepath.Join(dir, path))
		if err != nil {
			t.Fatal(err)
		}
		return layout.File{Path: path, Digest: sealtest.Digest(string(raw)), Size: int64(len(raw))}
	}
	var images []layout.File
	for _, name := range []string{"demo-cmdline", "demo-initrd.img", "demo-kernel"} {
		images = append(images, of(name))
	}
	var bundles []layout.Bundle
	for _, path := range files(t, dir) {
		if name, ok := strings.CutPrefix(path, statement.Dir+"/"); ok {
			stem := strings.TrimSuffix(name, statement.Suffix)
			what := statement.ImageStems()[stem]
			if what == "" {
				what = map[bool]string{true: statement.SPDX, false: statement.CycloneDX}[strings.HasSuffix(stem, ".spdx")]
			}
			bundles = append(bundles, layout.Bundle{File: of(path), PredicateType: what})
		}
	}
	l, err := layout.Describe("demo", images, bundles)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(dir, layout.Dir)); err != nil {
		t.Fatal(err)
	}
	for path, content := range l.Documents {
		put(t, filepath.Join(dir, layout.Dir, path), content)
	}
	for path, source := range l.Blobs {
		copyFile(t, filepath.Join(dir, source), filepath.Join(dir, layout.Dir, path))
	}
}

// free are members of statements whose values nothing else in a seal repeats,
// each with the reason why that is harmless. docs/verify.md lists them too.
var free = map[string]string{
	// A file of the build machine: its bytes are part of the image, whose
	// digest is checked.
	`^provenance \.predicate\.buildDefinition\.resolvedDependencies( \[3\] removed|\[3\]\.(name|digest\.sha256) changed|\[3\]\.name upper case)$`: "file:etc/motd",
}

// Each member of each of the image's statements is changed by the owner of the
// trusted key.
func TestEveryMemberCounts(t *testing.T) {
	t.Parallel()
	f := newForger(t)
	for _, tt := range []struct {
		name   string
		change func(*sealtest.Image)
		stems  []string
	}{
		{"judged at a given time", func(*sealtest.Image) {}, append(imageStems(), "component-kernel.spdx", "component-services-nginx.cyclonedx")},
		{"with a clock for its outputs", func(img *sealtest.Image) { img.Now, img.Decision.Date, img.Epoch = "", "", 1_700_000_000 }, []string{"vsa"}},
		{"without a lock or waivers", func(img *sealtest.Image) {
			img.Now, img.Decision.Date = "", ""
			img.LockDigest, img.Decision.System.LockDigest, img.Decision.WaiversDigest = "", "", ""
			img.Decision.Findings, img.Decision.Waivers = img.Decision.Findings[:1], nil
		}, []string{"vsa", "test-result"}},
	} {
		for _, stem := range tt.stems {
			t.Run(tt.name+"/"+stem, func(t *testing.T) {
				t.Parallel()
				img := sealtest.New("demo")
				tt.change(img)
				dir := img.Seal(t, f.KeySigner)
				payload := readBundle(t, dir, stem).DSSEEnvelope.Payload
				accept := func(raw []byte) error {
					f.raw(t, dir, stem, raw)
					return tryRelaid(t, f, dir)
				}
				if err := accept(encode(t, decode(t, payload))); err != nil {
					t.Fatalf("signed again and nothing changed: %v", err)
				}
				for _, m := range mutations(t, payload) {
					err := accept(m.raw)
					if err == nil && !isFree(stem+" "+m.what) {
						t.Errorf("%s: accepted", m.what)
					}
					if err != nil && !errors.Is(err, verify.ErrRefused) {
						t.Errorf("%s: %v is not a refusal", m.what, err)
					}
				}
			})
		}
	}
}

// try verifies a folder and closes the result.
func try(t *testing.T, f *forger, dir string) error {
	t.Helper()
	r, err := verifier(t, f.KeySigner).Dir(dir)
	if err == nil {
		r.Close()
	}
	return err
}

// tryRelaid is try, but if only the layout is wrong, it writes the layout again for
// the changed bundles first.
func tryRelaid(t *testing.T, f *forger, dir string) error {
	t.Helper()
	err := try(t, f, dir)
	var refusal *verify.Refusal
	if errors.As(err, &refusal) && refusal.Check == verify.CheckLayout {
		relayout(t, dir)
		err = try(t, f, dir)
	}
	return err
}

func isFree(what string) bool {
	for pattern := range free {
		if regexp.MustCompile(pattern).MatchString(what) {
			return true
		}
	}
	return false
}

// Each member of a bundle's envelope is changed. None of them is signed.
func TestEveryMemberOfABundleCounts(t *testing.T) {
	t.Parallel()
	f := newForger(t)
	for _, stem := range []string{"vsa", "component-kernel.spdx"} {
		dir := sealtest.New("demo").Seal(t, f.KeySigner)
		path := filepath.Join(dir, statement.BundlePath(stem))
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all := mutations(t, raw)
		for what, change := range map[string][2]string{
			"a log's entry":     {`"publicKey":`, `"tlogEntries":[{"logIndex":"1"}],"publicKey":`},
			"no log's entry":    {`"publicKey":`, `"tlogEntries":[],"publicKey":`},
			"a timestamp":       {`"publicKey":`, `"timestampVerificationData":{"rfc3161Timestamps":[{"signedTimestamp":"AAAA"}]},"publicKey":`},
			"a key's name":      {`"sig":`, `"keyid":"SHA256:jl3bwswu80PjjokCgh0o2w5c2U4LhQAE57gj9cz1kzA","sig":`},
			"raw bytes":         {`"hint":`, `"rawBytes":"AAAA","hint":`},
			"a line in base64":  {`"payload":"`, `"payload":"\n`},
			"another spelling":  {`"dsseEnvelope"`, `"DsseEnvelope"`},
			"something behind":  {`}]}}`, `}]}} {}`},
			"a comment's place": {`"mediaType":`, `"":"x","mediaType":`},
		} {
			changed := strings.Replace(string(raw), change[0], change[1], 1)
			if changed == string(raw) {
				t.Fatalf("%s changes nothing", what)
			}
			all = append(all, mutation{what, []byte(changed)})
		}
		for _, m := range all {
			put(t, path, m.raw)
			relayout(t, dir)
			if err := try(t, f, dir); err == nil || !errors.Is(err, verify.ErrRefused) {
				t.Errorf("%s, %s: %v", stem, m.what, err)
			}
		}
	}
}

// Each member of each document of the layout is changed.
func TestEveryMemberOfTheLayoutCounts(t *testing.T) {
	t.Parallel()
	f := newForger(t)
	dir := sealtest.New("demo").Seal(t, f.KeySigner)
	seen := 0
	for _, path := range files(t, dir) {
		raw, err := os.ReadFile(filepath.Join(dir, path))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(path, layout.Dir+"/") || !json.Valid(raw) || len(raw) > 3000 && !strings.HasSuffix(path, "index.json") || bytes.Contains(raw, []byte(`"dsseEnvelope"`)) {
			continue
		}
		seen++
		all := mutations(t, raw)
		if seen > 4 { // the manifests of all attestations have the same form
			all = all[:1]
		}
		for _, m := range all {
			put(t, filepath.Join(dir, path), m.raw)
			if err := try(t, f, dir); err == nil || !errors.Is(err, verify.ErrRefused) || !strings.Contains(err.Error(), path) {
				t.Errorf("%s %s: %v", path, m.what, err)
			}
		}
		put(t, filepath.Join(dir, path), raw)
	}
	if err := try(t, f, dir); err != nil || seen < 13 {
		t.Errorf("%d documents; as it was: %v", seen, err)
	}
}

// freeDecision are members of decision.json that nothing else in a seal
// repeats. The file's digest covers them. They are there for readers.
var freeDecision = []string{
	// Texts, and counts for readers.
	`^\.findings\[\d\]\.(message|title|actual) (removed|changed|null)$`,
	`^\.system\.components\[\d\]\.(files|ownedFiles|packages) (removed|changed|null)$`,
	`^\.policy\.rules (removed|changed|null)$`,
	// A missing member is 0, false or empty, which was its value.
	`\.(fail|unknown|rules|key|expired|layer|origin) (removed|null)$`,
	// A duplicate waiver has no additional effect.
	`^\.waivers \[0\] twice$`,
}

// Each member of the decision is changed by the owner of the trusted key, who
// signs its new digest.
func TestEveryMemberOfTheDecisionCounts(t *testing.T) {
	t.Parallel()
	f := newForger(t)
	dir := sealtest.New("demo").Seal(t, f.KeySigner)
	path := filepath.Join(dir, statement.DecisionFile)
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	resign := func(raw []byte) error {
		put(t, path, raw)
		digest := object{"sha256": strings.TrimPrefix(sealtest.Digest(string(raw)), "sha256:")}
		f.edit(t, dir, "provenance", func(_, p object) {
			for _, b := range p["runDetails"].(object)["byproducts"].([]any) {
				if b := b.(object); b["name"] == statement.DecisionFile {
					b["digest"] = digest
				}
			}
		})
		f.edit(t, dir, "vsa", func(_, p object) { p["inputAttestations"].([]any)[0].(object)["digest"] = digest })
		return tryRelaid(t, f, dir)
	}
	if err := resign(encode(t, decode(t, raw))); err != nil {
		t.Fatalf("signed again and nothing changed: %v", err)
	}
	for _, m := range mutations(t, raw) {
		switch err := resign(m.raw); {
		case err == nil && !slices.ContainsFunc(freeDecision, func(p string) bool { return regexp.MustCompile(p).MatchString(m.what) }):
			t.Errorf("%s: accepted", m.what)
		case err != nil && !errors.Is(err, verify.ErrRefused):
			t.Errorf("%s: %v is not a refusal", m.what, err)
		}
	}
}
