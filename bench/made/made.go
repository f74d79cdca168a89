// Package made generates components for the benchmarks.
package made

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/gzip"

	"github.com/seaworthy-os/seaworthy/internal/digests"
)

// Bulk describes a generated component. Its bytes depend only on these fields.
type Bulk struct {
	Name string
	// Files is the number of small files. They have half of the bytes, and one big
	// file has the other half; without small files, it has all.
	Files int
	Bytes int64
	// Seed selects other contents.
	Seed uint64
	// Kernel: the image is that of a kernel section: kernel, config and kernel.tar,
	// instead of a service.
	Kernel bool
	// Init: the image has an /init. It cannot start, but it says that it can open a
	// verified root.
	Init bool
	// Packages is the number of Debian packages that the image lists.
	Packages int
}

// Reference returns the reference of the image in the layout.
func (b Bulk) Reference() string { return "bench/" + b.Name + ":1" }

type descriptor struct {
	MediaType   string            `json:"mediaType"`
	Digest      string            `json:"digest"`
	Size        int64             `json:"size"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

// WriteLayout writes an OCI layout with the components. Each is one gzip layer. The
// layers are streamed, because ocitest, which the tests use, keeps whole blobs in
// memory.
func WriteLayout(dir string, all ...Bulk) error {
	if err := os.MkdirAll(filepath.Join(dir, "blobs", "sha256"), 0o755); err != nil {
		return err
	}
	var index struct {
		SchemaVersion int          `json:"schemaVersion"`
		Manifests     []descriptor `json:"manifests"`
	}
	index.SchemaVersion = 2
	for _, b := range all {
		d, err := b.write(dir)
		if err != nil {
			return fmt.Errorf("%s: %w", b.Name, err)
		}
		index.Manifests = append(index.Manifests, d)
	}
	raw, err := json.Marshal(index)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "index.json"), raw, 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "oci-layout"), []byte(`{"imageLayoutVersion":"1.0.0"}`), 0o644)
}

// write adds one image and returns the descriptor of its manifest.
func (b Bulk) write(dir string) (descriptor, error) {
	layer, diffID, err := b.layer(dir, b.Seed)
	if err != nil {
		return descriptor{}, err
	}
	config, err := blob(dir, "application/vnd.oci.image.config.v1+json", map[string]any{
		"architecture": "amd64", "os": "linux", "created": "1970-01-01T00:00:00Z",
		"config": map[string]any{"Entrypoint": []string{"/usr/bin/serve"}, "User": "1000:1000"},
		"rootfs": map[string]any{"type": "layers", "diff_ids": []string{diffID}},
	})
	if err != nil {
		return descriptor{}, err
	}
	const manifest = "application/vnd.oci.image.manifest.v1+json"
	d, err := blob(dir, manifest, map[string]any{
		"schemaVersion": 2, "mediaType": manifest, "config": config, "layers": []descriptor{layer},
	})
	d.Annotations = map[string]string{"org.opencontainers.image.ref.name": "docker.io/" + b.Reference()}
	return d, err
}

// blob writes v as a JSON blob.
func blob(dir, mediaType string, v any) (descriptor, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return descriptor{}, err
	}
	sum := sha256.Sum256(raw)
	name := hex.EncodeToString(sum[:])
	d := descriptor{MediaType: mediaType, Digest: digests.FromHex(name), Size: int64(len(raw))}
	return d, os.WriteFile(filepath.Join(dir, "blobs", "sha256", name), raw, 0o644)
}

// layer streams a layer: content, tar, hash, gzip, hash, file. It returns the
// descriptor and the DiffID.
func (b Bulk) layer(dir string, seed uint64) (descriptor, string, error) {
	f, err := os.CreateTemp(dir, ".layer-")
	if err != nil {
		return descriptor{}, "", err
	}
	defer f.Close()
	digest, diffID := sha256.New(), sha256.New()
	zip, err := gzip.NewWriterLevel(io.MultiWriter(f, digest), gzip.BestSpeed)
	if err != nil {
		return descriptor{}, "", err
	}
	write := b.tar
	if b.Kernel {
		write = b.kernel
	}
	if err := write(io.MultiWriter(zip, diffID), seed); err != nil {
		return descriptor{}, "", err
	}
	if err := zip.Close(); err != nil {
		return descriptor{}, "", err
	}
	size, err := f.Seek(0, io.SeekCurrent)
	if err != nil {
		return descriptor{}, "", err
	}
	name := hex.EncodeToString(digest.Sum(nil))
	d := descriptor{MediaType: "application/vnd.oci.image.layer.v1.tar+gzip", Digest: digests.FromHex(name), Size: size}
	return d, digests.Sum(diffID), os.Rename(f.Name(), filepath.Join(dir, "blobs", "sha256", name))
}

// tar writes the folders, the small files, and the big file last.
func (b Bulk) tar(w io.Writer, seed uint64) error {
	t := tar.NewWriter(w)
	c := newContent(seed)
	if err := putFolders(t, "usr/", "usr/bin/", "usr/share/"); err != nil {
		return err
	}
	if err := putFile(t, "usr/bin/serve", 0o755, 1<<10, c); err != nil {
		return err
	}
	if err := errors.Join(b.init(t), b.packages(t)); err != nil {
		return err
	}
	half := b.Bytes / 2
	if b.Files == 0 {
		half = b.Bytes
	}
	for i := range b.Files {
		if i%100 == 0 {
			if err := putFolders(t, fmt.Sprintf("usr/share/%03d/", i/100)); err != nil {
				return err
			}
		}
		// Sizes from a tenth to nearly twice the mean, so small and large files
		// alternate.
		mean := half / int64(b.Files)
		if err := putFile(t, fmt.Sprintf("usr/share/%03d/data-%05d.txt", i/100, i), 0o644, mean/10+mean*int64(i%19)/10, c); err != nil {
			return err
		}
	}
	if err := putFile(t, "usr/share/big.bin", 0o644, half, c); err != nil {
		return err
	}
	return t.Close()
}

// putFolders writes folders, whose names end in a slash.
func putFolders(t *tar.Writer, names ...string) error {
	for _, name := range names {
		if err := t.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: name, Mode: 0o755}); err != nil {
			return err
		}
	}
	return nil
}

// putFile writes a file with the next size bytes of a stream.
func putFile(t *tar.Writer, name string, mode, size int64, from io.Reader) error {
	if err := t.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: mode, Size: size, Format: tar.FormatPAX}); err != nil {
		return err
	}
	_, err := io.CopyN(t, from, size)
	return err
}

// putText writes a file with this content.
func putText(t *tar.Writer, name string, mode int64, text string) error {
	return putFile(t, name, mode, int64(len(text)), strings.NewReader(text))
}

// content is an endless stream of five sixths words, which compress, and one sixth
// noise, which does not. Together they compress like programs.
type content struct {
	r     *rand.Rand
	noise *rand.ChaCha8
	words [][]byte
	buf   bytes.Buffer
	block int
}

func newContent(seed uint64) *content {
	c := &content{r: rand.New(rand.NewPCG(seed, 1)), noise: rand.NewChaCha8([32]byte{byte(seed)})}
	for range 512 {
		w := make([]byte, 3+c.r.IntN(10))
		for i := range w {
			w[i] = byte('a' + c.r.IntN(26))
		}
		w[len(w)-1] = ' '
		c.words = append(c.words, w)
	}
	return c
}

// Read implements io.Reader. It never fails.
func (c *content) Read(p []byte) (int, error) {
	const block = 32 << 10
	if c.buf.Len() == 0 {
		if c.block++; c.block%6 == 0 {
			c.buf.Grow(block)
			b := c.buf.AvailableBuffer()[:block]
			_, _ = c.noise.Read(b) // never fails
			c.buf.Write(b)
		}
		for c.buf.Len() < block {
			// The product makes some words much more frequent than others.
			c.buf.Write(c.words[c.r.IntN(len(c.words))*c.r.IntN(len(c.words))/len(c.words)])
		}
	}
	return c.buf.Read(p)
}
