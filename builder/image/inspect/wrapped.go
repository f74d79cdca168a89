package inspect

import (
	"io"

	"github.com/seaworthy-os/seaworthy/builder/image/unwrap"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

// wrappedKinds are disk images of hypervisors.
var wrappedKinds = []kind{
	{"qcow2", "QEMU disk image (qcow2)", func(c *content) bool { return c.at(0, "QFI\xfb") }, describeWrapped},
	{"vhdx", "Hyper-V disk image (VHDX)", func(c *content) bool { return c.at(0, "vhdxfile") }, describeWrapped},
	{"vmdk", "VMware disk image (VMDK)", func(c *content) bool { return c.at(0, "KDMV") || c.at(0, "# Disk DescriptorFile") }, describeWrapped},
	{"vhd", "Virtual PC disk image (VHD)", isVHD, describeWrapped},
}

func isVHD(c *content) bool {
	if c.at(0, "conectix") {
		return true
	}
	b, err := read(c, c.Size()-512, 8)
	return err == nil && string(b) == "conectix"
}

func describeWrapped(w *walker, it *Item, s *io.SectionReader) {
	d, err := unwrap.Open(s, s.Size())
	if d != nil {
		it.About, it.DiskSize = d.Variant, d.Size
	}
	if err != nil {
		it.problem("%s", explained(err))
		return
	}
	w.inside(it, "", io.NewSectionReader(d, 0, d.Size))
}

// explained is an error with its next step.
func explained(err error) string {
	e, ok := err.(*system.Error) //nolint:errorlint // only the outermost error has the next step
	if ok && e.Next != "" {
		return e.Error() + "; " + e.Next
	}
	return err.Error()
}
