package pipeline

import (
	"errors"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// A data partition needs a disk of its own, and a volume that can be written.
func TestDataPartitionIsPossible(t *testing.T) {
	t.Parallel()
	volume := func(name string, readOnly bool) []*system.Component {
		return []*system.Component{{Section: system.SectionVolumes, Name: name, ReadOnly: readOnly}}
	}
	for name, c := range map[string]struct {
		cmdline, format string
		volumes         []*system.Component
		want            string
	}{
		"good":             {"quiet seaworthy.data=store", "raw-efi-verity", volume("store", false), ""},
		"qcow2":            {"seaworthy.data=store", "qcow2-efi-verity", volume("store", false), ""},
		"not asked":        {"quiet", "kernel+initrd", nil, ""},
		"no disk":          {"seaworthy.data=store", "kernel+initrd", volume("store", false), "format kernel+initrd: seaworthy.data= asks for a data partition"},
		"a bare root":      {"seaworthy.data=store", "kernel+squashfs", volume("store", false), "use --format qcow2-efi-verity or raw-efi-verity"},
		"no volume":        {"seaworthy.data=store", "raw-efi-verity", volume("other", false), "seaworthy.data=store: the system has no volume"},
		"read-only volume": {"seaworthy.data=store", "raw-efi-verity", volume("store", true), "that can be written"},
		"no name":          {"seaworthy.data", "raw-efi-verity", volume("store", false), "seaworthy.data=: the system has no volume"},
	} {
		o := &system.OS{Name: "os", Arch: "amd64", Components: c.volumes}
		o.Kernel.Component, o.Kernel.Cmdline = &system.Component{Section: system.SectionKernel}, c.cmdline
		o.Kernel.Origin = system.Origin{File: "os.yml", Line: 3, Column: 5}
		err := bootable(o, []string{c.format})
		if c.want == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		var e *system.Error
		if !errors.Is(err, system.ErrInput) || !errors.As(err, &e) || !strings.Contains(e.What+e.Next, c.want) || e.Pos.Line != 3 {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
