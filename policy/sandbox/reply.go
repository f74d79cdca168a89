package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/words"
)

// reply is what a guest's process writes: an answer, errors, or both.
type reply[R any] struct {
	Answer *Answer[R]   `json:"answer,omitempty"`
	Errors []replyError `json:"errors,omitempty"`
}

// replyError is a *system.Error.
type replyError struct {
	Kind string          `json:"kind"`
	Pos  system.Position `json:"pos"`
	What string          `json:"what"`
	Next string          `json:"next,omitempty"`
	Err  string          `json:"err,omitempty"`
}

var replyKinds = map[string]error{"input": system.ErrInput, "unusable": system.ErrUnusable, "mismatch": system.ErrMismatch}

// encodeReply writes an answer and errors within the bounds on both.
func encodeReply[W Work, R any](j Job[W], a *Answer[R], err error) ([]byte, error) {
	r := reply[R]{Answer: a, Errors: replyErrors(j, err)}
	if more := len(r.Errors) - maxErrors; more > 0 {
		r.Errors = append(r.Errors[:maxErrors], replyError{Kind: r.Errors[maxErrors].Kind, What: fmt.Sprintf("policy %q: %d more errors", j.Name, more)})
	}
	raw, err := json.Marshal(r)
	if err == nil && len(raw) > maxAnswer {
		e := system.Unusable("the answer of policy %q has more than %d MiB", j.Name, maxAnswer>>20).Suggest("look for a rule that fires too often")
		raw, err = json.Marshal(reply[R]{Errors: replyErrors(j, e)})
	}
	if err != nil {
		return nil, system.Unusable("answer").Because(err)
	}
	return raw, nil
}

// replyErrors splits an error into parts that can be sent. A policy chooses the
// names in its errors, so the texts are cut.
func replyErrors[W Work](j Job[W], err error) []replyError {
	if err == nil {
		return nil
	}
	for _, cause := range []error{errMemory, errBudget} {
		if errors.Is(err, cause) {
			err = j.stopped(cause)
		}
	}
	se, ok := err.(*system.Error) //nolint:errorlint // only joined errors are split
	if !ok {
		if joined, ok := err.(interface{ Unwrap() []error }); ok {
			var out []replyError
			for _, e := range joined.Unwrap() {
				out = append(out, replyErrors(j, e)...)
			}
			return out
		}
		return []replyError{{Kind: "unusable", What: words.Cut(err.Error(), maxErrorText)}}
	}
	out := replyError{Kind: "unusable", Pos: se.Pos, What: words.Cut(se.What, maxErrorText), Next: words.Cut(se.Next, maxErrorText)}
	for name, kind := range replyKinds {
		if errors.Is(se, kind) {
			out.Kind = name
		}
	}
	if se.Err != nil {
		out.Err = words.Cut(se.Err.Error(), maxErrorText)
	}
	return []replyError{out}
}

// joined creates errors from what was sent.
func joined(sent []replyError) error {
	var errs []error
	for _, e := range sent {
		se := &system.Error{Kind: replyKinds[e.Kind], Pos: e.Pos, What: e.What, Next: e.Next}
		if e.Err != "" {
			se.Err = errors.New(e.Err)
		}
		errs = append(errs, se)
	}
	return errors.Join(errs...)
}
