package verify

import (
	"errors"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/attest/layout"
	"github.com/seaworthy-os/seaworthy/attest/statement"
)

// Part verifies a folder that has all attestations of an image, but only some of
// its other files, as when an image is fetched from a registry in parts. It checks
// the statements, and the digest of each file that is there. artifact is the digest
// of the image's OCI manifest that the folder belongs to. The Result has no files.
// Part does not replace Dir: it does not compare documents with each other, and does
// not check requirements about the decision.
func (v *Verifier) Part(path, artifact string) (*Result, Progress, error) {
	f, err := openFolder(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.root.Close()
	s, counters, err := v.readSeal(f, statement.Dir)
	if err != nil {
		return nil, nil, err
	}
	done := Progress{stepSigned}
	r, err := v.part(f, s, counters, artifact)
	return r, done, err
}

func (v *Verifier) part(f *folder, s seal, counters []countersignature, artifact string) (*Result, error) {
	subjects, name, signed, err := s.subjects()
	if err != nil {
		return nil, err
	}
	if signed != artifact {
		return nil, refuse(CheckSubject, statement.Dir, "the statements are about OCI artifact %s, but the image is %s", signed, artifact)
	}
	met, err := v.signatures(s, counters, name)
	if err != nil {
		return nil, err
	}
	c, more, err := v.withoutDecision(s, subjects, name, signed, true)
	if err == nil {
		err = f.matchPresent(subjects, c.byproducts)
	}
	if err != nil {
		return nil, err
	}
	r := &Result{Scope: ScopeStatements, Name: name, Artifact: signed, Byproducts: c.byproducts}
	r.describe(s, counters, c)
	r.Requirements = slices.Concat(met, more)
	return r, nil
}

// matchPresent compares the files that are there with their signed digests. Others
// are refused.
func (f *folder) matchPresent(subjects, byproducts map[string]string) error {
	image, others := map[string]string{}, map[string]string{}
	for path, digest := range subjects {
		if f.has(path) {
			image[path] = digest
		}
	}
	for path, digest := range byproducts {
		if f.has(path) {
			others[path] = digest
		}
	}
	errs := []error{f.nothingElse(image, others)}
	if i := slices.IndexFunc(f.paths, func(p string) bool { return strings.HasPrefix(p, layout.Dir+"/") }); i >= 0 {
		errs = append(errs, refuse(CheckFolder, f.paths[i], "is not a part of the image: no statement covers it"))
	}
	_, err := f.match(CheckSubject, image, false)
	errs = append(errs, err)
	_, err = f.match(CheckByproduct, others, false)
	return errors.Join(append(errs, err)...)
}
