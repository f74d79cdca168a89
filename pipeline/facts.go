package pipeline

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
	"github.com/seaworthy-os/seaworthy/internal/strictjson"
	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/scanner"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
	"github.com/seaworthy-os/seaworthy/scanner/vuln"
)

// Facts resolves and inventories as Check does, but evaluates no policy.
func Facts(ctx context.Context, o CheckOptions) (*facts.Facts, error) {
	o.Progress.begin(Resolve)
	r, err := o.sources(ctx)
	if err != nil {
		return nil, err
	}
	defer r.Store.Close()
	scan := scanner.New(o.scanner())
	defer scan.Close()
	o.Progress.begin(Inventory)
	if err := inventory(ctx, r.Resolved, scan, r.OS.Components, true, o); err != nil {
		return nil, err
	}
	return o.facts(ctx, r, scan)
}

// facts returns the facts of the scanner, completed with those that only the caller
// knows.
func (o CheckOptions) facts(ctx context.Context, r *resolved, scan *scanner.Scanner) (*facts.Facts, error) {
	f, err := scan.Facts(ctx, r.OS)
	if err != nil {
		return nil, err
	}
	o.addBuildContext(r, f)
	for _, c := range f.Components {
		if n := len(c.Files.LeftOut); n > 0 {
			o.Progress.say(Inventory, fmt.Sprintf("note: %s: device nodes of the image are ignored; a container only has the nodes of its own /dev and of `devices`: %s", c.ID, strings.Join(c.Files.LeftOut[:min(n, 5)], ", ")))
		}
	}
	if err := vuln.Match(ctx, f, o.vulnerabilities()); err != nil {
		return nil, err
	}
	return f, nil
}

// vulnerabilities returns the options of the matching. It uses the same date as the
// waivers.
func (o CheckOptions) vulnerabilities() vuln.Options {
	v := o.Vulnerabilities
	v.Now = o.Policy.Now
	return v
}

// CheckFacts decides from stored facts. The decision is the one that Check makes for
// the system of the facts. name is the name of the facts in errors. Of the options,
// only those for policy, vulnerabilities and progress are used.
func CheckFacts(ctx context.Context, r io.Reader, name string, o CheckOptions) (*decision.Decision, error) {
	o.Progress.begin(Resolve)
	judge, policyErr := o.prepare(ctx)
	f, err := decodeFacts(r, name)
	if err := errors.Join(err, policyErr); err != nil {
		return nil, err
	}
	if err := vuln.Match(ctx, f, o.vulnerabilities()); err != nil {
		return nil, err
	}
	return o.judge(ctx, f, judge)
}

// maxDecision limits the size of a decision.json, in bytes.
const maxDecision = 64 << 20

// ReadDecision reads a decision.json. A malformed file or another schema version is
// an ErrInput.
func ReadDecision(path string) (*decision.Decision, error) {
	const next = "write a decision with seaworthy check or build: --report json=FILE"
	raw, err := bounded.ReadFile(path, maxDecision)
	if err != nil {
		return nil, system.NotRead(path, err).Suggest("%s", next)
	}
	var d decision.Decision
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	err = strictjson.CheckFor(raw, &d)
	if err == nil {
		err = dec.Decode(&d)
	}
	if err != nil {
		at := dec.InputOffset()
		if place := (*strictjson.Error)(nil); errors.As(err, &place) {
			at = place.Offset
		}
		if syn := (*json.SyntaxError)(nil); errors.As(err, &syn) {
			at = syn.Offset - 1
		}
		return nil, system.BadInput("not a decision.json").At(system.PositionOf(path, raw, at)).Because(err).Suggest("%s", next)
	}
	if d.SchemaVersion != decision.SchemaVersion {
		return nil, system.BadInput("schemaVersion is %d, but this program reads version %d", d.SchemaVersion, decision.SchemaVersion).At(system.Position{File: path}).
			Suggest("make a new decision: seaworthy check")
	}
	return &d, nil
}

// decodeFacts reads stored facts. name is their name in errors.
func decodeFacts(r io.Reader, name string) (*facts.Facts, error) {
	f, err := facts.Decode(r)
	if err == nil {
		return f, nil
	}
	const next = "print new facts: seaworthy facts OS.yml (facts of another version cannot be used; docs/facts.schema.json describes the format)"
	if at := (*facts.PlaceError)(nil); errors.As(err, &at) {
		return nil, system.BadInput("not valid facts: %s", at.What).At(system.Position{File: name, Line: at.Line, Column: at.Column}).Suggest("%s", next)
	}
	return nil, system.BadInput("%s does not contain facts", name).Because(err).Suggest("%s", next)
}

// CheckKernel decides about a kernel without a system. It evaluates the rules that
// need only the configuration, the command line and the sysctls, as far as these are
// given. Of the options, only those for policy and progress are used.
func CheckKernel(ctx context.Context, k scanner.KernelInput, o CheckOptions) (*decision.Decision, error) {
	o.Progress.begin(Inventory)
	f, err := scanner.KernelFacts(k)
	if err == nil {
		o.Policy.Scope = f.Scope
	}
	judge, policyErr := o.prepare(ctx)
	if err := errors.Join(err, policyErr); err != nil {
		return nil, err
	}
	return o.judge(ctx, f, judge)
}
