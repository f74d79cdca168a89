package verify

import (
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/attest/layout"
	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/internal/digests"
)

// signed is a statement that a trusted key signed, and its bundle's file.
type signed struct {
	*statement.Statement
	stem string
	file layout.File
	key  int
}

// seal is every statement of a folder, by stem.
type seal map[string]*signed

// readSeal reads the bundles that lie in dir ("attestations", or "." where the
// folder is that one) and checks the first two things: each is signed by a
// trusted key, and is of the type that its name says.
func (v *Verifier) readSeal(f *folder, dir string) (seal, error) {
	var errs []error
	var stems []string
	prefix := ""
	if dir != "." {
		prefix = dir + "/"
	}
	for _, path := range f.paths {
		name, ok := strings.CutPrefix(path, prefix)
		if !ok {
			continue
		}
		stem, ok := strings.CutSuffix(name, statement.Suffix)
		if !ok || stem == "" || strings.Contains(stem, "/") {
			errs = append(errs, refuse(CheckFolder, path, "not an attestation"))
			continue
		}
		stems = append(stems, stem)
	}
	switch {
	case len(errs) > 0:
		return nil, errors.Join(errs...)
	case len(stems) == 0:
		return nil, refuseNext("build it with --key; an unsigned image is never accepted",
			CheckSignature, "", "image is not signed: it has no attestations")
	case len(stems) > statement.MaxBundles:
		return nil, refuse(CheckSignature, "", "%d attestations are more than %d", len(stems), statement.MaxBundles)
	}
	all := make([]*signed, len(stems))
	if err := parallel(len(stems), func(i int) (err error) {
		all[i], err = v.readSigned(f, prefix+stems[i]+statement.Suffix, stems[i])
		return err
	}); err != nil {
		return nil, err
	}
	s := seal{}
	for _, one := range all {
		s[one.stem] = one
	}
	return s, s.checkTypes()
}

// readSigned reads one bundle. Nothing of its payload is looked at before the
// signature holds.
func (v *Verifier) readSigned(f *folder, path, stem string) (*signed, error) {
	raw, err := f.read(path, statement.MaxBundle)
	if err != nil {
		return nil, err
	}
	e, err := parseBundle(raw)
	if err != nil {
		return nil, refuse(CheckSignature, path, "%v", err)
	}
	key := e.signer(v.policy.Keys)
	if key < 0 {
		return nil, refuseNext("check that --key is the public key of who built the image", CheckSignature, path, "not signed by a trusted key")
	}
	if err := statement.ExactBundle(raw, v.hints[key], e.payload, e.signature); err != nil {
		return nil, refuseNext("fetch or build the image again", CheckSignature, path, "signed, but the bundle holds what is not: %v", err)
	}
	st, err := statement.Parse(e.payload)
	if err == nil {
		err = st.Exact(e.payload)
	}
	if err != nil {
		return nil, refuse(CheckSignature, path, "signed, but no statement: %v", err)
	}
	return &signed{
		Statement: st, stem: stem, key: key,
		file: layout.File{Path: path, Digest: digests.Of(raw), Size: int64(len(raw))},
	}, nil
}

// checkTypes wants every statement of the image, and of each the type that its
// name says.
func (s seal) checkTypes() error {
	var errs []error
	image := statement.ImageStems()
	for _, stem := range slices.Sorted(maps.Keys(image)) {
		if s[stem] == nil {
			errs = append(errs, refuse(CheckType, statement.BundlePath(stem), "statement is missing (%s)", image[stem]))
		}
	}
	for _, one := range s.sorted() {
		want := image[one.stem]
		if strings.HasPrefix(one.stem, statement.ComponentPrefix) {
			switch {
			case strings.HasSuffix(one.stem, ".spdx"):
				want = statement.SPDX
			case strings.HasSuffix(one.stem, ".cyclonedx"):
				want = statement.CycloneDX
			}
		}
		switch {
		case want == "":
			errs = append(errs, refuse(CheckType, one.file.Path, "a seal has no statement of that name"))
		case one.PredicateType != want:
			errs = append(errs, refuse(CheckType, one.file.Path, "statement of type %s is not %s", one.PredicateType, want))
		}
	}
	return errors.Join(errs...)
}

// sorted gives the statements in the order of their stems.
func (s seal) sorted() []*signed {
	return slices.SortedFunc(maps.Values(s), func(a, b *signed) int { return strings.Compare(a.stem, b.stem) })
}

// subjects are what all of the image's statements are about: the files of the
// image by name, and the OCI artifact. name is the image's.
func (s seal) subjects() (files map[string]string, name, artifact string, err error) {
	path, subject := s["provenance"].file.Path, s["provenance"].Subject
	var errs []error
	for _, stem := range slices.Sorted(maps.Keys(statement.ImageStems())) {
		if one := s[stem]; !reflect.DeepEqual(one.Subject, subject) {
			errs = append(errs, refuse(CheckSubject, one.file.Path, "is about other files than %s: two images are mixed", path))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, "", "", err
	}
	bad := func(format string, args ...any) { errs = append(errs, refuse(CheckSubject, path, format, args...)) }
	files = map[string]string{}
	folded := map[string]string{}
	for _, d := range subject {
		if old, twice := folded[strings.ToLower(d.Name)]; twice {
			bad("subjects %q and %q are one file where letter case does not count", old, d.Name)
		}
		folded[strings.ToLower(d.Name)] = d.Name
		if err := plain(d); err != nil || !isPath(d.Name) || strings.HasPrefix(d.Name, statement.Dir+"/") {
			bad("subject %q is no file of an image, or has more than a digest", d.Name)
		}
		n, isArtifact := strings.CutPrefix(d.Name, layout.Dir+"/")
		switch {
		case isArtifact && artifact != "":
			bad("has two OCI artifacts")
		case isArtifact && strings.Contains(n, "/"):
			bad("OCI artifact %q has no name", d.Name)
		case isArtifact:
			name, artifact = n, d.SHA256()
		default:
			files[d.Name] = d.SHA256()
		}
	}
	if artifact == "" || len(files) == 0 {
		bad("names no files or no OCI artifact")
	}
	return files, name, artifact, errors.Join(errs...)
}
