package inspect

import (
	"archive/tar"
	"encoding/json"
	"errors"
	"io"
)

// Container describes the container image in an archive.
type Container struct {
	// Format is docker or oci.
	Format string   `json:"format"`
	Tags   []string `json:"tags,omitempty"`
	Layers int      `json:"layers,omitempty"`
}

var tarKinds = []kind{{"tar", "tar archive", func(c *content) bool { return c.at(257, "ustar") }, describeTar}}

// maxManifest bounds the files that describe container images.
const maxManifest = 1 << 20

// tarReader reads an archive once, and then what is in it.
type tarReader struct {
	w     *walker
	it    *Item
	files map[string]*io.SectionReader
	// look are the paths that are looked into, in order.
	look []string
}

func describeTar(w *walker, it *Item, s *io.SectionReader) {
	it.Root = &Root{}
	t := &tarReader{w: w, it: it, files: map[string]*io.SectionReader{}}
	if err := t.read(s); err != nil {
		it.problem("the archive is damaged after %d entries: %v", it.Root.Entries, err)
	}
	t.container()
	for _, p := range t.look {
		if s, ok := t.files[p]; ok {
			w.loaderFile(it, p, s)
		}
	}
}

func (t *tarReader) read(s *io.SectionReader) error {
	in := io.NewSectionReader(s, 0, s.Size())
	tr := tar.NewReader(in)
	for {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		at, err := in.Seek(0, io.SeekCurrent)
		if err != nil {
			return err
		}
		file := h.Typeflag == tar.TypeReg
		p := clean(h.Name)
		if h.Size > s.Size()-at {
			t.it.problem("%s has %d bytes, and the archive ends after %d", p, h.Size, s.Size()-at)
		}
		if file && h.Size > 0 && h.PAXRecords["GNU.sparse.major"] == "" && len(t.files) < maxItems {
			if _, twice := t.files[p]; !twice {
				t.files[p] = part(s, at, h.Size)
				if worthLooking(p) {
					t.look = append(t.look, p)
				}
			}
		}
		if err := t.it.Root.Add(p, h.Size, file, tr); err != nil {
			return err
		}
	}
}

// container recognises the archives of docker save, and OCI layouts. Their layers
// are looked into.
func (t *tarReader) container() {
	if s, ok := t.files["manifest.json"]; ok {
		var list []struct{ RepoTags, Layers []string }
		if !t.decode(s, &list) || len(list) == 0 || len(list[0].Layers) == 0 {
			return
		}
		t.it.Container = &Container{Format: "docker"}
		t.look = nil
		for _, m := range list {
			t.it.Container.Tags = append(t.it.Container.Tags, m.RepoTags...)
			t.it.Container.Layers += len(m.Layers)
			for _, p := range m.Layers {
				t.look = append(t.look, clean(p))
			}
		}
		return
	}
	if s, ok := t.files["index.json"]; ok && t.files["oci-layout"] != nil {
		var index struct {
			Manifests []struct {
				Annotations map[string]string `json:"annotations"`
			} `json:"manifests"`
		}
		if !t.decode(s, &index) {
			return
		}
		t.it.Container = &Container{Format: "oci"}
		for _, m := range index.Manifests {
			if tag := m.Annotations["org.opencontainers.image.ref.name"]; tag != "" {
				t.it.Container.Tags = append(t.it.Container.Tags, tag)
			}
		}
	}
}

func (t *tarReader) decode(s *io.SectionReader, v any) bool {
	if s.Size() > maxManifest {
		return false
	}
	b, err := read(s, 0, int(s.Size()))
	return err == nil && json.Unmarshal(b, v) == nil
}
