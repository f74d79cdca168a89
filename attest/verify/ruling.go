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

// Ruling is the answer to a rule that only a built image can answer: the rules
// of the catalogue under these ids say not-applicable before. State is pass,
// fail, unknown or not-applicable.
type Ruling struct {
	ID      string         `json:"id"`
	State   decision.State `json:"state"`
	Message string         `json:"message"`
}

// step is one part of a verification; they are made in this order.
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

// Progress are the steps that were made to their end and found nothing wrong.
// What was not reached is no pass.
type Progress []step

// failed is the step that found something wrong, or was kept from its end.
func (p Progress) failed() step { return step(len(p)) }

// Comparison is what came of looking at a second build.
type Comparison struct {
	// Different are the image's files that are others there.
	Different []string
	// Problem says why nothing was compared, "" where it was.
	Problem string
}

// Compare compares the image's files with those in dir, the output of a second
// build; one that is missing there is another. A folder or a file that is the
// image's own, under whatever name, is no second build (system.ErrInput).
func (r *Result) Compare(dir string) (*Comparison, error) {
	const next = "give the folder of a second build: build again with another --output-dir"
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
		return nil, system.BadInput("%s is the image itself, and no second build of it", dir).Suggest("%s", next)
	}
	c := &Comparison{}
	for _, one := range r.Files {
		if !f.has(one.Name) {
			c.Different = append(c.Different, one.Name)
			continue
		}
		got, err := f.hashOne(one.Name, false)
		if err != nil {
			return nil, err
		}
		if one.file != nil {
			own, err := one.file.Stat()
			if err != nil {
				return nil, system.Unusable("%s", one.Name).Because(err)
			}
			if os.SameFile(got.info, own) {
				return nil, system.BadInput("%s in %s is the image's own file under a second name (a hard link), and no second build of it", one.Name, dir).
					Suggest("%s", next)
			}
		}
		if got.digest != one.Digest {
			c.Different = append(c.Different, one.Name)
		}
	}
	return c, nil
}

// Differs is the Refusal of an image whose second build differs, nil where it
// does not.
func (c *Comparison) Differs(image, rebuilt string) error {
	if len(c.Different) == 0 {
		return nil
	}
	return refuseNext("build both from the same lock, with the same version of the builder and the same formats",
		CheckRebuilt, "", "%s and %s differ in %s", image, rebuilt, strings.Join(c.Different, ", "))
}

// Rulings answer SUP-012 (statements are about what was shipped), SUP-018 (a
// second build gives the same bytes; second is nil without one) and SUP-019
// (signed, with provenance of ours) by what Folder returned. What a rule asks
// for was looked at to the end, or it does not pass.
func Rulings(done Progress, err error, second *Comparison) []Ruling {
	subject := rule(done, err, decision.RuleSubjects, "every statement is about the files that are here",
		stepFiles, stepByproducts, stepComponents, stepDocuments)
	seal := rule(done, err, decision.RuleSealed, "signed by a trusted key, with provenance",
		stepSigned, stepContent, stepComponents)
	same := Ruling{ID: decision.RuleReproduced, State: decision.StateNotApplicable, Message: "no second build was given: --rebuilt DIR"}
	switch {
	case second == nil:
	case second.Problem != "":
		same.State, same.Message = decision.StateUnknown, "nothing was compared: "+second.Problem
	case len(second.Different) > 0:
		same.State, same.Message = decision.StateFail, fmt.Sprintf("the second build differs in %s", strings.Join(second.Different, ", "))
	default:
		same.State, same.Message = decision.StatePass, "the second build has the same bytes"
	}
	return []Ruling{subject, same, seal}
}

// rule passes where all the steps that it needs were made. It fails where one
// of them refused the image, and is unknown where one was not reached, or
// could not be made.
func rule(done Progress, err error, id, pass string, needs ...step) Ruling {
	r := Ruling{ID: id, State: decision.StatePass, Message: pass}
	if slices.Max(needs) < done.failed() {
		return r
	}
	// Folder refusals say what is in the way, not what a statement is about.
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
	r.State, r.Message = decision.StateUnknown, "it could not be looked at"
	if all := problems(err); len(all) > 0 {
		r.Message = "not looked at to the end: " + all[0].Message
	}
	return r
}
