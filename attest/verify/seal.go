package verify

import (
	"bytes"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/attest/layout"
	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/internal/digests"
)

// signed is a statement that an authority signed, and its bundle's file.
type signed struct {
	*statement.Statement
	stem string
	file bundleFile
	by   signature
	// payload is kept of the provenance only, for countersignatures.
	payload []byte
}

// seal maps each stem to its statement.
type seal map[string]*signed

// readSeal reads the bundles in dir ("attestations", or "." if the folder is
// that one). It makes the first two checks: each bundle is signed by an
// authority, and its predicate type matches its name.
func (v *Verifier) readSeal(f *folder, dir string) (seal, []countersignature, error) {
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
			errs = append(errs, refuse(CheckFolder, path, "is not an attestation"))
			continue
		}
		stems = append(stems, stem)
	}
	switch {
	case len(errs) > 0:
		return nil, nil, errors.Join(errs...)
	case len(stems) == 0:
		return nil, nil, refuseNext("build the image with --key: unsigned images are never accepted",
			CheckSignature, "", "the image is not signed: it has no attestations")
	case len(stems) > statement.MaxBundles:
		return nil, nil, refuse(CheckSignature, "", "the image has %d attestations, and may have at most %d", len(stems), statement.MaxBundles)
	}
	counter := func(stem string) bool { return strings.HasPrefix(stem, statement.CountersignaturePrefix) }
	all := make([]*signed, len(stems))
	if err := parallel(len(stems), func(i int) (err error) {
		if !counter(stems[i]) {
			all[i], err = v.readSigned(f, prefix+stems[i]+statement.Suffix, stems[i])
		}
		return err
	}); err != nil {
		return nil, nil, err
	}
	s := seal{}
	for _, one := range all {
		if one != nil {
			s[one.stem] = one
		}
	}
	if err := s.checkTypes(); err != nil {
		return nil, nil, err
	}
	var counters []countersignature
	for _, stem := range stems {
		if !counter(stem) {
			continue
		}
		one, err := v.readCountersignature(f, prefix+stem+statement.Suffix, s["provenance"].payload)
		if err != nil {
			return nil, nil, err
		}
		counters = append(counters, one)
	}
	return s, counters, nil
}

// readSigned reads one bundle. It verifies the signature before it reads the
// payload.
func (v *Verifier) readSigned(f *folder, path, stem string) (*signed, error) {
	raw, file, err := f.readBundle(path)
	if err != nil {
		return nil, err
	}
	payload, by, err := v.signedBy(raw)
	switch {
	case errors.Is(err, errStranger):
		return nil, refuseNext("check that the trusted key is the public key of the image's builder", CheckSignature, path, "%v", err)
	case err != nil:
		return nil, refuse(CheckSignature, path, "%v", err)
	case by.why != "":
		return nil, refuseNext("use an image that was signed again with a valid key, or correct the trust policy", CheckSignature, path, "%s", by.why)
	}
	st, err := parseSigned(path, payload)
	if err != nil {
		return nil, err
	}
	one := &signed{Statement: st, stem: stem, by: by, file: file}
	if stem == "provenance" {
		one.payload = payload
	}
	return one, nil
}

// parseSigned reads the statement in a payload whose signature was verified.
func parseSigned(path string, payload []byte) (*statement.Statement, error) {
	st, err := statement.Parse(payload)
	if err == nil {
		err = st.Exact(payload)
	}
	if err != nil {
		return nil, refuse(CheckSignature, path, "the payload is signed, but is not a valid statement: %v", err)
	}
	return st, nil
}

// readCountersignature reads a further signature of the provenance. It must sign
// the same bytes. The signature of an unknown signer does not count, but is not an error:
// other people may trust that signer.
func (v *Verifier) readCountersignature(f *folder, path string, provenance []byte) (countersignature, error) {
	raw, file, err := f.readBundle(path)
	if err != nil {
		return countersignature{}, err
	}
	claimed, err := claimedPayload(raw)
	if err != nil {
		return countersignature{}, refuse(CheckSignature, path, "%v", err)
	}
	if !bytes.Equal(claimed, provenance) {
		return countersignature{}, refuse(CheckSubject, path, "does not countersign the provenance of this image")
	}
	one := countersignature{file: file, by: signature{authority: -1}}
	payload, by, err := v.signedBy(raw)
	switch {
	case err != nil:
		one.by.why = err.Error()
	case !bytes.Equal(payload, provenance):
		return countersignature{}, refuse(CheckSubject, path, "does not countersign the provenance of this image")
	default:
		one.by = by
	}
	return one, nil
}

// readBundle reads the file of a bundle.
func (f *folder) readBundle(path string) ([]byte, bundleFile, error) {
	raw, info, err := f.read(path, statement.MaxBundle)
	if err != nil {
		return nil, bundleFile{}, err
	}
	b := bundleFile{File: layout.File{Path: path, Digest: digests.Of(raw), Size: int64(len(raw))}}
	b.same = f.sameBytes(blob(b.Digest), info, raw)
	return raw, b, nil
}

// bundleFile is the file of a bundle. same: its blob in the OCI layout has the same
// bytes.
type bundleFile struct {
	layout.File
	same bool
}

// checkTypes requires all statements of the image. It also requires that the
// type of each statement matches its name.
func (s seal) checkTypes() error {
	var errs []error
	image := statement.ImageStems()
	for _, stem := range slices.Sorted(maps.Keys(image)) {
		if s[stem] == nil {
			errs = append(errs, refuse(CheckType, statement.BundlePath(stem), "the statement is missing (%s)", image[stem]))
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
			errs = append(errs, refuse(CheckType, one.file.Path, "a seal does not have a statement of this name"))
		case one.PredicateType != want:
			errs = append(errs, refuse(CheckType, one.file.Path, "the statement has type %s, and must have type %s", one.PredicateType, want))
		}
	}
	return errors.Join(errs...)
}

// sorted returns the statements in the order of their stems.
func (s seal) sorted() []*signed {
	return slices.SortedFunc(maps.Values(s), func(a, b *signed) int { return strings.Compare(a.stem, b.stem) })
}

// subjects returns the subjects that all of the image's statements share; see
// signed.subjects.
func (s seal) subjects() (files map[string]string, name, artifact string, err error) {
	provenance := s["provenance"]
	var errs []error
	for _, stem := range slices.Sorted(maps.Keys(statement.ImageStems())) {
		if one := s[stem]; !reflect.DeepEqual(one.Subject, provenance.Subject) {
			errs = append(errs, refuse(CheckSubject, one.file.Path, "covers other files than %s: the folder mixes two images", provenance.file.Path))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, "", "", err
	}
	return provenance.subjects()
}

// subjects returns the subjects of a statement about the image: the files of the
// image by name, and the OCI artifact. name is the image's name.
func (s *signed) subjects() (files map[string]string, name, artifact string, err error) {
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, refuse(CheckSubject, s.file.Path, format, args...))
	}
	files = map[string]string{}
	folded := map[string]string{}
	for _, d := range s.Subject {
		if old, twice := folded[strings.ToLower(d.Name)]; twice {
			bad("subjects %q and %q are the same name on a file system that ignores letter case", old, d.Name)
		}
		folded[strings.ToLower(d.Name)] = d.Name
		if err := plain(d); err != nil || !isPath(d.Name) || strings.HasPrefix(d.Name, statement.Dir+"/") {
			bad("subject %q is not a file of an image, or has members other than one sha256 digest", d.Name)
		}
		n, isArtifact := strings.CutPrefix(d.Name, layout.Dir+"/")
		switch {
		case isArtifact && artifact != "":
			bad("the subjects contain two OCI artifacts")
		case isArtifact && strings.Contains(n, "/"):
			bad("the name of OCI artifact %q contains a slash", d.Name)
		case isArtifact:
			name, artifact = n, d.SHA256()
		default:
			files[d.Name] = d.SHA256()
		}
	}
	if artifact == "" || len(files) == 0 {
		bad("the subjects contain no files or no OCI artifact")
	}
	return files, name, artifact, errors.Join(errs...)
}
