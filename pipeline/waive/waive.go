// Package waive adds a waiver for a finding to a waiver file.
package waive

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/seaworthy-os/seaworthy/builder/spec/edit"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
	"github.com/seaworthy-os/seaworthy/policy"
	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/policy/waiver"
)

// Options describes the waiver and its finding.
type Options struct {
	// Finding is written as for policy.Explain. It must match one rule on one
	// resource that fails.
	Finding string
	// Owner is responsible for the waiver. Reason says why the finding is acceptable.
	Owner, Reason string
	// Expires is the last day, YYYY-MM-DD.
	Expires string
	// ByDigest limits the waiver to the current image of the component, instead of
	// its name.
	ByDigest bool
	// Now is the current time. Expires must not be before its day.
	Now time.Time
	// File is the path of the waiver file, which need not exist.
	File string
}

// Check reports all mistakes in the options before any work, as an ErrInput.
func (o Options) Check() error {
	var errs []error
	bad := func(what, next string) {
		errs = append(errs, system.BadInput("%s", what).Suggest("%s", next))
	}
	for _, flag := range [][2]string{{"owner", o.Owner}, {"reason", o.Reason}, {"expires", o.Expires}} {
		if strings.TrimSpace(flag[1]) == "" {
			bad("--"+flag[0]+" is missing", "every waiver needs an owner, a reason and an expiry date")
		}
	}
	switch day, err := time.Parse(time.DateOnly, o.Expires); {
	case strings.TrimSpace(o.Expires) == "":
	case err != nil:
		bad(fmt.Sprintf("--expires %q is not a date", o.Expires), "write the date like 2027-03-31")
	case !o.Now.Before(day.Add(24 * time.Hour)):
		bad(fmt.Sprintf("--expires %s is in the past", o.Expires), "use a date in the future")
	}
	return errors.Join(errs...)
}

// Add returns the text of the waiver file with a new waiver, and this waiver. The
// rest of the file stays unchanged. It is an ErrInput if the decision does not have
// the finding, the finding does not fail, Expires is in the past, or another waiver
// of the file covers the finding.
func Add(d *decision.Decision, o Options) ([]byte, *decision.Waiver, error) {
	if err := o.Check(); err != nil {
		return nil, nil, err
	}
	f, err := toWaive(d, o.Finding)
	if err != nil {
		return nil, nil, err
	}
	w := &decision.Waiver{Rule: f.ID, Resource: f.Resource, Reason: strings.TrimSpace(o.Reason), Owner: strings.TrimSpace(o.Owner), Expires: o.Expires}
	if o.ByDigest {
		if w.Digest, err = digestOf(d, f); err != nil {
			return nil, nil, err
		}
		w.Resource = ""
	}
	data, err := bounded.ReadFile(o.File, waiver.MaxBytes)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, system.BadInput("cannot read %s", o.File).Because(err).Suggest("give the path of a waiver file, or of a new file")
	}
	out, err := addWaiver(edit.File{Name: o.File, Data: data}, w)
	return out, w, err
}

// toWaive returns the failing finding that a name matches. Several keys of a rule on
// one resource are waived together.
func toWaive(d *decision.Decision, name string) (*decision.Finding, error) {
	fail := func(what, next string) (*decision.Finding, error) {
		return nil, system.BadInput("%s", what).Suggest("%s", next)
	}
	all := policy.Explain(d, name)
	var found *decision.Finding
	var others []string
	for i := range all {
		f := &all[i].Finding
		switch {
		case f.State != decision.StateFail:
		case found == nil:
			found = f
			others = append(others, f.ID+"@"+f.Resource)
		case f.ID != found.ID || f.Resource != found.Resource:
			if this := f.ID + "@" + f.Resource; others[len(others)-1] != this {
				others = append(others, this)
			}
		}
	}
	switch {
	case len(all) == 0:
		return fail(fmt.Sprintf("finding %q does not exist", name), "write the finding as RULE@RESOURCE; seaworthy check lists all findings")
	case found == nil:
		return fail(fmt.Sprintf("%s does not fail: %s", name, all[0].Finding.State), "only failing findings can be waived")
	case len(others) > 1:
		return fail(fmt.Sprintf("%q matches %d findings", name, len(others)), "waive one at a time: "+strings.Join(others[:min(len(others), 5)], ", "))
	}
	return found, nil
}

// digestOf returns the digest of the image of the finding's component.
func digestOf(d *decision.Decision, f *decision.Finding) (string, error) {
	for _, c := range d.System.Components {
		if "component:"+c.ID == f.Resource {
			return c.Digest, nil
		}
	}
	return "", system.BadInput("--by-digest: %s is not a component", f.Resource).Suggest("leave --by-digest out")
}

// addWaiver adds an entry to a waiver file and parses the result as a policy would.
func addWaiver(f edit.File, w *decision.Waiver) ([]byte, error) {
	blank := true
	for line := range strings.Lines(string(f.Data)) {
		if text := strings.TrimSpace(line); text != "" && !strings.HasPrefix(text, "#") {
			blank = false
		}
	}
	if !blank {
		there, err := waiver.Parse(f.Name, f.Data)
		if err != nil {
			return nil, err
		}
		for _, old := range there {
			if old.Rule == w.Rule && old.Resource == w.Resource && old.Digest == w.Digest {
				return nil, system.BadInput("%s on %s already has a waiver, which expires on %s", w.Rule, w.Resource+w.Digest, old.Expires).At(system.Position{File: f.Name, Line: old.Origin.Line, Column: old.Origin.Column}).
					Suggest("change or remove that waiver")
			}
		}
	}
	entry := edit.Map{{Key: "rule", Value: w.Rule}}
	if w.Digest != "" {
		entry = append(entry, edit.Pair{Key: "digest", Value: w.Digest})
	} else {
		entry = append(entry, edit.Pair{Key: "resource", Value: w.Resource})
	}
	entry = append(entry, edit.Pair{Key: "reason", Value: w.Reason}, edit.Pair{Key: "owner", Value: w.Owner}, edit.Pair{Key: "expires", Value: w.Expires})
	var head []byte
	if blank {
		// Comments stay above the first waiver.
		eol := "\n"
		if bytes.Contains(f.Data, []byte("\r\n")) {
			eol = "\r\n"
		}
		head, f.Data = f.Data, []byte("waivers: []"+eol)
		if len(head) > 0 && head[len(head)-1] != '\n' {
			head = append(head, eol...)
		}
	}
	out, err := edit.One(f, "append", []string{"waivers"}, entry)
	if err != nil {
		return nil, err
	}
	out = append(head, out...)
	// A mistake in the new entry is reported with its place, as for any entry.
	if _, err := waiver.Parse(f.Name, out); err != nil {
		return nil, err
	}
	return out, nil
}
