package pipeline

import (
	"errors"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// Place writes a folder as a build does: write gets a temporary folder next to
// target, which is renamed into place if write returns no error. An existing
// target is replaced only if a build or Place wrote it.
func Place(target string, write func(dir string) error) error {
	if err := replaceable(target); err != nil {
		if e := (*system.Error)(nil); errors.As(err, &e) && e.Next != "" {
			return system.BadInput("%s", e.What).Suggest("give another folder, or remove this one")
		}
		return err
	}
	out, err := newOutput(target)
	if err != nil {
		return err
	}
	defer out.discard()
	if err := write(out.dir); err != nil {
		return err
	}
	return out.place()
}
