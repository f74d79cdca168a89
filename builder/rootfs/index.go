package rootfs

import (
	"crypto/sha256"
	"io"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/whence"
)

// Evidence writes an SBOM and the index of the system below /usr/share/sbom; see
// package whence. Call it after End. listings are the files of each component's image,
// by the ID of the component. name is the file name of the SBOM.
func (t *Tree) Evidence(name string, sbom []byte, listings map[string]*whence.Listing) error {
	place := t.links.place(whence.Path)
	for _, dir := range parents(place) {
		w, ok := t.root[dir]
		switch {
		case !ok:
			t.root[dir] = written{typ: system.TypeDir}
			if _, err := t.out.Entry(&system.RootEntry{Implied: true, Entry: system.Entry{Path: dir, Type: system.TypeDir, Mode: 0o755}}); err != nil {
				return err
			}
		case w.typ != system.TypeDir:
			return system.BadInput("/%s is a %s of %s, so the SBOM cannot be written below it", dir, w.typ, w.by()).
				Suggest("use an image that has a folder there, or leave the SBOM out with --no-sbom")
		}
	}
	at := path.Join(path.Dir(place), name)
	if w, ok := t.root[at]; ok {
		return system.BadInput("/%s is the place of the system's SBOM, but %s has already written it", at, w.by()).
			Suggest("use an image without this file, or leave the SBOM out with --no-sbom")
	}
	if err := t.content(at, 0o644, sbom, ""); err != nil {
		return err
	}
	return t.content(place, 0o644, t.index(listings), "")
}

// Data writes a file of size bytes that the builder has made. Call it after End.
func (t *Tree) Data(p string, r io.Reader, size int64) error {
	if err := t.dir(path.Dir(p), 0o755); err != nil {
		return err
	}
	t.root[p] = written{typ: system.TypeFile}
	h := sha256.New()
	if err := t.send(&system.RootEntry{Entry: system.Entry{Path: p, Type: system.TypeFile, Mode: 0o600, Size: size}}, io.TeeReader(r, h)); err != nil {
		return err
	}
	t.made[p] = whence.Digest(h.Sum(nil))
	return nil
}

// index is the index of the system. It depends on the system and the listings alone,
// not on which parts were copied from an earlier image.
func (t *Tree) index(listings map[string]*whence.Listing) []byte {
	w := whence.NewWriter(t.os.Name, t.os.Arch)
	t.indexBuilt(w)
	w.Component(whence.Component{ID: whence.Files}, nil, nil)
	files := map[string]whence.Digest{}
	for i := range t.os.Files {
		if f := &t.os.Files[i]; f.Type == system.TypeFile {
			if system.InVolume(f.Path) == "" {
				f = t.followLinks(f)
			}
			files[f.Path] = fileDigest(f)
		}
	}
	writeAll(w, files)
	for _, c := range t.os.Components {
		one := whence.Component{ID: c.ID(), Folder: c.Dir, Root: c.FilesDir}
		if c.Image == nil {
			w.Component(one, nil, nil)
			continue
		}
		one.Reference, one.Manifest = c.Image.Name, c.Image.Manifest
		var layers []string
		for _, l := range c.Image.Layers {
			layers = append(layers, l.Digest)
		}
		list := listings[c.ID()]
		if list == nil || c.SharesFiles {
			list = &whence.Listing{}
		}
		var kept []whence.File
		for _, f := range list.Files {
			if p, ok := t.indexPlace(c, f); ok {
				f.Path = p
				kept = append(kept, f)
			}
		}
		slices.SortFunc(kept, byFolder)
		w.Component(one, layers, list.Packages)
		for _, f := range kept {
			w.File(f)
		}
		writeAll(w, t.blobs[c.ID()])
	}
	return w.Bytes()
}

// indexPlace is the path, relative to the root of the component's files, at which the
// system has a file of the component's image; false if the system does not have it.
func (t *Tree) indexPlace(c *system.Component, f whence.File) (string, bool) {
	switch c.Section {
	case system.SectionKernel:
		p := t.links.place(f.Path)
		switch {
		case f.Archive == "" && f.Path == t.os.Kernel.Binary:
			return "boot/kernel", true
		case f.Archive == "" && f.Path == t.os.Kernel.Ucode:
			return "boot/ucode.cpio", true
		}
		return p, f.Archive != "" && t.root[p].component == c.ID()
	case system.SectionInit:
		p := t.links.place(f.Path)
		return p, !isMade(f.Path) && t.root[p].component == c.ID()
	}
	if t.added(c)[path.Join(c.FilesDir, f.Path)] != nil || c.Volume != nil && c.Volume.Format == "oci" {
		return "", false
	}
	return f.Path, !isMade(f.Path)
}

// isMade reports whether the builder replaces a file of an image, or leaves it out.
func isMade(p string) bool { return p == "etc/hosts" || p == "etc/resolv.conf" || isLeftOut(p) }

// indexBuilt lists the files that the builder makes. Those of containers are computed,
// because a build does not write them if it copies the container from an earlier image.
func (t *Tree) indexBuilt(w *whence.Writer) {
	made := maps.Clone(t.made)
	for _, c := range t.os.Components {
		if c.Section == system.SectionKernel || c.Section == system.SectionInit {
			continue
		}
		if c.Spec != nil {
			made[c.Dir+"/config.json"], made[c.Dir+"/runtime.json"] = sha256.Sum256(c.Spec), sha256.Sum256(c.Runtime)
		}
		if c.Image == nil || c.SharesFiles || c.Volume != nil && c.Volume.Format == "oci" {
			continue
		}
		for name, data := range map[string]string{"etc/hosts": hosts, "etc/resolv.conf": containerResolvConf} {
			p := path.Join(c.FilesDir, name)
			if t.added(c)[p] == nil && (name == "etc/hosts" || c.Section != system.SectionVolumes) {
				made[p] = sha256.Sum256([]byte(data))
			}
		}
	}
	if strings.HasPrefix(t.root["etc/hosts"].component, string(system.SectionInit)) {
		made["etc/hosts"] = sha256.Sum256([]byte(hosts))
	}
	w.Component(whence.Component{ID: whence.Builder}, nil, nil)
	writeAll(w, made)
}

// writeAll writes files without packages and layers.
func writeAll(w *whence.Writer, files map[string]whence.Digest) {
	var all []whence.File
	for p, d := range files {
		all = append(all, whence.File{Path: p, Digest: d})
	}
	slices.SortFunc(all, byFolder)
	for _, f := range all {
		w.File(f)
	}
}

// byFolder sorts files so that those of one folder follow each other.
func byFolder(a, b whence.File) int {
	if c := strings.Compare(path.Dir(a.Path), path.Dir(b.Path)); c != 0 {
		return c
	}
	return strings.Compare(a.Path, b.Path)
}

// fileDigest is the digest of a file of the files section.
func fileDigest(f *system.File) whence.Digest {
	if f.Source == "" {
		return sha256.Sum256(f.Contents)
	}
	d, _ := whence.Parse(f.Digest) // resolving has computed it
	return d
}
