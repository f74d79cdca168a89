package publish

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/seaworthy-os/seaworthy/attest/layout"
	"github.com/seaworthy-os/seaworthy/builder/component/oci"
	"github.com/seaworthy-os/seaworthy/builder/component/registry"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

// Limits of what belongs to one image.
const (
	maxManifests     = 10_000
	maxManifestBytes = 64 << 20
	// depth is how deep manifests may be nested: referrers of referrers, and
	// indexes of indexes.
	depth = 8
)

// node is a manifest or an index.
type node struct {
	listed
	raw []byte
	// subject is the digest of the manifest that it refers to, "" for none.
	subject string
	// manifests are those that an index names.
	manifests []listed
}

// graph is an image with everything that belongs to it: its manifest, the
// manifests that these name, all their referrers, and all blobs.
type graph struct {
	root string
	// nodes are in an order in which a registry accepts them: what an index names
	// comes before the index.
	nodes []*node
	blobs []oci.Descriptor
	// tags are manifests that belong to the image by the name of their tag, as
	// older versions of cosign store signatures.
	tags map[string]string
}

// oldTags are the endings of these tags.
var oldTags = []string{".sig", ".att", ".sbom"}

// collector reads a graph from a store.
type collector struct {
	store
	o Options

	mu    sync.Mutex
	nodes map[string]*node
	blobs map[string]oci.Descriptor
	bytes int
}

// collect reads all manifests that belong to an image. It reads no blob.
func collect(ctx context.Context, s store, o Options) (*graph, error) {
	digest, raw, err := s.image(ctx)
	if err != nil {
		return nil, err
	}
	c := &collector{store: s, o: o, nodes: map[string]*node{}, blobs: map[string]oci.Descriptor{}}
	root, err := c.add(listed{Digest: digest, Size: int64(len(raw))}, raw)
	if err != nil {
		return nil, err
	}
	g := &graph{root: digest, tags: map[string]string{}}
	level := []*node{root}
	for _, ending := range oldTags {
		tagged, ok := s.(interface {
			tag(ctx context.Context, tag string) (string, []byte, error)
		})
		if !ok {
			break
		}
		tag := registry.Fallback(digest) + ending
		digest, raw, err := tagged.tag(ctx, tag)
		switch {
		case errors.Is(err, registry.ErrNoSuchImage):
			continue
		case err != nil:
			return nil, err
		}
		n, err := c.add(listed{Digest: digest, Size: int64(len(raw))}, raw)
		if err != nil {
			return nil, err
		}
		if n != nil {
			level = append(level, n)
		}
		g.tags[tag] = digest
	}
	for i := 0; len(level) > 0; i++ {
		if i == depth {
			return nil, system.Unusable("the referrers of the image are nested more than %d levels deep", depth).Suggest("copy the image without them: pull it, and push it again")
		}
		if level, err = c.next(ctx, level); err != nil {
			return nil, err
		}
	}
	for _, n := range c.nodes {
		g.nodes = append(g.nodes, n)
	}
	slices.SortFunc(g.nodes, func(a, b *node) int { return strings.Compare(a.Digest, b.Digest) })
	for _, d := range c.blobs {
		if c.nodes[d.Digest] == nil { // else it is written as a manifest
			g.blobs = append(g.blobs, d)
		}
	}
	slices.SortFunc(g.blobs, func(a, b oci.Descriptor) int { return strings.Compare(a.Digest, b.Digest) })
	return g, nil
}

// add parses a manifest, once. It returns nil if it is known.
func (c *collector) add(d listed, raw []byte) (*node, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.nodes[d.Digest] != nil {
		return nil, nil
	}
	var m struct {
		MediaType    string            `json:"mediaType"`
		ArtifactType string            `json:"artifactType"`
		Config       *oci.Descriptor   `json:"config"`
		Layers       []oci.Descriptor  `json:"layers"`
		Manifests    []listed          `json:"manifests"`
		Subject      *oci.Descriptor   `json:"subject"`
		Annotations  map[string]string `json:"annotations"`
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		return nil, fmt.Errorf("the manifest %s is malformed: %w", d.Digest, err)
	}
	// Lists differ from registry to registry. The manifest does not.
	n := &node{listed: listed{MediaType: m.MediaType, Digest: d.Digest, Size: int64(len(raw)), ArtifactType: m.ArtifactType, Annotations: m.Annotations}, raw: raw, manifests: m.Manifests}
	switch {
	case n.MediaType != "":
	case m.Manifests != nil:
		n.MediaType = oci.TypeIndex
	default:
		n.MediaType = oci.TypeManifest
	}
	if n.ArtifactType == "" && m.Config != nil {
		n.ArtifactType = m.Config.MediaType
	}
	if m.Subject != nil {
		n.subject = m.Subject.Digest
	}
	blobs := m.Layers
	if m.Config != nil {
		blobs = append(blobs, *m.Config)
	}
	for _, b := range blobs {
		if err := b.Valid(); err != nil {
			return nil, fmt.Errorf("the manifest %s: %w", d.Digest, err)
		}
		if b.MediaType == oci.TypeForeign || b.MediaType == oci.TypeDockerForeign {
			continue // such blobs may not be in a registry
		}
		if old, ok := c.blobs[b.Digest]; ok && old.Size != b.Size {
			return nil, fmt.Errorf("the blob %s is listed with %d and with %d bytes", b.Digest, old.Size, b.Size)
		}
		c.blobs[b.Digest] = oci.Descriptor{Digest: b.Digest, Size: b.Size}
	}
	c.nodes[d.Digest] = n
	if c.bytes += len(raw); len(c.nodes) > maxManifests || c.bytes > maxManifestBytes {
		return nil, system.Unusable("more than %d manifests or %d MiB of manifests belong to the image", maxManifests, maxManifestBytes>>20).
			Suggest("delete referrers that are not needed, or pull the image and push it again")
	}
	return n, nil
}

// next reads the manifests that a level of the graph names, and its referrers.
func (c *collector) next(ctx context.Context, level []*node) ([]*node, error) {
	var mu sync.Mutex
	var out []*node
	err := each(ctx, len(level), func(ctx context.Context, i int) error {
		parent := level[i]
		refs, err := c.referrers(ctx, parent.Digest, "")
		if err != nil {
			return err
		}
		for j, d := range slices.Concat(parent.manifests, refs) {
			n, err := c.read(ctx, d, parent.Digest, j >= len(parent.manifests))
			if err != nil {
				return err
			}
			if n != nil {
				mu.Lock()
				out = append(out, n)
				mu.Unlock()
			}
		}
		return nil
	})
	return out, err
}

// read reads one manifest. A referrer that does not exist, or that refers to another
// image, is left out.
func (c *collector) read(ctx context.Context, d listed, parent string, isReferrer bool) (*node, error) {
	c.mu.Lock()
	known := c.nodes[d.Digest] != nil
	c.mu.Unlock()
	if known {
		return nil, nil
	}
	raw, err := readReferrer(ctx, c, d)
	if isReferrer && errors.Is(err, registry.ErrNoSuchImage) {
		c.o.note(fmt.Sprintf("referrer %s is listed, but does not exist: it was left out", d.Digest))
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if isReferrer {
		if subject, _ := subjectOf(raw); subject != parent { // also if it is malformed
			c.o.note(fmt.Sprintf("referrer %s is listed, but does not refer to the image: it was left out", d.Digest))
			return nil, nil
		}
	}
	return c.add(d, raw)
}

// order sorts the nodes so that what an index names comes before the index.
func (g *graph) order() []*node {
	byDigest := map[string]*node{}
	for _, n := range g.nodes {
		byDigest[n.Digest] = n
	}
	var out []*node
	done := map[string]bool{}
	var visit func(n *node)
	visit = func(n *node) {
		if done[n.Digest] {
			return
		}
		done[n.Digest] = true
		for _, d := range n.manifests {
			if child := byDigest[d.Digest]; child != nil {
				visit(child)
			}
		}
		out = append(out, n)
	}
	for _, n := range g.nodes {
		visit(n)
	}
	return out
}

// node returns the manifest with a digest.
func (g *graph) node(digest string) *node {
	i := slices.IndexFunc(g.nodes, func(n *node) bool { return n.Digest == digest })
	return g.nodes[i]
}

// push writes a graph into a repository. The tag is written last. It returns the
// number of blobs that the repository did not have.
func (g *graph) push(ctx context.Context, s store, to *remote) (int, error) {
	var sent atomic.Int64
	if err := each(ctx, len(g.blobs), func(ctx context.Context, i int) error {
		d := g.blobs[i]
		var source error
		fresh, err := to.Upload(ctx, to.q, d, func() (io.ReadCloser, error) {
			rc, err := s.open(ctx, d, 0)
			source = err
			return rc, err
		})
		if fresh {
			sent.Add(1)
		}
		if source != nil || errors.As(err, new(*oci.Mismatch)) {
			return s.failed(err)
		}
		return to.failed(err)
	}); err != nil {
		return 0, err
	}
	refs := map[string][]referrer{}
	var last *node
	for _, n := range g.order() {
		if err := to.PutManifest(ctx, to.at(n.Digest), n.MediaType, n.raw); err != nil {
			return 0, to.failed(err)
		}
		if n.subject != "" {
			refs[n.subject] = append(refs[n.subject], referrer{listed: n.listed, raw: n.raw})
		}
		if n.Digest == g.root {
			last = n
		}
	}
	for _, subject := range slices.Sorted(maps.Keys(refs)) {
		if err := to.list(ctx, subject, refs[subject]); err != nil {
			return 0, to.failed(err)
		}
	}
	for _, tag := range slices.Sorted(maps.Keys(g.tags)) {
		n := g.node(g.tags[tag])
		if err := to.PutManifest(ctx, to.tagged(tag), n.MediaType, n.raw); err != nil {
			return 0, to.failed(err)
		}
	}
	return int(sent.Load()), to.failed(to.PutManifest(ctx, to.q, last.MediaType, last.raw))
}

// name is the name of the system in a sealed folder of the image, "" if there is
// none.
func (g *graph) name() string {
	for _, n := range g.nodes {
		if n.ArtifactType == layout.FolderType && n.subject == g.root {
			return n.Annotations[titleAnnotation]
		}
	}
	return ""
}

// size is the number of bytes of all blobs and manifests.
func (g *graph) size() int64 {
	var sum int64
	for _, n := range g.nodes {
		sum += n.Size
	}
	for _, d := range g.blobs {
		if sum += d.Size; sum < 0 {
			return 1<<63 - 1
		}
	}
	return sum
}
