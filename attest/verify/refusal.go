package verify

import (
	"errors"
	"fmt"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// ErrRefused matches every error that refuses an image; system.ErrMismatch
// matches the same errors. Any other error means that the verification could
// not be made (system.ErrUnusable), or that its input is malformed
// (system.ErrInput).
var ErrRefused = errors.New("image refused")

// Check is the name of the step that refused the image.
type Check string

// The checks, in their order.
const (
	// CheckFolder: the folder contains an entry that is not a regular file, or
	// a file that is not a part of the image.
	CheckFolder Check = "folder"
	// CheckSignature: the image is not signed, a bundle is malformed, or a
	// bundle is not signed by a trusted key.
	CheckSignature Check = "signature"
	// CheckType: a statement is missing, or its type does not match its name.
	CheckType Check = "predicate-type"
	// CheckSubject: a file differs from the file that was signed.
	CheckSubject Check = "subject"
	// CheckByproduct: another file of the folder differs from the file that the
	// build wrote.
	CheckByproduct Check = "byproduct"
	// CheckContent: statements contradict each other or the folder.
	CheckContent Check = "content"
	// CheckPolicy: the image did not pass the policy that is required, its
	// waivers have expired, or its decision is too old.
	CheckPolicy Check = "policy"
	// CheckSystem: the image is not the required one.
	CheckSystem Check = "system"
	// CheckLayout: the OCI layout does not match the image.
	CheckLayout Check = "layout"
	// CheckRebuilt: a second build differs.
	CheckRebuilt Check = "rebuilt"
)

// Refusal says which check refused the image, and why.
type Refusal struct {
	Check Check
	// Path is the file in the image's folder, "" if the refusal is about the
	// whole image.
	Path  string
	cause *system.Error
}

func (r *Refusal) Error() string { return r.cause.Error() }

// Unwrap returns the *system.Error, of kind system.ErrMismatch.
func (r *Refusal) Unwrap() error { return r.cause }

// Is matches ErrRefused.
func (r *Refusal) Is(target error) bool { return target == ErrRefused }

// next is the next step after a refusal, by check.
var next = map[Check]string{
	CheckFolder:    "remove everything that is not part of the image from its folder, or fetch or build the image again",
	CheckSignature: "do not boot it: fetch or build the image again",
	CheckType:      "fetch or build the image again: its seal is incomplete",
	CheckSubject:   "do not boot it: fetch or build the image again",
	CheckByproduct: "do not trust this folder: fetch or build the image again",
	CheckContent:   "fetch or build the image again: its statements contradict each other",
	CheckPolicy:    "build the image again with the required policy, or require a weaker one",
	CheckLayout:    "fetch or build the image again",
}

// refuse makes a Refusal with the usual next step of the check.
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
