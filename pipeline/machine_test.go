package pipeline

import (
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/attest/verify"
	"github.com/seaworthy-os/seaworthy/builder/image"
)

// Formats can have the same files: the provenance says which ones were built.
func TestBuiltFormats(t *testing.T) {
	t.Parallel()
	const disks = "-kernel -initrd.img -cmdline -squashfs.img -efi.img -efi-verity.img .efi .iso .tar"
	for _, c := range []struct{ built, files, want string }{
		{"kernel+initrd", disks, "kernel+initrd"},
		{"kernel+squashfs", disks, "kernel+squashfs"},
		{"kernel+initrd iso-bios", disks, "iso-bios kernel+initrd"},
		{"kernel+iso", disks, "kernel+iso"},
		{"uki raw-efi tar", disks, "raw-efi uki"},
		{"kernel+initrd raw-efi", "-efi.img", "raw-efi"}, // one file of the image
		{"tar", disks, ""},
	} {
		r := &verify.Result{Name: "os", Formats: strings.Fields(c.built)}
		for ending := range strings.FieldsSeq(c.files) {
			r.Files = append(r.Files, verify.File{Name: "os" + ending})
		}
		var got []string
		for _, f := range builtFormats(r, image.Formats(image.Bootable)) {
			got = append(got, f.Name)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %q, want %q", c.built, got, c.want)
		}
	}
	if _, err := machineFormat(&verify.Result{Name: "os", Formats: []string{"kernel+squashfs"}, Files: []verify.File{{Name: "os-kernel"}, {Name: "os-initrd.img"}, {Name: "os-cmdline"}, {Name: "os-squashfs.img"}}}, "kernel+initrd", false); err == nil {
		t.Error("the loader boots without its disk")
	}
}
