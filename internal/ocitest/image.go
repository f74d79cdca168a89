package ocitest

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/seaworthy-os/seaworthy/internal/digests"
)

// Compression of a layer's blob.
type Compression string

// The compressions; the zero value is Gzip.
const (
	Gzip Compression = ""
	Zstd Compression = "zstd"
	None Compression = "none"
)

// Layer is one layer, given by its entries or by the bytes of its tar.
type Layer struct {
	Entries     []Entry
	Raw         []byte
	Compression Compression
	// MediaType, DiffID and Size, if they are set, replace the true values.
	MediaType string
	DiffID    string
	Size      int64
}

// Image describes an image for one platform.
type Image struct {
	// Arch and OS are amd64 and linux if they are empty. ConfigArch, if it is
	// set, is the architecture in the config: it may contradict the index.
	Arch, OS, Variant string
	ConfigArch        string
	Layers            []Layer
	Config            Config
	// Docker writes Docker's schema 2 media types.
	Docker bool
	// NoPlatform removes the platform from the entry of an index.
	NoPlatform bool
	// RawConfig replaces the config blob.
	RawConfig []byte
}

// ImageOf describes an image with a layer for each list of entries, bottom first.
func ImageOf(layers ...[]Entry) Image {
	var img Image
	for _, entries := range layers {
		img.Layers = append(img.Layers, Layer{Entries: entries})
	}
	return img
}

// Config is the part of an image config that users set.
type Config struct {
	User, WorkingDir, StopSignal string
	Env, Entrypoint, Cmd         []string
	Labels                       map[string]string
	ExposedPorts                 []string
	// History has one created_by line per step.
	History []string
}

// Source is an Image or an Index.
type Source interface{ Build() *Built }

// Index is an image index over images of several platforms.
type Index []Image

// Built is an image as blobs. A test may change blobs in place, so that their bytes
// do not match their digests.
type Built struct {
	// Root describes what a reference resolves to.
	Root Descriptor
	// Manifests, Configs and Layers are digests for each image. The bottom
	// layer is first.
	Manifests []string
	Configs   []string
	Layers    [][]string
	// Blobs are all blobs by digest, including indexes and manifests.
	Blobs map[string][]byte
}

// Descriptor is an OCI descriptor.
type Descriptor struct {
	MediaType   string            `json:"mediaType"`
	Digest      string            `json:"digest"`
	Size        int64             `json:"size"`
	Platform    *Platform         `json:"platform,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

// Platform is an OCI platform.
type Platform struct {
	Architecture string `json:"architecture"`
	OS           string `json:"os"`
	Variant      string `json:"variant,omitempty"`
}

// Truncate removes the last n bytes of a blob. Swap changes one byte in its middle.
// Digests and sizes elsewhere do not change.
func (b *Built) Truncate(digest string, n int) {
	b.Blobs[digest] = b.Blobs[digest][:len(b.Blobs[digest])-n]
}
func (b *Built) Swap(digest string) {
	c := bytes.Clone(b.Blobs[digest])
	c[len(c)/2] ^= 0x55
	b.Blobs[digest] = c
}

// Digest is sha256:HEX of b.
func Digest(b []byte) string {
	return digests.Of(b)
}

func (b *Built) add(mediaType string, data []byte) Descriptor {
	d := Descriptor{MediaType: mediaType, Digest: Digest(data), Size: int64(len(data))}
	b.Blobs[d.Digest] = data
	return d
}

// Build makes the blobs of one image without an index.
func (i Image) Build() *Built {
	b := &Built{Blobs: map[string][]byte{}}
	b.Root = i.build(b)
	return b
}

// Build makes the blobs of all images and an index over them.
func (x Index) Build() *Built {
	b := &Built{Blobs: map[string][]byte{}}
	type index struct {
		SchemaVersion int          `json:"schemaVersion"`
		MediaType     string       `json:"mediaType"`
		Manifests     []Descriptor `json:"manifests"`
	}
	out := index{2, "application/vnd.oci.image.index.v1+json", []Descriptor{}}
	for _, i := range x {
		if i.Docker {
			out.MediaType = "application/vnd.docker.distribution.manifest.list.v2+json"
		}
		out.Manifests = append(out.Manifests, i.build(b))
	}
	b.Root = b.add(out.MediaType, encode(out))
	return b
}

func (i Image) build(b *Built) Descriptor {
	mt := struct{ manifest, config, layer, layerGzip, layerZstd string }{
		"application/vnd.oci.image.manifest.v1+json", "application/vnd.oci.image.config.v1+json",
		"application/vnd.oci.image.layer.v1.tar", "application/vnd.oci.image.layer.v1.tar+gzip", "application/vnd.oci.image.layer.v1.tar+zstd",
	}
	if i.Docker {
		mt.manifest, mt.config = "application/vnd.docker.distribution.manifest.v2+json", "application/vnd.docker.container.image.v1+json"
		mt.layer, mt.layerGzip = "application/vnd.docker.image.rootfs.diff.tar", "application/vnd.docker.image.rootfs.diff.tar.gzip"
	}
	manifest := struct {
		SchemaVersion int          `json:"schemaVersion"`
		MediaType     string       `json:"mediaType"`
		Config        Descriptor   `json:"config"`
		Layers        []Descriptor `json:"layers"`
	}{2, mt.manifest, Descriptor{}, []Descriptor{}}

	var diffIDs, digests []string
	for _, l := range i.Layers {
		raw := l.Raw
		if raw == nil {
			raw = Tar(l.Entries)
		}
		diffID, mediaType, blob := Digest(raw), mt.layerGzip, raw
		switch l.Compression {
		case Gzip:
			blob = compressGzip(raw)
		case Zstd:
			mediaType, blob = mt.layerZstd, compressZstd(raw)
		case None:
			mediaType = mt.layer
		}
		d := b.add(mediaType, blob)
		if l.MediaType != "" {
			d.MediaType = l.MediaType
		}
		if l.DiffID != "" {
			diffID = l.DiffID
		}
		if l.Size != 0 {
			d.Size = l.Size
		}
		manifest.Layers = append(manifest.Layers, d)
		diffIDs, digests = append(diffIDs, diffID), append(digests, d.Digest)
	}
	config := i.RawConfig
	if config == nil {
		config = i.config(diffIDs)
	}
	manifest.Config = b.add(mt.config, config)
	root := b.add(mt.manifest, encode(manifest))
	b.Manifests = append(b.Manifests, root.Digest)
	b.Configs = append(b.Configs, manifest.Config.Digest)
	b.Layers = append(b.Layers, digests)
	if !i.NoPlatform {
		root.Platform = &Platform{or(i.Arch, "amd64"), or(i.OS, "linux"), i.Variant}
	}
	return root
}

func (i Image) config(diffIDs []string) []byte {
	c := i.Config
	container := map[string]any{}
	set := func(key string, v any, there bool) {
		if there {
			container[key] = v
		}
	}
	set("User", c.User, c.User != "")
	set("WorkingDir", c.WorkingDir, c.WorkingDir != "")
	set("StopSignal", c.StopSignal, c.StopSignal != "")
	set("Env", c.Env, c.Env != nil)
	set("Entrypoint", c.Entrypoint, c.Entrypoint != nil)
	set("Cmd", c.Cmd, c.Cmd != nil)
	set("Labels", c.Labels, c.Labels != nil)
	ports := map[string]struct{}{}
	for _, p := range c.ExposedPorts {
		ports[p] = struct{}{}
	}
	set("ExposedPorts", ports, len(ports) > 0)
	history := []map[string]string{}
	for _, h := range c.History {
		history = append(history, map[string]string{"created_by": h})
	}
	if diffIDs == nil {
		diffIDs = []string{}
	}
	out := map[string]any{
		"architecture": or(i.ConfigArch, or(i.Arch, "amd64")), "os": or(i.OS, "linux"),
		"created": "1970-01-01T00:00:00Z",
		"config":  container,
		"rootfs":  map[string]any{"type": "layers", "diff_ids": diffIDs},
		"history": history,
	}
	if i.Variant != "" {
		out["variant"] = i.Variant
	}
	return encode(out)
}

func or(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}

// encode is JSON with sorted keys.
func encode(v any) []byte {
	b, err := json.Marshal(v)
	must(err)
	return b
}

func compressGzip(b []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, err := w.Write(b)
	must(err)
	must(w.Close())
	return out.Bytes()
}

func compressZstd(b []byte) []byte {
	w, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	must(err)
	return w.EncodeAll(b, nil)
}

// sortedBlobs lists the digests of b in order.
func (b *Built) sortedBlobs() []string { return slices.Sorted(maps.Keys(b.Blobs)) }

// LayerBlob is a layer with both of its digests. Its fields are those of
// system.LayerBlob.
type LayerBlob struct {
	Digest    string
	Size      int64
	MediaType string
	DiffID    string
}

// LayerBlobs are the layers of the first image, from its manifest and config, bottom
// first.
func (b *Built) LayerBlobs(t testing.TB) []LayerBlob {
	t.Helper()
	var manifest struct{ Layers []Descriptor }
	var config struct {
		RootFS struct {
			DiffIDs []string `json:"diff_ids"`
		} `json:"rootfs"`
	}
	if err := errors.Join(json.Unmarshal(b.Blobs[b.Manifests[0]], &manifest), json.Unmarshal(b.Blobs[b.Configs[0]], &config)); err != nil {
		t.Fatal(err)
	}
	var out []LayerBlob
	for i, l := range manifest.Layers {
		out = append(out, LayerBlob{Digest: l.Digest, Size: l.Size, MediaType: l.MediaType, DiffID: config.RootFS.DiffIDs[i]})
	}
	return out
}
