package verify

import (
	"errors"
	"fmt"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// ErrRefused holds for every error that says that an image is not to be
// believed; system.ErrMismatch holds for the same. An error without it means
// that the question could not be answered (system.ErrUnusable), or was not put
// well (system.ErrInput).
var ErrRefused = errors.New("image refused")

// Check names the step that refused.
type Check string

// The checks, in their order.
const (
	// CheckFolder: something is there that is no regular file, or no part of
	// the image.
	CheckFolder Check = "folder"
	// CheckSignature: the image is not signed, or a bundle is malformed or not
	// signed by a trusted key.
	CheckSignature Check = "signature"
	// CheckType: a statement is missing, or of another type than its name says.
	CheckType Check = "predicate-type"
	// CheckSubject: files are not those that were signed.
	CheckSubject Check = "subject"
	// CheckByproduct: a file beside the image's is not what the build wrote.
	CheckByproduct Check = "byproduct"
	// CheckContent: statements contradict each other or the folder.
	CheckContent Check = "content"
	// CheckPolicy: the image did not pass the policy that is required, its
	// waivers have expired, or its decision is too old.
	CheckPolicy Check = "policy"
	// CheckSystem: it is not the image that is meant.
	CheckSystem Check = "system"
	// CheckLayout: the OCI layout is not that of the image.
	CheckLayout Check = "layout"
	// CheckRebuilt: a second build differs.
	CheckRebuilt Check = "rebuilt"
)

// Refusal says which check refused what.
type Refusal struct {
	Check Check
	// Path is the file in the image's folder that it is about, "" for the
	// whole.
	Path  string
	cause *system.Error
}

func (r *Refusal) Error() string { return r.cause.Error() }

// Unwrap gives the *system.Error, of kind system.ErrMismatch.
func (r *Refusal) Unwrap() error { return r.cause }

// Is holds for ErrRefused.
func (r *Refusal) Is(target error) bool { return target == ErrRefused }

// What to do next, by check.
var next = map[Check]string{
	CheckFolder:    "keep nothing but the image in its folder; fetch or build it again",
	CheckSignature: "do not boot it: fetch or build the image again",
	CheckType:      "build the image again; its seal is not whole",
	CheckSubject:   "do not boot it: fetch or build the image again",
	CheckByproduct: "do not trust this folder: fetch or build the image again",
	CheckContent:   "build the image again; its statements do not belong together",
	CheckPolicy:    "build it again with a policy that it passes, or ask for a weaker one",
	CheckLayout:    "fetch or build the image again",
}

// refuse makes a Refusal with the check's usual next step.
func refuse(check Check, path, format string, args ...any) error {
	return refuseNext(next[check], check, path, format, args...)
}

func refuseNext(next string, check Check, path, format string, args ...any) error {
	what := fmt.Sprintf(format, args...)
	if path != "" {
		what = path + ": " + what
	}
	return &Refusal{Check: check, Path: path, cause: system.Mismatch("%s", what).Suggest("%s", next)}
}
