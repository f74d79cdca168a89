package component

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	ggcr "github.com/google/go-containerregistry/pkg/registry"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/ocitest"
)

const (
	testLayer    = "application/vnd.test.layer"
	testReferrer = "application/vnd.test.referrer"
)

var testQuery = ArtifactQuery{MediaType: testLayer, MaxBlob: 1000, ReferrerType: testReferrer, MaxReferrer: 100}

// artifactRegistry is a registry over real HTTP. change may answer a request
// instead.
func artifactRegistry(t *testing.T, referrers bool, change func(w http.ResponseWriter, r *http.Request) bool) string {
	t.Helper()
	ocitest.DockerConfig(t, "", "", "")
	next := ggcr.New(ggcr.WithReferrersSupport(referrers), ggcr.Logger(log.New(io.Discard, "", 0)))
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if change == nil || !change(w, r) {
			next.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

func pushArtifact(t *testing.T, s *Store, ref, blob string, referrers ...string) *Pushed {
	t.Helper()
	done, err := s.PushArtifact(context.Background(), ref, Push{ArtifactType: "application/vnd.test", MediaType: testLayer, Blob: []byte(blob)})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range referrers {
		if _, err := s.PushArtifact(context.Background(), ref, Push{ArtifactType: testReferrer, MediaType: testReferrer, Blob: []byte(r), Subject: done}); err != nil {
			t.Fatal(err)
		}
	}
	return done
}

// The fetched artifact equals the pushed one, with its referrers: also from a
// registry without a list of referrers, and then from the cache only.
func TestArtifact(t *testing.T) {
	for _, supported := range []bool{true, false} {
		t.Run(fmt.Sprintf("referrers %v", supported), func(t *testing.T) {
			host := artifactRegistry(t, supported, nil)
			cache := filepath.Join(t.TempDir(), "cache")
			ref := host + "/team/rules:1"
			first := pushArtifact(t, open(t, Options{}), ref, "one", "a", "b")
			again := pushArtifact(t, open(t, Options{}), host+"/team/rules:2", "one")
			if first.Digest != again.Digest {
				t.Errorf("the same artifact has digests %s and %s", first.Digest, again.Digest)
			}
			check := func(o Options, ref string) {
				t.Helper()
				a, err := open(t, o).Artifact(context.Background(), ref, testQuery)
				if err != nil {
					t.Fatal(err)
				}
				if a.Digest != first.Digest || string(a.Blob) != "one" || len(a.Referrers) != 2 || !bytes.Equal(bytes.Join(a.Referrers, nil), []byte("ab")) && !bytes.Equal(bytes.Join(a.Referrers, nil), []byte("ba")) {
					t.Errorf("%s: %+v", ref, a)
				}
			}
			check(Options{}, ref)
			check(Options{Cache: cache}, ref)
			pinned := host + "/team/rules@" + first.Digest
			check(Options{Cache: cache}, pinned)
			check(Options{Cache: cache, Offline: true}, ref)
			check(Options{Cache: cache, Offline: true}, pinned)

			// A moved tag is noticed, except with Offline.
			moved := pushArtifact(t, open(t, Options{}), ref, "two")
			a, err := open(t, Options{Cache: cache}).Artifact(context.Background(), ref, testQuery)
			if err != nil || a.Digest != moved.Digest || len(a.Referrers) != 0 {
				t.Errorf("%v, %+v", err, a)
			}
			q := testQuery
			q.Digest = first.Digest
			if a, err = open(t, Options{Cache: cache, Offline: true}).Artifact(context.Background(), ref, q); err != nil || a.Digest != first.Digest {
				t.Errorf("by the digest of a lock: %v, %+v", err, a)
			}
			_, err = open(t, Options{Cache: cache, Offline: true}).Artifact(context.Background(), host+"/team/other:1", testQuery)
			wantError(t, err, system.ErrUnusable, "--offline")
		})
	}
}

// A registry may send any bytes.
func TestHostileArtifact(t *testing.T) {
	manifest := func(layers string) string {
		return `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"x","digest":"` + ocitest.Digest(nil) + `","size":0},"layers":[` + layers + `]}`
	}
	layer := func(mediaType, digest string, size int) string {
		return fmt.Sprintf(`{"mediaType":%q,"digest":%q,"size":%d}`, mediaType, digest, size)
	}
	good := ocitest.Digest([]byte("blob"))
	serve := func(path, body string) func(w http.ResponseWriter, r *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			if !strings.Contains(r.URL.Path, path) {
				return false
			}
			_, _ = io.WriteString(w, body)
			return true
		}
	}
	for name, c := range map[string]struct {
		change func(w http.ResponseWriter, r *http.Request) bool
		kind   error
		word   string
	}{
		"no layer":         {serve("/manifests/1", manifest("")), system.ErrUnusable, "one layer"},
		"two layers":       {serve("/manifests/1", manifest(layer(testLayer, good, 4)+","+layer(testLayer, good, 4))), system.ErrUnusable, "one layer"},
		"an index":         {serve("/manifests/1", `{"schemaVersion":2,"manifests":[]}`), system.ErrUnusable, "one layer"},
		"no JSON":          {serve("/manifests/1", "{"), system.ErrUnusable, "JSON"},
		"another type":     {serve("/manifests/1", manifest(layer("text/plain", good, 4))), system.ErrUnusable, "media type"},
		"a large layer":    {serve("/manifests/1", manifest(layer(testLayer, good, 1001))), system.ErrUnusable, "limit"},
		"a negative size":  {serve("/manifests/1", manifest(layer(testLayer, good, -1))), system.ErrUnusable, "size"},
		"no digest":        {serve("/manifests/1", manifest(layer(testLayer, "sha256:../../x", 4))), system.ErrUnusable, "digest"},
		"a large manifest": {serve("/manifests/1", strings.Repeat(" ", 5<<20)), system.ErrUnusable, "manifest: larger than"},
		"another blob":     {serve("/blobs/", "wrong"), system.ErrMismatch, "longer"},
		"a short blob":     {serve("/blobs/", "x"), system.ErrMismatch, "cut short"},
		"another manifest": {serve("/manifests/sha256:", manifest(layer(testLayer, good, 4))), nil, ""},
		"odd referrers":    {serve("/referrers/", "[]"), system.ErrUnusable, "referrers"},
		"large referrers":  {serve("/referrers/", strings.Repeat(" ", 5<<20)), system.ErrUnusable, "referrers: larger than"},
		"referrers that are not there": {serve("/referrers/", `{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","artifactType":"`+testReferrer+`","digest":"`+good+`","size":4}]}`),
			nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			active := false
			host := artifactRegistry(t, true, func(w http.ResponseWriter, r *http.Request) bool { return active && c.change(w, r) })
			pushArtifact(t, open(t, Options{}), host+"/x:1", "blob", "good", strings.Repeat("large", 100))
			active = true
			a, err := open(t, Options{Cache: filepath.Join(t.TempDir(), "c")}).Artifact(context.Background(), host+"/x:1", testQuery)
			if c.kind == nil {
				if err != nil || string(a.Blob) != "blob" || len(a.Referrers) > 1 {
					t.Errorf("%v, %+v", err, a)
				}
				return
			}
			if err == nil {
				t.Fatalf("%+v", a)
			}
			wantError(t, err, c.kind, c.word)
		})
	}

	t.Run("a pinned manifest that is another", func(t *testing.T) {
		host := artifactRegistry(t, true, serve("/manifests/", manifest(layer(testLayer, good, 4))))
		_, err := open(t, Options{}).Artifact(context.Background(), host+"/x@"+good, testQuery)
		wantError(t, err, system.ErrMismatch, good)
	})
	t.Run("a digest that is not the lock's", func(t *testing.T) {
		q := testQuery
		q.Digest = good
		_, err := open(t, Options{}).Artifact(context.Background(), "127.0.0.1:1/x@"+ocitest.Digest(nil), q)
		wantError(t, err, system.ErrMismatch, "lock")
	})
	t.Run("pushed by digest", func(t *testing.T) {
		_, err := open(t, Options{}).PushArtifact(context.Background(), "127.0.0.1:1/x@"+good, Push{})
		wantError(t, err, system.ErrInput, "digest")
	})
	t.Run("pushed offline", func(t *testing.T) {
		_, err := open(t, Options{Offline: true}).PushArtifact(context.Background(), "127.0.0.1:1/x:1", Push{})
		wantError(t, err, system.ErrInput, "offline")
	})
}
