package component

import (
	"errors"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// Join joins the errors of Find or Pass for several images, in order. Errors with
// the same cause, such as an unreachable registry, become one error. It has the
// place of the first image, and lists the other images with their places.
func Join(errs []error) error {
	var out []error
	groups := map[string]*several{}
	for _, err := range errs {
		e, ok := err.(*system.Error) //nolint:errorlint // only errors that stand by themselves are put together
		if !ok || e.Err == nil {
			out = append(out, err)
			continue
		}
		key := e.Kind.Error() + "\x00" + e.Next + "\x00" + e.Err.Error()
		if g := groups[key]; g != nil {
			g.others = append(g.others, e)
			continue
		}
		g := &several{cause: e.Err}
		groups[key] = g
		one := *e
		one.Err = g
		out = append(out, &one)
	}
	return errors.Join(out...)
}

// several is the cause of the errors of several images.
type several struct {
	cause  error
	others []*system.Error
}

func (s *several) Unwrap() error { return s.cause }

func (s *several) Error() string {
	var b strings.Builder
	b.WriteString(s.cause.Error())
	for _, e := range s.others {
		b.WriteString("\nalso for ")
		if e.Pos.File != "" {
			b.WriteString(e.Pos.String() + ": ")
		}
		b.WriteString(e.What)
	}
	return b.String()
}
