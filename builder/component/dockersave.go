package component

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/seaworthy-os/seaworthy/builder/component/oci"
	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/internal/words"
)

// dockerSave is the older form of docker save: manifest.json, configs and layers,
// but no digests except the diff IDs. A manifest with digests is made from it, as
// a push would do: the same archive always gives the same manifest.
type dockerSave struct {
	files files
	where string
	lim   limits
	items []dockerItem
	names map[string]int // full reference -> item
}

type dockerItem struct {
	Config   string
	RepoTags []string
	Layers   []string
}

func newDockerSave(f files, where string, lim limits) (*dockerSave, error) {
	raw, err := readFile(f, "manifest.json", lim.manifest)
	if err != nil {
		return nil, err
	}
	s := &dockerSave{files: f, where: where, lim: lim, names: map[string]int{}}
	if err := decodeJSON(raw, &s.items); err != nil {
		return nil, fmt.Errorf("manifest.json: %w", err)
	}
	for i, it := range s.items {
		for _, t := range it.RepoTags {
			if r, err := oci.ParseReference(t); err == nil {
				s.names[r.Name] = i
			}
		}
	}
	return s, nil
}

func readFile(f files, name string, limit int64) ([]byte, error) {
	rc, size, err := f.open(name)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", name, err)
	}
	defer rc.Close()
	if size > limit {
		return nil, fmt.Errorf("%q has %d bytes; the limit is %d", name, size, limit)
	}
	return io.ReadAll(rc)
}

func (s *dockerSave) close() error { return nil }

// find makes the manifest. A digest in the reference is compared with the digest
// of each item, since the archive does not contain them.
func (s *dockerSave) find(ctx context.Context, r oci.Reference) (*place, error) {
	if r.Digest == "" {
		i, ok := s.names[r.Name]
		if !ok {
			return nil, errNotFound
		}
		return s.place(ctx, s.items[i])
	}
	for _, it := range s.items {
		p, err := s.place(ctx, it)
		if err != nil {
			return nil, err
		}
		if p.roots[0].Digest == r.Digest {
			return p, nil
		}
	}
	return nil, errNotFound
}

func (s *dockerSave) place(ctx context.Context, it dockerItem) (*place, error) {
	config, err := readFile(s.files, it.Config, s.lim.config)
	if err != nil {
		return nil, err
	}
	_, diffIDs, err := parseConfig(config)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", it.Config, err)
	}
	if len(diffIDs) != len(it.Layers) || len(it.Layers) > s.lim.layers {
		return nil, fmt.Errorf("%s, but the config lists %d", words.Count(len(it.Layers), "layer", "layers"), len(diffIDs))
	}
	names := map[string]string{} // digest -> file
	layers := []map[string]any{}
	for i, name := range it.Layers {
		mediaType, digest, size, err := s.layer(ctx, name, diffIDs[i])
		if err != nil {
			return nil, err
		}
		names[digest] = name
		layers = append(layers, map[string]any{"mediaType": mediaType, "digest": digest, "size": size})
	}
	configDigest := digests.Of(config)
	names[configDigest] = it.Config
	raw, err := json.Marshal(map[string]any{
		"schemaVersion": 2, "mediaType": oci.TypeDockerManifest, "layers": layers,
		"config": map[string]any{"mediaType": oci.TypeDockerConfig, "digest": configDigest, "size": len(config)},
	})
	if err != nil {
		return nil, err
	}
	root := oci.Descriptor{MediaType: oci.TypeDockerManifest, Digest: digests.Of(raw), Size: int64(len(raw))}
	open := func(_ context.Context, d oci.Descriptor) (io.ReadCloser, error) {
		if d.Digest == root.Digest {
			return memory(raw), nil
		}
		name, ok := names[d.Digest]
		if !ok {
			return nil, fmt.Errorf("blob %s: %w", d.Digest, errNotFound)
		}
		rc, _, err := s.files.open(name)
		return rc, err
	}
	// This form contains images only: no signatures or statements.
	none := func(context.Context, string) ([]oci.Descriptor, error) { return nil, nil }
	return &place{from: "archive", where: s.where, roots: []oci.Descriptor{root}, open: open, attached: none}, nil
}

// layer describes a stored layer. The digest of a plain tar is its diff ID. A
// compressed layer must be hashed: its digest is not recorded.
func (s *dockerSave) layer(ctx context.Context, name, diffID string) (mediaType, digest string, size int64, err error) {
	rc, size, err := s.files.open(name)
	if err != nil {
		return "", "", 0, fmt.Errorf("layer %q: %w", name, err)
	}
	defer rc.Close()
	magic := make([]byte, 4)
	n, err := io.ReadFull(rc, magic)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return "", "", 0, err
	}
	switch m := magic[:n]; {
	case bytes.HasPrefix(m, []byte{0x1f, 0x8b}):
		mediaType = oci.TypeDockerLayer + ".gzip"
	case bytes.Equal(m, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		mediaType = oci.TypeDockerLayer + ".zstd"
	default:
		return oci.TypeDockerLayer, diffID, size, nil
	}
	h := sha256.New()
	h.Write(magic[:n])
	buf := make([]byte, 256*kib)
	for err = nil; err == nil; {
		if err = ctx.Err(); err != nil {
			return "", "", 0, err
		}
		n, err = rc.Read(buf)
		h.Write(buf[:n])
	}
	if !errors.Is(err, io.EOF) {
		return "", "", 0, err
	}
	return mediaType, digests.Sum(h), size, nil
}

func memory(b []byte) io.ReadCloser { return io.NopCloser(bytes.NewReader(b)) }
