package verify

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/attest/layout"
	"github.com/seaworthy-os/seaworthy/attest/statement"
)

// Dir verifies the image in a folder: every statement, every file, and that
// there is nothing else. The Result has the image's files open; close it. On
// an error there is no Result. The errors of one step are joined; a step
// begins when the one before found none.
func (v *Verifier) Dir(path string) (*Result, error) {
	f, err := openFolder(path)
	if err != nil {
		return nil, err
	}
	defer f.root.Close()

	s, err := v.readSeal(f, statement.Dir)
	if err != nil {
		return nil, err
	}
	subjects, name, artifact, err := s.subjects()
	if err != nil {
		return nil, err
	}
	r := &Result{Scope: ScopeImage, Name: name, Artifact: artifact}
	if err := v.dir(f, s, r, subjects); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// dir is Dir from the subjects' digests on.
func (v *Verifier) dir(f *folder, s seal, r *Result, subjects map[string]string) error {
	images, err := f.match(CheckSubject, subjects, true)
	for _, path := range slices.Sorted(maps.Keys(images)) {
		h := images[path]
		r.Files = append(r.Files, File{Name: path, Digest: h.digest, Size: h.info.Size(), file: h.file})
	}
	if err != nil {
		return err
	}
	c, err := v.readContent(s)
	if err != nil {
		return err
	}
	if err := f.nothingElse(subjects, c.byproducts); err != nil {
		return err
	}
	if _, err := f.match(CheckByproduct, c.byproducts, false); err != nil {
		return err
	}
	if err := c.checkComponents(s); err != nil {
		return err
	}
	if err := f.checkDocuments(s, c); err != nil {
		return err
	}
	raw, err := f.reread(statement.DecisionFile, c.byproducts)
	if err != nil {
		return err
	}
	d, err := v.checkDecision(s, c, r.Name, raw)
	if err != nil {
		return err
	}
	blobs, err := f.checkLayout(s, r, images)
	if err != nil {
		return err
	}
	r.Arch = c.provenance.BuildDefinition.ExternalParameters.Arch
	r.describe(v, s, c)
	r.Summary.Findings = d.Summary
	r.Checked = []string{
		fmt.Sprintf("signatures of %d statements", len(s)),
		"predicate types: SPDX, CycloneDX, provenance, summary, test result",
		fmt.Sprintf("digests of %d files of the image, and no file beside", len(r.Files)),
		fmt.Sprintf("digests of %d other files", len(c.byproducts)),
		fmt.Sprintf("bills of materials of %d components", len(c.components())),
		fmt.Sprintf("OCI layout of %d blobs", blobs),
		"decision: " + r.Summary.text(),
	}
	return nil
}

// match hashes files and holds them against the digests that were signed.
func (f *folder) match(check Check, want map[string]string, keep bool) (map[string]*hashed, error) {
	var errs []error
	var paths []string
	for _, path := range slices.Sorted(maps.Keys(want)) {
		if !f.has(path) {
			errs = append(errs, refuse(check, path, "file is missing"))
			continue
		}
		paths = append(paths, path)
	}
	have, err := f.hash(paths, keep)
	errs = append(errs, err)
	for _, path := range paths {
		if h := have[path]; h != nil && h.digest != want[path] {
			errs = append(errs, refuse(check, path, "is not what was signed: digest %s, signed %s", h.digest, want[path]))
		}
	}
	return have, errors.Join(errs...)
}

// nothingElse refuses files that no statement accounts for. Those of the
// attestations and the layout have checks of their own.
func (f *folder) nothingElse(subjects, byproducts map[string]string) error {
	var errs []error
	for _, path := range f.paths {
		_, subject := subjects[path]
		_, byproduct := byproducts[path]
		switch {
		case subject && byproduct:
			errs = append(errs, refuse(CheckContent, path, "is signed as a file of the image and as none"))
		case subject, byproduct:
		case strings.HasPrefix(path, statement.Dir+"/"), strings.HasPrefix(path, layout.Dir+"/"):
		default:
			errs = append(errs, refuse(CheckFolder, path, "is no part of the image: nothing was signed for it"))
		}
	}
	return errors.Join(errs...)
}

// reread gives the bytes of a byproduct that are those of its digest: what is
// interpreted is what was hashed.
func (f *folder) reread(path string, digests map[string]string) ([]byte, error) {
	raw, err := f.read(path, statement.MaxBundle)
	if err != nil {
		return nil, err
	}
	if digestOf(raw) != digests[path] {
		return nil, refuse(CheckByproduct, path, "changed while it was read")
	}
	return raw, nil
}

// checkDocuments wants every bill of materials in the folder to be the one
// that its statement holds.
func (f *folder) checkDocuments(s seal, c *content) error {
	var boms []*signed
	var errs []error
	for _, one := range s.sorted() {
		if one.PredicateType != statement.SPDX && one.PredicateType != statement.CycloneDX {
			continue
		}
		if c.documents[one.stem] == "" {
			errs = append(errs, refuse(CheckContent, one.file.Path, "its document is not among the byproducts"))
			continue
		}
		boms = append(boms, one)
	}
	if len(boms) != len(c.documents) {
		errs = append(errs, refuse(CheckContent, s["provenance"].file.Path, "names documents of statements that are not there"))
	}
	return errors.Join(errors.Join(errs...), parallel(len(boms), func(i int) error {
		path := c.documents[boms[i].stem]
		raw, err := f.reread(path, c.byproducts)
		if err != nil {
			return err
		}
		var a, b bytes.Buffer
		if json.Compact(&a, raw) != nil || json.Compact(&b, boms[i].Predicate) != nil || !bytes.Equal(a.Bytes(), b.Bytes()) {
			return refuse(CheckContent, boms[i].file.Path, "is not the document %s", path)
		}
		return nil
	}))
}

// checkLayout wants oci/ to be, byte for byte, the layout of this image and
// these bundles. It gives the number of blobs.
func (f *folder) checkLayout(s seal, r *Result, images map[string]*hashed) (int, error) {
	var files []layout.File
	for _, file := range r.Files {
		files = append(files, layout.File{Path: file.Name, Digest: file.Digest, Size: file.Size})
	}
	var bundles []layout.Bundle
	for _, one := range s.sorted() {
		bundles = append(bundles, layout.Bundle{File: one.file, PredicateType: one.PredicateType})
	}
	l, err := layout.Describe(r.Name, files, bundles)
	if err != nil {
		return 0, refuse(CheckLayout, layout.Dir, "%v", err)
	}
	if l.Manifest != r.Artifact {
		return 0, refuse(CheckSubject, s["provenance"].file.Path, "OCI artifact %s is not that of the files, %s", r.Artifact, l.Manifest)
	}
	want := map[string]string{}
	for path, content := range l.Documents {
		want[layout.Dir+"/"+path] = digestOf(content)
	}
	var errs []error
	for path, source := range l.Blobs {
		path = layout.Dir + "/" + path
		// A blob that is another name of a file that was hashed needs no
		// second look.
		if h := images[source]; h != nil && f.has(path) {
			if info, err := f.root.Lstat(path); err == nil && os.SameFile(info, h.info) {
				want[path] = ""
				continue
			}
		}
		want[path] = "sha256:" + path[strings.LastIndexByte(path, '/')+1:]
	}
	for _, path := range f.paths {
		if _, ok := want[path]; !ok && strings.HasPrefix(path, layout.Dir+"/") {
			errs = append(errs, refuse(CheckLayout, path, "is no part of the image's layout"))
		}
	}
	blobs := len(want) - 2 // index.json and oci-layout are none
	maps.DeleteFunc(want, func(_, digest string) bool { return digest == "" })
	_, err = f.match(CheckLayout, want, false)
	return blobs, errors.Join(errors.Join(errs...), err)
}
