package rootfs

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/seaworthy-os/seaworthy/builder/component"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/internal/whence"
)

// Blobs reads the blobs of images. *component.Store implements it.
type Blobs interface {
	Contents(ctx context.Context, img *system.Image, platforms []string) ([]component.Descriptor, error)
	Blob(ctx context.Context, img *system.Image, digest string) (io.ReadCloser, error)
}

// OCIVolume writes a volume of format oci. The volume is an OCI layout of the
// image with the blobs of the requested platforms.
func (t *Tree) OCIVolume(ctx context.Context, c *system.Component, blobs Blobs) error {
	if err := t.componentDir(c); err != nil {
		return err
	}
	contents, err := blobs.Contents(ctx, c.Image, c.Volume.Platforms)
	if err != nil {
		return err
	}
	if len(contents) == 0 {
		return fmt.Errorf("image %s has no blobs", c.Image.Reference)
	}
	for _, d := range []string{"/blobs", "/blobs/sha256"} {
		if err := t.dir(c.FilesDir+d, 0o755); err != nil {
			return err
		}
	}
	for _, d := range contents {
		if err := t.blob(ctx, c, d, blobs); err != nil {
			return err
		}
	}
	index, err := layoutIndex(contents[0], c.Image.Name)
	if err != nil {
		return err
	}
	if err := t.content(c.FilesDir+"/index.json", 0o644, index, c.ID()); err != nil {
		return err
	}
	if err := t.content(c.FilesDir+"/oci-layout", 0o644, []byte(layoutFile), c.ID()); err != nil {
		return err
	}
	return t.volumeFiles(c)
}

func (t *Tree) blob(ctx context.Context, c *system.Component, d component.Descriptor, blobs Blobs) error {
	r, err := blobs.Blob(ctx, c.Image, d.Digest)
	if err != nil {
		return err
	}
	defer r.Close()
	name := "blobs/sha256/" + digests.Hex(d.Digest)
	p := c.FilesDir + "/" + name
	t.root[p] = written{typ: system.TypeFile, component: c.ID()}
	if t.blobs[c.ID()] == nil {
		t.blobs[c.ID()] = map[string]whence.Digest{}
	}
	if t.blobs[c.ID()][name], err = whence.Parse(d.Digest); err != nil {
		return err
	}
	return t.send(&system.RootEntry{Component: c.ID(), Entry: system.Entry{
		Path: p, Type: system.TypeFile, Mode: 0o644, Size: d.Size}}, r)
}

// layoutFile is the content of oci-layout. It has LinuxKit's white space, so
// that both tools build the same bytes.
const layoutFile = "{\n\t\t\"imageLayoutVersion\": \"1.0.0\"\n\t}"

// layoutIndex returns an index.json that names the image's root blob.
func layoutIndex(root component.Descriptor, name string) ([]byte, error) {
	type descriptor struct {
		MediaType   string            `json:"mediaType"`
		Size        int64             `json:"size"`
		Digest      string            `json:"digest"`
		Annotations map[string]string `json:"annotations"`
	}
	return json.MarshalIndent(struct {
		SchemaVersion int          `json:"schemaVersion"`
		MediaType     string       `json:"mediaType"`
		Manifests     []descriptor `json:"manifests"`
	}{2, "application/vnd.oci.image.index.v1+json", []descriptor{{root.MediaType, root.Size, root.Digest,
		map[string]string{"org.opencontainers.image.ref.name": name}}}}, "", "   ")
}
