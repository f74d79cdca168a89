package verify

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/seaworthy-os/seaworthy/attest/layout"
	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/internal/words"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// Dir verifies the image in a folder: every statement and every file, and that
// the folder contains nothing else. The Result has the image's files open;
// close it. On an error there is no Result. The errors of one step are joined;
// a step begins only if the step before found no error.
func (v *Verifier) Dir(path string) (*Result, error) {
	r, _, err := v.Folder(path)
	return r, err
}

// Folder is Dir, and also returns its progress, which Rulings needs.
func (v *Verifier) Folder(path string) (*Result, Progress, error) {
	w := &walk{v: v}
	f, err := openFolder(path)
	if err != nil {
		return nil, w.done, err
	}
	defer f.root.Close()
	w.f = f
	if err := w.run(); err != nil {
		if w.r != nil {
			err = errors.Join(err, w.r.Close())
		}
		return nil, w.done, err
	}
	return w.r, w.done, nil
}

// Explain verifies an image, and returns what was required of it and what was
// found, also if the image is refused. It continues after a missing signature, so
// that one run shows everything that is missing. Requirements that are not listed
// were not reached: the error says why.
func (v *Verifier) Explain(path string) (name string, found []Requirement, err error) {
	f, err := openFolder(path)
	if err != nil {
		return "", nil, err
	}
	defer f.root.Close()
	w := &walk{v: v, f: f, explain: true}
	err = errors.Join(w.run(), w.unsigned)
	if w.r != nil {
		name = w.r.Name
		err = errors.Join(err, w.r.Close())
	}
	return name, w.met, err
}

// walk is one verification of a folder, step by step.
type walk struct {
	v *Verifier
	// explain continues after a missing signature, which is then in unsigned.
	explain  bool
	unsigned error
	f        *folder
	s        seal
	counters []countersignature
	r        *Result
	c        *content
	decided  *decision.Decision
	// decisionJSON is decision.json. documents has the result for each bill of
	// materials that was compared with its statement, by path.
	decisionJSON []byte
	documents    map[string]error
	met          []Requirement
	subjects     map[string]string
	images       map[string]*hashed
	blobs        int
	done         Progress
}

// run makes the steps in their order, until one of them fails.
func (w *walk) run() error {
	for _, one := range []struct {
		step step
		do   func() error
	}{
		{stepSigned, w.signatures},
		{stepFiles, w.files},
		{stepContent, w.content},
		{stepByproducts, w.byproducts},
		{stepComponents, func() error { return w.c.checkComponents(w.s) }},
		{stepDocuments, w.checkDocuments},
		{stepDecision, w.decision},
		{stepLayout, w.layout},
		{stepRequired, w.required},
	} {
		if err := one.do(); err != nil {
			return err
		}
		w.done = append(w.done, one.step)
	}
	w.r.describe(w.s, w.counters, w.c)
	if !w.v.policy.Countersigning {
		more, err := w.v.opinions(w.r)
		if w.met = append(w.met, more...); err != nil {
			return err
		}
	}
	w.r.Requirements = w.met
	w.r.Byproducts = w.c.byproducts
	w.r.Checked = []string{
		"signatures of " + words.Count(len(w.s), "statement", "statements"),
		"predicate types: SPDX, CycloneDX, provenance, summary, test result",
		"digests of " + words.Count(len(w.r.Files), "file", "files") + " of the image, and no additional file",
		"digests of " + words.Count(len(w.c.byproducts), "other file", "other files"),
		"bills of materials of " + words.Count(len(w.c.components()), "component", "components"),
		"OCI layout of " + words.Count(w.blobs, "blob", "blobs"),
		"decision: " + w.r.Summary.text(),
	}
	return nil
}

// signatures reads the seal and its subjects.
func (w *walk) signatures() error {
	var err error
	if w.s, w.counters, err = w.v.readSeal(w.f, statement.Dir); err != nil {
		return err
	}
	subjects, name, artifact, err := w.s.subjects()
	w.r, w.subjects = &Result{Scope: ScopeImage, Name: name, Artifact: artifact}, subjects
	if err == nil {
		w.met, err = w.v.signatures(w.s, w.counters, name)
		if w.explain {
			w.unsigned, err = err, nil
		}
	}
	if err == nil {
		w.r.folder, err = w.f.root.Stat(".")
	}
	return err
}

func (w *walk) required() error {
	more, err := w.v.required(w.s, w.c, w.decided, false)
	w.met = append(w.met, more...)
	return err
}

// files compares the image's files with the signed digests, and keeps the files
// open.
func (w *walk) files() error {
	var err error
	w.images, err = w.f.match(CheckSubject, w.subjects, true)
	for _, path := range slices.Sorted(maps.Keys(w.images)) {
		h := w.images[path]
		w.r.Files = append(w.r.Files, File{Name: path, Digest: h.digest, Size: h.info.Size(), file: h.file})
	}
	return err
}

func (w *walk) content() error {
	var err error
	w.c, err = readContent(w.s, w.subjects, w.r.Name, w.r.Artifact)
	return err
}

// byproducts compares every other file with its digest. Files whose content is
// needed are read only once: a document is compared with its statement at once, and
// a later step reports the result.
func (w *walk) byproducts() error {
	plain := maps.Clone(w.c.byproducts)
	read := []string{statement.DecisionFile}
	stems := map[string]string{}
	for stem, path := range w.c.documents {
		read, stems[path] = append(read, path), stem
	}
	slices.Sort(read)
	for _, path := range read {
		delete(plain, path)
	}
	_, err := w.f.match(CheckByproduct, plain, false)
	w.documents = map[string]error{}
	var mu sync.Mutex
	errs := []error{w.f.nothingElse(w.subjects, w.c.byproducts), err, parallel(len(read), func(i int) error {
		path := read[i]
		raw, err := w.f.readSigned(path, w.c.byproducts[path])
		if err != nil {
			return err
		}
		var differs error
		if one := w.s[stems[path]]; one != nil { // a statement that is missing is reported later
			differs = one.sameDocument(path, raw)
		}
		mu.Lock()
		defer mu.Unlock()
		if w.documents[path] = differs; path == statement.DecisionFile {
			w.decisionJSON = raw
		}
		return nil
	})}
	return errors.Join(errs...)
}

func (w *walk) decision() error {
	d, err := w.c.checkDecision(w.s, w.decisionJSON)
	if err == nil {
		w.r.Summary.Findings, w.decided = d.Summary, d
	}
	return err
}

func (w *walk) layout() error {
	var err error
	w.blobs, err = w.f.checkLayout(w.s, w.counters, w.r, w.images)
	return err
}

// match hashes files and compares them with the signed digests.
func (f *folder) match(check Check, want map[string]string, keep bool) (map[string]*hashed, error) {
	var errs []error
	var paths []string
	for _, path := range slices.Sorted(maps.Keys(want)) {
		if !f.has(path) {
			errs = append(errs, refuse(check, path, "the file is missing"))
			continue
		}
		paths = append(paths, path)
	}
	have, err := f.hash(paths, want, keep)
	errs = append(errs, err)
	for _, path := range paths {
		if h := have[path]; h != nil && h.digest != want[path] {
			errs = append(errs, notSigned(check, path, h.digest, want[path]))
		}
	}
	return have, errors.Join(errs...)
}

// nothingElse refuses files that no statement covers. Files of the attestations
// and of the layout have their own checks.
func (f *folder) nothingElse(subjects, byproducts map[string]string) error {
	var errs []error
	for _, path := range f.paths {
		_, subject := subjects[path]
		_, byproduct := byproducts[path]
		switch {
		case subject && byproduct:
			errs = append(errs, refuse(CheckContent, path, "is signed both as a file of the image and as a byproduct"))
		case subject, byproduct:
		case strings.HasPrefix(path, statement.Dir+"/"), strings.HasPrefix(path, layout.Dir+"/"):
		default:
			errs = append(errs, refuse(CheckFolder, path, "is not a part of the image: no statement covers it"))
		}
	}
	return errors.Join(errs...)
}

// readSigned returns the bytes of a file with a signed digest.
func (f *folder) readSigned(path, digest string) ([]byte, error) {
	if !f.has(path) {
		return nil, refuse(CheckByproduct, path, "the file is missing")
	}
	raw, _, err := f.read(path, statement.MaxBundle)
	if err != nil {
		return nil, err
	}
	if have := digests.Of(raw); have != digest {
		return nil, notSigned(CheckByproduct, path, have, digest)
	}
	return raw, nil
}

// notSigned refuses a file with another digest.
func notSigned(check Check, path, have, want string) error {
	return refuse(check, path, "is not the file that was signed: its digest is %s, the signed digest is %s", have, want)
}

// checkDocuments requires that every bill of materials in the folder is the
// document in its statement.
func (w *walk) checkDocuments() error {
	var errs []error
	boms := 0
	for _, one := range w.s.sorted() {
		if one.PredicateType != statement.SPDX && one.PredicateType != statement.CycloneDX {
			continue
		}
		path := w.c.documents[one.stem]
		if path == "" {
			errs = append(errs, refuse(CheckContent, one.file.Path, "the document of this statement is not among the byproducts"))
			continue
		}
		boms++
		errs = append(errs, w.documents[path])
	}
	if boms != len(w.c.documents) {
		errs = append(errs, refuse(CheckContent, w.s["provenance"].file.Path, "lists documents whose statements are missing"))
	}
	return errors.Join(errs...)
}

// sameDocument requires that a bill of materials is the document in its statement.
func (s *signed) sameDocument(path string, raw []byte) error {
	var a, b bytes.Buffer
	if json.Compact(&a, raw) != nil || json.Compact(&b, s.Predicate) != nil || !bytes.Equal(a.Bytes(), b.Bytes()) {
		return refuse(CheckContent, s.file.Path, "differs from the document %s", path)
	}
	if err := statement.CheckDocument(s.PredicateType, raw); err != nil {
		return refuse(CheckContent, path, "%v", err)
	}
	return nil
}

// checkLayout requires that oci/ is, byte for byte, the layout of this image
// and these bundles. It returns the number of blobs.
func (f *folder) checkLayout(s seal, counters []countersignature, r *Result, images map[string]*hashed) (int, error) {
	var files []layout.File
	for _, file := range r.Files {
		files = append(files, layout.File{Path: file.Name, Digest: file.Digest, Size: file.Size})
	}
	// A blob that was compared with its file needs no hash.
	same := map[string]bool{}
	for _, h := range images {
		same[blob(h.digest)] = same[blob(h.digest)] || h.same
	}
	var bundles []layout.Bundle
	add := func(file bundleFile, predicateType string) {
		bundles = append(bundles, layout.Bundle{File: file.File, PredicateType: predicateType})
		same[blob(file.Digest)] = same[blob(file.Digest)] || file.same
	}
	for _, one := range s.sorted() {
		add(one.file, one.PredicateType)
	}
	for _, one := range counters {
		add(one.file, statement.Provenance)
	}
	l, err := layout.Describe(r.Name, files, bundles)
	if err != nil {
		return 0, refuse(CheckLayout, layout.Dir, "%v", err)
	}
	if l.Manifest != r.Artifact {
		return 0, refuse(CheckSubject, s["provenance"].file.Path, "OCI artifact %s is signed, but the files give OCI artifact %s", r.Artifact, l.Manifest)
	}
	want := map[string]string{}
	for path, content := range l.Documents {
		want[layout.Dir+"/"+path] = digests.Of(content)
	}
	var errs []error
	for path := range l.Blobs {
		path = layout.Dir + "/" + path
		want[path] = digests.FromHex(path[strings.LastIndexByte(path, '/')+1:])
		if same[path] {
			want[path] = ""
		}
	}
	for _, path := range f.paths {
		if _, ok := want[path]; !ok && strings.HasPrefix(path, layout.Dir+"/") {
			errs = append(errs, refuse(CheckLayout, path, "is not a part of the image's OCI layout"))
		}
	}
	blobs := len(want) - 2 // index.json and oci-layout are not blobs
	maps.DeleteFunc(want, func(_, digest string) bool { return digest == "" })
	_, err = f.match(CheckLayout, want, false)
	return blobs, errors.Join(errors.Join(errs...), err)
}
