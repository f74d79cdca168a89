package registry

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/component/oci"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/ocitest"
)

func newClient(t *testing.T, o Options) *Client {
	t.Helper()
	r, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

func parse(t *testing.T, ref string) oci.Reference {
	t.Helper()
	q, err := oci.ParseReference(ref)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// manifest asks for a manifest only.
func manifest(t *testing.T, r *Client, ref string) error {
	t.Helper()
	_, _, err := r.Manifest(context.Background(), parse(t, ref))
	return err
}

// fetch reads the manifest that ref names, or the first of its index, and all
// blobs of that manifest. Each byte is verified.
func fetch(t *testing.T, r *Client, ref string) error {
	t.Helper()
	ctx, q := context.Background(), parse(t, ref)
	_, raw, err := r.Manifest(ctx, q)
	if err != nil {
		return err
	}
	var doc struct {
		Manifests, Layers []oci.Descriptor
		Config            oci.Descriptor
	}
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	if len(doc.Manifests) > 0 {
		if raw, err = read(ctx, r, q, doc.Manifests[0]); err != nil {
			return err
		}
		if err := json.Unmarshal(raw, &doc); err != nil {
			t.Fatal(err)
		}
	}
	for _, d := range append(doc.Layers, doc.Config) {
		if _, err := read(ctx, r, q, d); err != nil {
			return err
		}
	}
	return nil
}

func read(ctx context.Context, r *Client, q oci.Reference, d oci.Descriptor) ([]byte, error) {
	rc, err := r.Open(ctx, q, d)
	if err != nil {
		return nil, err
	}
	defer rc.Close()
	return io.ReadAll(oci.NewChecker(rc, d))
}

// remoteImage is an index of two images.
func remoteImage() ocitest.Index {
	img := ocitest.Image{Layers: []ocitest.Layer{
		{Entries: []ocitest.Entry{ocitest.Dir("etc"), ocitest.File("etc/who", "me")}},
		{Entries: []ocitest.Entry{ocitest.File("a", strings.Repeat("x", 100000))}},
	}}
	docker := img
	docker.Docker, docker.Arch = true, "arm64"
	return ocitest.Index{img, docker}
}

// wantError requires an error of this kind that contains each text.
func wantError(t *testing.T, err, kind error, texts ...string) {
	t.Helper()
	ocitest.WantError(t, err, kind, errors.Is, texts...)
}

// nextStep is the next step of err.
func nextStep(err error) string {
	if e := (*system.Error)(nil); errors.As(err, &e) {
		return e.Next
	}
	return ""
}
