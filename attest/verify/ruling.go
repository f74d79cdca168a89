package verify

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// Ruling is the answer to a rule that only a built image can answer. The rules
// of the catalogue with these ids are not-applicable before. State is pass,
// fail, unknown or not-applicable.
type Ruling struct {
	ID      string         `json:"id"`
	State   decision.State `json:"state"`
	Message string         `json:"message"`
}

// step is one part of a verification. The steps are made in this order.
type step int

const (
	stepSigned step = iota
	stepFiles
	stepContent
	stepByproducts
	stepComponents
	stepDocuments
	stepDecision
	stepLayout
	stepRequired
)

// Progress lists the steps that completed without an error. A step that was not
// reached did not pass.
type Progress []step

// failed is the step that failed or could not be completed.
func (p Progress) failed() step { return step(len(p)) }

// Comparison is the result of a comparison with a second build.
type Comparison struct {
	// Different are the image's files that differ from the second build.
	Different []string
	// Problem says why nothing was compared, "" if the comparison was made.
	Problem string
}

// Compare compares the image's files with those in dir, the output of a second
// build. A file that is missing there differs. The image's own folder, and hard
// links of its own files, are not a second build (system.ErrInput).
func (r *Result) Compare(dir string) (*Comparison, error) {
	const next = "build again with another --output-dir, and give that folder"
	f, err := openFolder(dir)
	if err != nil {
		return nil, err
	}
	defer f.root.Close()
	info, err := f.root.Stat(".")
	if err != nil {
		return nil, system.Unusable("second build").Because(err)
	}
	if r.folder != nil && os.SameFile(info, r.folder) {
		return nil, system.BadInput("%s is the folder of the image itself, not of a second build", dir).Suggest("%s", next)
	}
	c := &Comparison{}
	for _, one := range r.Files {
		if !f.has(one.Name) {
			c.Different = append(c.Different, one.Name)
			continue
		}
		got, err := f.hashOne(one.Name, "", false)
		if err != nil {
			return nil, err
		}
		if one.file != nil {
			own, err := one.file.Stat()
			if err != nil {
				return nil, system.Unusable("%s", one.Name).Because(err)
			}
			if os.SameFile(got.info, own) {
				return nil, system.BadInput("%s in %s is a hard link of the image's own file, not a file of a second build", one.Name, dir).
					Suggest("%s", next)
			}
		}
		if got.digest != one.Digest {
			c.Different = append(c.Different, one.Name)
		}
	}
	return c, nil
}

// Differs is the Refusal of an image whose second build differs, nil if it does
// not differ.
func (c *Comparison) Differs(image, rebuilt string) error {
	if len(c.Different) == 0 {
		return nil
	}
	return refuseNext("build both from the same lock, with the same version of seaworthy and the same formats",
		CheckRebuilt, "", "%s and %s differ in %s", image, rebuilt, strings.Join(c.Different, ", "))
}

// DirRules is Dir, and also answers the rules about built images; see Rulings. If
// rebuilt is not "", it is the output folder of a second build, and an image that
// differs from it is refused. The Result is not nil after an error of the
// comparison; close it.
func (v *Verifier) DirRules(path, rebuilt string) (*Result, []Ruling, error) {
	r, done, verr := v.Folder(path)
	var second *Comparison
	err := verr
	switch {
	case rebuilt == "":
	case verr != nil:
		second = &Comparison{Problem: "the image was not verified"}
	default:
		if second, err = r.Compare(rebuilt); err != nil {
			second = &Comparison{Problem: err.Error()}
		} else {
			err = second.Differs(path, rebuilt)
		}
	}
	return r, Rulings(done, verr, second), err
}

// Rulings answers three rules from what Folder returned: SUP-012 (the
// statements cover the shipped files), SUP-018 (a second build gives the same
// bytes; second is nil if there is no second build) and SUP-019 (signed, with
// provenance from our builder). A rule passes only if all steps that it needs
// are complete.
func Rulings(done Progress, err error, second *Comparison) []Ruling {
	subject := rule(done, err, decision.RuleSubjects, "every statement covers the files of this image",
		stepFiles, stepByproducts, stepComponents, stepDocuments)
	seal := rule(done, err, decision.RuleSealed, "the image is signed by a trusted key and has provenance",
		stepSigned, stepContent, stepComponents)
	same := Ruling{ID: decision.RuleReproduced, State: decision.StateNotApplicable, Message: "no second build was given: add --rebuilt DIR"}
	switch {
	case second == nil:
	case second.Problem != "":
		same.State, same.Message = decision.StateUnknown, "the builds could not be compared: "+second.Problem
	case len(second.Different) > 0:
		same.State, same.Message = decision.StateFail, fmt.Sprintf("the second build differs in %s", strings.Join(second.Different, ", "))
	default:
		same.State, same.Message = decision.StatePass, "the second build has the same bytes"
	}
	return []Ruling{subject, same, seal}
}

// rule passes if all the steps that it needs are complete. It fails if one of
// these steps refused the image. It is unknown if one of them was not reached
// or could not be made.
func rule(done Progress, err error, id, pass string, needs ...step) Ruling {
	r := Ruling{ID: id, State: decision.StatePass, Message: pass}
	if slices.Max(needs) < done.failed() {
		return r
	}
	// A refusal by CheckFolder does not say which files a statement covers.
	why := ""
	for _, p := range problems(err) {
		if p.Check != "" && p.Check != CheckFolder {
			why = p.Message
			break
		}
	}
	if slices.Contains(needs, done.failed()) && errors.Is(err, ErrRefused) && why != "" {
		r.State, r.Message = decision.StateFail, why
		return r
	}
	r.State, r.Message = decision.StateUnknown, "the verification could not be made"
	if all := problems(err); len(all) > 0 {
		r.Message = "the verification is incomplete: " + all[0].Message
	}
	return r
}
