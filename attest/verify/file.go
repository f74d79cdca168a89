package verify

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/words"
)

// File verifies one file of an image by the attestations in a folder; "" means
// the folder "attestations" beside the file. It does not cover the image's
// other files: a verified kernel may be next to an initrd of another image.
// File reads the summary of the decision, not the decision itself.
func (v *Verifier) File(file, attestations string) (*Result, error) {
	if attestations == "" {
		attestations = filepath.Join(filepath.Dir(file), statement.Dir)
	}
	f, err := openFolder(attestations)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, refuseNext("give a file in a folder that build wrote, or the folder", CheckSignature, filepath.Base(file),
			"is not signed: there is no folder %s beside it", filepath.Base(attestations))
	}
	if err != nil {
		return nil, err
	}
	defer f.root.Close()
	s, counters, err := v.readSeal(f, ".")
	if err != nil {
		return nil, err
	}
	subjects, name, artifact, err := s.subjects()
	if err != nil {
		return nil, err
	}
	met, err := v.signatures(s, counters, name)
	if err != nil {
		return nil, err
	}
	base := filepath.Base(file)
	subject, err := oneOf(subjects, base, name)
	if err != nil {
		return nil, err
	}
	want := subjects[subject]

	root, err := os.OpenRoot(filepath.Dir(file))
	if err != nil {
		return nil, system.Unusable("the folder of %s cannot be opened", file).Because(err)
	}
	defer root.Close()
	h, err := (&folder{root: root}).hashOne(base, "", true)
	if err != nil {
		return nil, err
	}
	r := &Result{Scope: ScopeFile, Name: name, Artifact: artifact,
		Files: []File{{Name: subject, Digest: h.digest, Size: h.info.Size(), file: h.file}}}
	if h.digest != want {
		return nil, errors.Join(notSigned(CheckSubject, base, h.digest, want), r.Close())
	}
	c, more, err := v.withoutDecision(s, subjects, name, artifact, false)
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	r.describe(s, counters, c)
	if v.policy.SecondOpinion != "" || slices.ContainsFunc(v.rules(name), func(r *Rule) bool { return len(r.SecondOpinion) > 0 }) {
		return nil, errors.Join(refuseNext("give the folder that build wrote", CheckRebuilt, base, "a second opinion is about a whole image: verify the whole folder and not one file"), r.Close())
	}
	r.Requirements = slices.Concat(met, more)
	r.Checked = []string{
		"signatures of " + words.Count(len(s), "statement", "statements"),
		fmt.Sprintf("one file of %d: the other files, the bills of materials and decision.json are not checked", len(subjects)),
		"decision: " + r.Summary.text(),
	}
	return r, nil
}

// withoutDecision reads and compares the statements of an image whose decision is not
// read, and returns the requirements about them; see required.
func (v *Verifier) withoutDecision(s seal, files map[string]string, name, artifact string, later bool) (*content, []Requirement, error) {
	c, err := readContent(s, files, name, artifact)
	if err == nil {
		err = c.checkComponents(s)
	}
	if err != nil {
		return nil, nil, err
	}
	found, err := v.required(s, c, nil, later)
	return c, found, err
}

// oneOf finds the subject with a file's name. There must be exactly one.
func oneOf(subjects map[string]string, base, name string) (string, error) {
	var found []string
	for _, subject := range slices.Sorted(maps.Keys(subjects)) {
		if path.Base(subject) == base {
			found = append(found, subject)
		}
	}
	switch len(found) {
	case 0:
		return "", refuse(CheckSubject, base, "is not a file of image %s", name)
	case 1:
		return found[0], nil
	}
	return "", refuseNext("verify the whole image", CheckSubject, base, "%d files of image %s have this name", len(found), name)
}
