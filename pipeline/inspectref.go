package pipeline

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/component"
	"github.com/seaworthy-os/seaworthy/builder/image"
	"github.com/seaworthy-os/seaworthy/builder/image/inspect"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

// InspectComponent describes a component image: its layers, and the file system that
// they make. Every byte is compared with its digest.
func InspectComponent(ctx context.Context, reference string, o component.Options) (_ *inspect.Report, err error) {
	store, err := component.Open(o)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	img, err := store.Find(ctx, reference, system.Position{})
	if err != nil {
		return nil, err
	}
	sink, err := readInto(ctx, store, img, component.PassOptions{Devices: true}, func() *rootSink { return &rootSink{root: &inspect.Root{}} })
	if err != nil {
		return nil, err
	}
	about := []string{img.Config.OS + "/" + img.Config.Architecture}
	for _, c := range []struct{ name, value string }{{"user", img.Config.User}, {"entrypoint", strings.Join(img.Config.Entrypoint, " ")}, {"command", strings.Join(img.Config.Cmd, " ")}} {
		if c.value != "" {
			about = append(about, c.name+" "+c.value)
		}
	}
	it := &inspect.Item{Kind: inspect.KindContainer, Size: img.Size, Digest: img.Manifest, About: strings.Join(about, ", "), Root: sink.root,
		Container: &inspect.Container{Format: "oci", Tags: []string{img.Name}, Layers: len(img.Layers)}}
	for _, l := range img.Layers {
		it.Contents = append(it.Contents, &inspect.Item{Kind: "tar", Path: "layer", Size: l.Size, Digest: l.Digest, About: l.MediaType})
		it.Size += l.Size
	}
	return &inspect.Report{SchemaVersion: inspect.SchemaVersion, File: reference, Item: it}, nil
}

// readInto reads an image into a sink. It makes another sink if the image must be read
// again.
func readInto[S system.Sink](ctx context.Context, store *component.Store, img *system.Image, o component.PassOptions, sink func() S) (S, error) {
	for {
		s := sink()
		if err := store.Pass(ctx, img, o, s); !errors.Is(err, component.ErrAgain) {
			return s, err
		}
	}
}

// rootSink adds the entries of a component image to what is known of its root.
type rootSink struct{ root *inspect.Root }

func (s *rootSink) Entry(e *system.Entry) (io.WriteCloser, error) {
	if e.Shadowed {
		return nil, nil
	}
	if e.Type != system.TypeFile || !s.root.Wants(e.Path, e.Size) {
		return nil, s.root.Add(e.Path, e.Size, e.Type == system.TypeFile, bytes.NewReader(nil))
	}
	return &rootFile{sink: s, e: e}, nil
}

func (*rootSink) Finish() error { return nil }

// rootFile collects a small file that describes the root.
type rootFile struct {
	bytes.Buffer
	sink *rootSink
	e    *system.Entry
}

func (f *rootFile) Close() error {
	return f.sink.root.Add(f.e.Path, f.e.Size, true, &f.Buffer)
}

// InspectFolder describes the image files in a folder that build wrote. name is the
// name of the folder in the report.
func InspectFolder(dir, name string, certificates []*x509.Certificate) (*inspect.Report, error) {
	list, err := os.ReadDir(dir)
	if err != nil {
		return nil, system.NotRead(dir, err)
	}
	it := &inspect.Item{Kind: inspect.KindFolder}
	for _, e := range list {
		if !e.Type().IsRegular() || !imageFile(e.Name()) {
			continue
		}
		one, err := inspectFile(filepath.Join(dir, e.Name()), e.Name(), certificates)
		if err != nil {
			it.Problems = append(it.Problems, fmt.Sprintf("%s: %v", e.Name(), err))
			continue
		}
		it.Contents, it.Size = append(it.Contents, one), it.Size+one.Size
	}
	if len(it.Contents) == 0 {
		return nil, system.Unusable("%s has no image files that are understood", name).Suggest("give a folder that build wrote, or one image file")
	}
	return &inspect.Report{SchemaVersion: inspect.SchemaVersion, File: name, Item: it}, nil
}

// imageFile reports whether a name is that of an image file. The command line is
// text.
func imageFile(name string) bool {
	for _, ending := range image.Files("") {
		if ending != image.CmdlineEnding && strings.HasSuffix(name, ending) {
			return true
		}
	}
	return false
}

func inspectFile(path, name string, certificates []*x509.Certificate) (*inspect.Item, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	r, err := inspect.Describe(name, f, info.Size(), inspect.Options{Certificates: certificates})
	if err != nil {
		return nil, err
	}
	r.Path = name
	return r.Item, nil
}
