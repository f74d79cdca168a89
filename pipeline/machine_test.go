package pipeline

import (
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/attest/verify"
	"github.com/seaworthy-os/seaworthy/builder/image"
)

// The files of kernel+initrd are a part of those of kernel+squashfs, but there the
// initrd is only a loader: it must not boot without its disk.
func TestBuiltFormats(t *testing.T) {
	t.Parallel()
	for files, want := range map[string]string{
		"-kernel -initrd.img -cmdline":                               "kernel+initrd",
		"-kernel -initrd.img -cmdline -squashfs.img":                 "kernel+squashfs",
		"-kernel -initrd.img -cmdline -efi.img .tar":                 "kernel+initrd raw-efi",
		"-kernel -initrd.img -cmdline -squashfs.img -efi-verity.img": "kernel+squashfs raw-efi-verity",
		"-kernel -cmdline .tar":                                      "",
	} {
		r := &verify.Result{Name: "os"}
		for ending := range strings.FieldsSeq(files) {
			r.Files = append(r.Files, verify.File{Name: "os" + ending})
		}
		var got []string
		for _, f := range builtFormats(r, image.Formats(image.Bootable)) {
			got = append(got, f.Name)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %q, want %q", files, got, want)
		}
	}
	if _, err := machineFormat(&verify.Result{Name: "os", Files: []verify.File{{Name: "os-kernel"}, {Name: "os-initrd.img"}, {Name: "os-cmdline"}, {Name: "os-squashfs.img"}}}, "kernel+initrd", false); err == nil {
		t.Error("the loader boots without its disk")
	}
}
