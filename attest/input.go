package attest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/attest/layout"
	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
	"github.com/seaworthy-os/seaworthy/internal/parallel"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// Input describes the image that a seal covers.
type Input struct {
	// Dir is the image's folder, complete except for the seal. No file in it
	// may change afterwards.
	Dir  string
	Name string
	Arch string
	// Files are the image's files, relative to Dir. All other files there are
	// byproducts of the build.
	Files []string
	// System and Decision are the built system and the decision about it;
	// Dir/decision.json holds the Decision. An unsigned seal needs neither.
	System   *system.OS
	Decision *decision.Decision
	// SPDXPath and CycloneDXPath are the image's bills of materials, Documents
	// those of its components. All are files below Dir.
	SPDXPath, CycloneDXPath string
	Documents               []Document
	// Written holds the digests of files, by path, that were hashed while they were
	// written. All other files are read.
	Written map[string]string
	// Hashed, if it is not nil, is called with each file of Dir and its digest.
	Hashed func(layout.File)
	// LockDigest is sha256:HEX of os.lock.json, "" without a lock.
	LockDigest string
	// Tools are the programs and files of the build machine that made the image.
	Tools []Tool
	// Certificate is sha256:HEX of the certificate (DER) whose key signed the UKIs
	// for Secure Boot, "" if they are not signed.
	Certificate string
	// Enrolled are the variables of Secure Boot in the firmware (PK, KEK, db, dbx).
	Enrolled []Tool
	// Registers are the predicted registers of a TPM, by their annotation
	// (statement.Registers), in hexadecimal digits; nil if the image has no UKI.
	Registers map[string]string
	// BuilderVersion is the version of this program.
	BuilderVersion string
	// Parameters are the flags and the environment of the build.
	Parameters statement.Parameters
}

// Tool is a program or file that a build used.
type Tool struct {
	// Name is a file name ("mksquashfs"), Digest sha256:HEX of the file, URI its
	// package URL.
	Name, Digest, URI string
}

// Document holds the paths of a component's bills of materials.
type Document struct {
	// ID is the component's ID ("services/nginx"), FileStem the ID as part of a
	// file name.
	ID, FileStem string
	// Digest is sha256:HEX of the component's image.
	Digest string
	// Paths relative to Input.Dir.
	SPDXPath, CycloneDXPath string
}

// folder lists the files of Input.Dir with their digests.
type folder struct {
	// files are the image's files, others the byproducts; both sorted by path.
	files, others []layout.File
	// root confines every access to Dir.
	root *os.Root
}

// other finds a byproduct by its path.
func (f *folder) other(path string) (layout.File, bool) {
	i := slices.IndexFunc(f.others, func(o layout.File) bool { return o.Path == path })
	if i < 0 {
		return layout.File{}, false
	}
	return f.others[i], true
}

// readFolder walks and hashes Dir. It requires regular files only, all of
// Files, and no seal.
func (in *Input) readFolder() (*folder, error) {
	root, err := os.OpenRoot(in.Dir)
	if err != nil {
		return nil, system.Unusable("image folder").Because(err)
	}
	f := &folder{root: root}
	image := map[string]bool{}
	for _, path := range in.Files {
		if !filepath.IsLocal(path) || filepath.ToSlash(filepath.Clean(path)) != path || strings.HasPrefix(path, layout.Dir+"/") {
			return nil, errors.Join(system.Unusable("image file %q is not a path in the image folder", path), root.Close())
		}
		image[path] = true
	}
	if len(image) == 0 {
		return nil, errors.Join(system.Unusable("the image has no files"), root.Close())
	}
	var all []layout.File
	err = fs.WalkDir(root.FS(), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if path == statement.Dir || path == layout.Dir {
			return fmt.Errorf("%s exists already: the image folder has a seal", path)
		}
		if d.IsDir() {
			return nil
		}
		all = append(all, layout.File{Path: path})
		return nil
	})
	if err == nil {
		err = parallel.Each(len(all), func(i int) (err error) {
			all[i], err = f.hash(all[i].Path, in.Written[all[i].Path])
			return err
		})
	}
	if err != nil {
		return nil, errors.Join(system.Unusable("image folder").Because(err), root.Close())
	}
	for _, file := range all {
		if in.Hashed != nil {
			in.Hashed(file)
		}
		if image[file.Path] {
			f.files = append(f.files, file)
			delete(image, file.Path)
		} else {
			f.others = append(f.others, file)
		}
	}
	// WalkDir visits "a/b" before "a.b".
	for _, list := range [][]layout.File{f.files, f.others} {
		slices.SortFunc(list, func(a, b layout.File) int { return strings.Compare(a.Path, b.Path) })
	}
	for path := range image {
		err = errors.Join(err, system.Unusable("image file %q is missing", path))
	}
	if err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return f, nil
}

// hash reads one regular file, unless its digest is known.
func (f *folder) hash(path, known string) (layout.File, error) {
	info, err := f.root.Lstat(path)
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a regular file", path)
	}
	if err != nil {
		return layout.File{}, err
	}
	if known != "" {
		return layout.File{Path: path, Digest: known, Size: info.Size()}, nil
	}
	r, err := bounded.OpenIn(f.root, path)
	if err != nil {
		return layout.File{}, err
	}
	defer r.Close()
	digest, size, err := digestOf(r)
	return layout.File{Path: path, Digest: digest, Size: size}, err
}

// document reads the JSON document at path, which is a byproduct.
func (f *folder) document(path string) (layout.File, json.RawMessage, error) {
	if rel, err := filepath.Rel(f.root.Name(), path); err == nil && filepath.IsAbs(path) {
		path = rel
	}
	path = filepath.ToSlash(filepath.Clean(path))
	file, ok := f.other(path)
	if !ok {
		return layout.File{}, nil, system.Unusable("document %q is not in the image folder", path)
	}
	if file.Size > statement.MaxBundle/2 {
		return layout.File{}, nil, system.Unusable("document %q has %d bytes, which is too large for a statement", path, file.Size)
	}
	r, err := bounded.OpenIn(f.root, path)
	if err != nil {
		return layout.File{}, nil, system.Unusable("document").Because(err)
	}
	defer r.Close()
	raw, err := io.ReadAll(io.LimitReader(r, file.Size+1))
	if err != nil {
		return layout.File{}, nil, system.Unusable("document").Because(err)
	}
	if digest, _, _ := digestOf(bytes.NewReader(raw)); digest != file.Digest {
		return layout.File{}, nil, system.Unusable("document %q changed while it was read", path)
	}
	if !json.Valid(raw) || len(bytes.TrimSpace(raw)) == 0 || bytes.TrimSpace(raw)[0] != '{' {
		return layout.File{}, nil, system.Unusable("document %q is not a JSON object", path)
	}
	return file, raw, nil
}

// checkDecision requires that Dir/decision.json holds the Decision.
func (in *Input) checkDecision(f *folder) (layout.File, error) {
	file, raw, err := f.document(statement.DecisionFile)
	if err != nil {
		return file, err
	}
	var written decision.Decision
	if err := statement.Decode(raw, &written); err != nil {
		return file, system.Unusable("%s", statement.DecisionFile).Because(err)
	}
	// Encode and decode the given decision too: a value of type any can come
	// back with another type.
	var given decision.Decision
	a, err := statement.Marshal(in.Decision)
	if err == nil {
		err = json.Unmarshal(a, &given)
	}
	if err != nil {
		return file, system.Unusable("decision").Because(err)
	}
	a, errA := statement.Marshal(given)
	b, errB := statement.Marshal(written)
	if err := errors.Join(errA, errB); err != nil {
		return file, system.Unusable("decision").Because(err)
	}
	if !bytes.Equal(a, b) {
		return file, system.Unusable("%s differs from the decision that is to be sealed", statement.DecisionFile)
	}
	if d := in.Decision.System.LockDigest; d != in.LockDigest {
		return file, system.Unusable("the decision was made for lock %q, but the image was built with lock %q", d, in.LockDigest)
	}
	return file, nil
}
