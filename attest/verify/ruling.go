package verify

import (
	"errors"
	"fmt"
	"strings"
)

// Ruling is the answer to a rule that only a built image can answer: the rules
// of the catalogue under these ids say not-applicable before. State is pass,
// fail, unknown or not-applicable.
type Ruling struct {
	ID      string `json:"id"`
	State   string `json:"state"`
	Message string `json:"message"`
}

// Compare gives the image's files that are others in dir, the output of a
// second build; one that is missing there is another.
func (r *Result) Compare(dir string) (different []string, err error) {
	f, err := openFolder(dir)
	if err != nil {
		return nil, err
	}
	defer f.root.Close()
	for _, one := range r.Files {
		if !f.has(one.Name) {
			different = append(different, one.Name)
			continue
		}
		got, err := f.hashOne(one.Name, false)
		if err != nil {
			return nil, err
		}
		if got.digest != one.Digest {
			different = append(different, one.Name)
		}
	}
	return different, nil
}

// Rulings answer SUP-012 (statements are about what was shipped), SUP-018 (a
// second build gives the same bytes; rebuilt says that there was one) and
// SUP-019 (signed, with provenance) by what Dir returned.
func Rulings(err error, rebuilt bool, different []string) []Ruling {
	refused := map[Check]string{}
	for _, p := range problems(err) {
		if refused[p.Check] == "" {
			refused[p.Check] = p.Message
		}
	}
	first := func(checks ...Check) string {
		for _, c := range checks {
			if refused[c] != "" {
				return refused[c]
			}
		}
		return ""
	}
	looked := err == nil || errors.Is(err, ErrRefused)
	seal := Ruling{ID: "SUP-019", State: "pass", Message: "signed by a trusted key, with provenance"}
	if why := first(CheckSignature, CheckType); why != "" {
		seal.State, seal.Message = "fail", why
	}
	subject := Ruling{ID: "SUP-012", State: "pass", Message: "every statement is about the files that are here"}
	if why := first(CheckSubject, CheckByproduct); why != "" {
		subject.State, subject.Message = "fail", why
	} else if why := first(CheckFolder, CheckSignature, CheckType); why != "" {
		subject.State, subject.Message = "unknown", "no digest was compared: "+why
	}
	same := Ruling{ID: "SUP-018", State: "not-applicable", Message: "no second build was given: --rebuilt DIR"}
	if rebuilt {
		same.State, same.Message = "pass", "the second build has the same bytes"
		if len(different) > 0 {
			same.State, same.Message = "fail", fmt.Sprintf("the second build differs in %s", strings.Join(different, ", "))
		}
	}
	if !looked {
		seal.State, seal.Message = "unknown", "the image could not be looked at"
		subject.State, subject.Message = seal.State, seal.Message
	}
	return []Ruling{subject, same, seal}
}
