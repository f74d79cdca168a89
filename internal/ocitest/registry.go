package ocitest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Registry is a registry on a loopback port. It is closed after the test.
type Registry struct {
	// Host is HOST:PORT, the first part of references to it.
	Host string

	mu       sync.Mutex
	blobs    map[string][]byte
	requests []string
	user     string
	password string
	handler  http.Handler
	tb       testing.TB
}

// NewRegistry starts an empty registry that anyone may read.
func NewRegistry(tb testing.TB) *Registry {
	r := &Registry{blobs: map[string][]byte{}, tb: tb}
	r.handler = registry.New(registry.WithBlobHandler(r), registry.WithReferrersSupport(true),
		registry.Logger(log.New(io.Discard, "", 0)))
	s := httptest.NewServer(r)
	tb.Cleanup(s.Close)
	r.Host = strings.TrimPrefix(s.URL, "http://")
	return r
}

// Push stores built as REPOSITORY:TAG and returns its full reference. Blobs are
// stored and served unchanged, even if they are corrupt.
func (r *Registry) Push(repositoryTag string, built *Built) string {
	r.tb.Helper()
	repo, tag, _ := strings.Cut(repositoryTag, ":")
	r.mu.Lock()
	for d, b := range built.Blobs {
		r.blobs[d] = b
	}
	r.mu.Unlock()
	for _, d := range built.Manifests {
		var m struct{ MediaType string }
		if err := json.Unmarshal(built.Blobs[d], &m); err != nil {
			r.tb.Fatal(err)
		}
		r.put(repo, d, m.MediaType, built.Blobs[d])
	}
	r.put(repo, or(tag, "latest"), built.Root.MediaType, built.Blobs[built.Root.Digest])
	return r.Host + "/" + repositoryTag
}

// Require makes the registry ask for this user and password.
func (r *Registry) Require(user, password string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.user, r.password = user, password
}

// Requests are all requests until now, as "METHOD PATH".
func (r *Registry) Requests() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string{}, r.requests...)
}

func (r *Registry) put(repo, target, mediaType string, data []byte) {
	r.tb.Helper()
	req := httptest.NewRequest(http.MethodPut, fmt.Sprintf("/v2/%s/manifests/%s", repo, target), bytes.NewReader(data))
	req.Header.Set("Content-Type", mediaType)
	w := httptest.NewRecorder()
	r.handler.ServeHTTP(w, req)
	if w.Code != http.StatusCreated {
		r.tb.Fatalf("push %s:%s: %d %s", repo, target, w.Code, w.Body)
	}
}

// ServeHTTP answers like the port of the registry.
func (r *Registry) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	r.requests = append(r.requests, req.Method+" "+req.URL.Path)
	user, password := r.user, r.password
	r.mu.Unlock()
	if user != "" {
		if u, p, _ := req.BasicAuth(); u != user || p != password {
			w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
	}
	r.handler.ServeHTTP(w, req)
}

// Get and Put make Registry a registry.BlobHandler.
func (r *Registry) Get(_ context.Context, _ string, h v1.Hash) (io.ReadCloser, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	b, ok := r.blobs[h.String()]
	if !ok {
		return nil, registry.ErrNotFound
	}
	return io.NopCloser(bytes.NewReader(b)), nil
}

func (r *Registry) Put(_ context.Context, _ string, h v1.Hash, rc io.ReadCloser) error {
	defer rc.Close()
	b, err := io.ReadAll(rc)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.blobs[h.String()] = b
	return nil
}
