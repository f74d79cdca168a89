package publish

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/attest/layout"
	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// folder is a sealed folder on the disk.
type folder struct {
	root *os.Root
	dir  string
	*layout.Sealed
	layout *layout.Layout
	plan   *pushing // nil until something is sent
}

// read checks that a folder is complete and sealed. It verifies no signature, and
// hashes no file of the image: these are hashed when they are sent.
func read(dir, verb string) (*folder, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, system.BadInput("%s %s", verb, dir).Because(pathless(err)).Suggest("give a folder that build wrote")
	}
	f := &folder{root: root, dir: dir}
	if err := f.read(); err != nil {
		root.Close()
		var e *system.Error
		if errors.As(err, &e) {
			return nil, system.BadInput("%s %s: %s", verb, dir, e.What).Suggest("%s", e.Next)
		}
		return nil, system.BadInput("%s %s: the folder is not complete", verb, dir).Because(err).Suggest("give a folder that build wrote, or build the image again")
	}
	return f, nil
}

func (f *folder) read() error {
	day, err := f.passed()
	if err != nil {
		return err
	}
	if f.Sealed, f.layout, err = layout.Parse(func(path string) ([]byte, error) { return f.small(layout.Dir + "/" + path) }); err != nil {
		return err
	}
	f.Decided = day
	if len(f.Bundles) == 0 {
		return system.BadInput("the image is not signed").Suggest("build it with --key: unsigned images are not pushed")
	}
	return f.others()
}

// passed reads the decision, and returns its date.
func (f *folder) passed() (string, error) {
	raw, err := f.small(statement.DecisionFile)
	if err != nil {
		return "", err
	}
	var d decision.Decision
	switch err := json.Unmarshal(raw, &d); {
	case err != nil:
		return "", err
	case d.Verdict != decision.Pass:
		return "", system.BadInput("the image did not pass its policy: the verdict is %s", d.Verdict).
			Suggest("correct or waive the findings, and build the image again: seaworthy explain shows how")
	}
	return d.Date, nil
}

// others compares the files on the disk with the layout, and finds those that are
// not in it.
func (f *folder) others() error {
	want := map[string]int64{} // -1: any size
	for _, one := range f.Files {
		want[one.Path] = one.Size
	}
	for _, b := range f.Bundles {
		want[b.Path] = b.Size
	}
	for path := range f.layout.Documents {
		want[layout.Dir+"/"+path] = -1
	}
	for path := range f.layout.Blobs {
		want[layout.Dir+"/"+path] = -1
	}
	err := fs.WalkDir(f.root.FS(), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		size, listed := want[path]
		delete(want, path)
		switch {
		case !info.Mode().IsRegular():
			return system.BadInput("%s is not a regular file", path).Suggest("build the image again")
		case listed && size >= 0 && size != info.Size():
			return system.BadInput("%s has %d bytes, but the sealed file has %d", path, info.Size(), size).Suggest("build the image again")
		case listed:
			return nil
		case strings.HasPrefix(path, layout.Dir+"/"), strings.HasPrefix(path, statement.Dir+"/"):
			return system.BadInput("%s is not a part of the sealed image", path).Suggest("remove it, or build the image again")
		case info.Size() > layout.MaxOthers:
			return system.BadInput("%s has %d bytes", path, info.Size()).Suggest("remove it, or build the image again")
		}
		file, err := f.hash(path)
		f.Others = append(f.Others, file)
		return err
	})
	for path := range want {
		if err == nil {
			err = system.BadInput("%s is missing", path).Suggest("build the image again")
		}
	}
	slices.SortFunc(f.Others, func(a, b layout.File) int { return strings.Compare(a.Path, b.Path) })
	return err
}

// small reads a document.
func (f *folder) small(path string) ([]byte, error) {
	file, err := bounded.OpenIn(f.root, path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return bounded.Read(file, statement.MaxBundle)
}

func pathless(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

func (f *folder) hash(path string) (layout.File, error) {
	file, err := bounded.OpenIn(f.root, path)
	if err != nil {
		return layout.File{}, err
	}
	defer file.Close()
	digest, size, err := digests.Read(file)
	return layout.File{Path: path, Digest: digest, Size: size}, err
}
