package component

import (
	"bytes"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/component/oci"
	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/internal/ocitest"
)

// FuzzIndex reads any bytes as index.json, index, manifest and config.
func FuzzIndex(f *testing.F) {
	built := ocitest.Index{ocitest.ImageOf(entries{})}.Build()
	for _, b := range built.Blobs {
		f.Add(b)
	}
	f.Add([]byte(`{"schemaVersion":2,"manifests":[{"platform":{"os":"linux","architecture":"amd64"}},{}]}`))
	s := &Store{opt: Options{Arch: "amd64"}, limits: defaultLimits()}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if names, _, err := parseLayoutIndex(raw); err == nil {
			for n := range names {
				if r, err := oci.ParseReference(n); err != nil || r.Name != n {
					t.Fatalf("name %q is not its own full form: %v", n, err)
				}
			}
		}
		if x, err := s.parseIndex(raw); err == nil {
			if ds, err := s.pick(x.Manifests); err == nil && len(ds) == 0 {
				t.Fatal("picked nothing, without an error")
			}
		}
		if m, err := s.parseManifest(raw); err == nil && !digests.Valid(m.Config.Digest) {
			t.Fatalf("digest %q", m.Config.Digest)
		}
		_, _, _ = parseConfig(raw)
	})
}

// FuzzLock reads any bytes as a lock. An accepted lock can be written, and then
// read with the same result.
func FuzzLock(f *testing.F) {
	d := ocitest.Digest(nil)
	f.Add([]byte(`{"schemaVersion":1,"builder":"v","components":[{"reference":"x","name":"docker.io/library/x:latest","digest":"` + d + `"}],"kernel":{"digest":"` + d + `"}}`))
	f.Add([]byte(`{"schemaVersion":1,"components":[{}],"components":[]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		l, err := parseLock("os.lock.json", raw)
		if err != nil {
			return
		}
		out, err := l.Encode()
		if err != nil {
			t.Fatal(err)
		}
		again, err := parseLock("os.lock.json", out)
		if err != nil {
			t.Fatalf("%s: %v", out, err)
		}
		if twice, err := again.Encode(); err != nil || !bytes.Equal(out, twice) {
			t.Fatalf("%s\n%s\n%v", out, twice, err)
		}
	})
}
