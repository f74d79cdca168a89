package main

import (
	"context"
	"crypto"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"time"

	"github.com/seaworthy-os/seaworthy/attest"
	"github.com/seaworthy-os/seaworthy/attest/verify"
	"github.com/seaworthy-os/seaworthy/bench/measure"
	"github.com/seaworthy-os/seaworthy/builder"
	"github.com/seaworthy-os/seaworthy/pipeline"
	"github.com/seaworthy-os/seaworthy/policy"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// stepsVerb is the argument with which this program starts itself.
const stepsVerb = "measure-steps"

// job says what one process measures.
type job struct {
	Verb                                string
	System, Components, Policy, Waivers string
	Output, Key, Public                 string
}

// measureSteps does a job and prints its steps as JSON.
func measureSteps(args []string, out io.Writer) error {
	var j job
	if len(args) != 1 {
		return errors.New("want one job")
	}
	if err := json.Unmarshal([]byte(args[0]), &j); err != nil {
		return err
	}
	do := map[string]func() ([]measure.Row, error){"check": j.check, "build": j.build, "verify": j.verify}[j.Verb]
	if do == nil {
		return fmt.Errorf("unknown job %q", j.Verb)
	}
	rows, err := do()
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(rows)
}

func (j *job) options(progress pipeline.Progress) pipeline.CheckOptions {
	return pipeline.CheckOptions{
		Resolve: builder.Options{Files: []string{j.System}, Arch: runtime.GOARCH, Components: []string{j.Components},
			Offline: true, Locked: true, Jobs: runtime.NumCPU()},
		Policy: policy.Options{Policy: j.Policy, Waivers: j.Waivers, Now: time.Now().UTC(), Tool: decision.Tool{Name: "seaworthy", Version: "bench"}},
		Time:   time.Unix(0, 0).UTC(), Progress: progress,
	}
}

// check measures the steps that a build does not have, or runs together with others.
func (j *job) check() ([]measure.Row, error) {
	var w watch
	_, err := pipeline.Check(context.Background(), j.options(w.progress))
	return w.only(pipeline.Resolve, pipeline.Inventory), err
}

func (j *job) build() ([]measure.Row, error) {
	var w watch
	w.begin("key")
	signer, err := attest.LoadSigner(j.Key, func() ([]byte, error) { return []byte(password), nil })
	if err != nil {
		return nil, err
	}
	built, err := pipeline.Build(context.Background(), pipeline.BuildOptions{CheckOptions: j.options(w.progress),
		Formats: []string{"kernel+initrd"}, OutputDir: j.Output, Signer: func() (attest.Signer, error) { return signer, nil }, Version: "bench"})
	if err != nil {
		return nil, err
	}
	if built.Denied {
		return nil, fmt.Errorf("%s is denied by %s: nothing to measure", j.System, j.Policy)
	}
	return w.only("key", pipeline.Assemble, pipeline.Decide, pipeline.Seal), nil
}

func (j *job) verify() ([]measure.Row, error) {
	var w watch
	w.begin("verify")
	key, err := verify.LoadKey(j.Public)
	if err != nil {
		return nil, err
	}
	v, err := verify.New(verify.Policy{Keys: []crypto.PublicKey{key}, Now: time.Now().UTC()})
	if err != nil {
		return nil, err
	}
	r, err := v.Dir(j.Output)
	if err != nil {
		return nil, err
	}
	return w.only("verify"), r.Close()
}

// watch splits the time of a process into steps.
type watch struct {
	rows []measure.Row
	span measure.Span
	name pipeline.Step
}

// progress is a pipeline.Progress. A step begins with an empty detail.
func (w *watch) progress(s pipeline.Step, detail string) {
	if detail == "" {
		w.begin(s)
	}
}

func (w *watch) begin(s pipeline.Step) {
	w.end()
	w.name, w.span = s, measure.Begin()
}

func (w *watch) end() {
	if w.name != "" {
		w.rows = append(w.rows, measure.Row{Name: string(w.name), Sample: w.span.End()})
	}
	w.name = ""
}

// only ends the last step and returns the rows of the given steps.
func (w *watch) only(steps ...pipeline.Step) []measure.Row {
	w.end()
	var out []measure.Row
	for _, s := range steps {
		for _, r := range w.rows {
			if r.Name == string(s) {
				out = append(out, r)
			}
		}
	}
	return out
}
