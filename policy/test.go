package policy

import (
	"context"
	"io"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/policy/engine"
	"github.com/seaworthy-os/seaworthy/policy/sandbox"
)

// Test runs the tests (*_test.rego) of the built-in rules, or of the one folder or
// bundle in the options, in the sandbox of the rules. It prints results like `opa test`.
// It is an error if a test fails, or if there is none.
func Test(ctx context.Context, o Options, w io.Writer) error {
	library, err := linked()
	if err != nil {
		return err
	}
	return library.test(ctx, o, w)
}

func (l *library) test(ctx context.Context, o Options, w io.Writer) error {
	sources, err := o.sources()
	if err != nil {
		return err
	}
	if len(sources) > 1 {
		return system.BadInput("%d policies are named, but only one can be tested", len(sources)).Suggest("name one at a time")
	}
	s := sources[0]
	if s.Bundle == nil && l.Packs[s.Name] != nil {
		return l.RunTests(ctx, w)
	}
	t, kind, base, err := folderOf(s, l.Packs)
	if err != nil {
		return err
	}
	a, err := l.host(o).Perform(ctx, engine.NewJob(sandbox.Test, s.Name, kind, base, t))
	if a != nil {
		if _, werr := io.WriteString(w, a.Result.Output); werr != nil {
			return system.Unusable("rule tests").Because(werr)
		}
	}
	return err
}
