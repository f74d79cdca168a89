package image

import (
	"archive/tar"
	"io"
)

// tarKernelInitrdFormat puts the files of kernel+initrd into one tar: kernel,
// initrd.img and cmdline.
var tarKernelInitrdFormat = Format{Name: "tar-kernel-initrd", Files: []string{"-initrd.tar"}, NeedsKernel: true,
	from: "kernel+initrd", stream: bundleKernelInitrd}

func bundleKernelInitrd(w io.Writer, b Base, o Options) error {
	tw := tar.NewWriter(w)
	for _, f := range []struct{ name, ending string }{{"kernel", KernelEnding}, {"initrd.img", InitrdEnding}, {"cmdline", CmdlineEnding}} {
		if err := tarFile(tw, f.name, b, f.ending, o); err != nil {
			return err
		}
	}
	return tw.Close()
}

// tarFile adds a file of the base.
func tarFile(tw *tar.Writer, name string, b Base, ending string, o Options) error {
	content, err := b.content(ending)
	if err != nil {
		return err
	}
	return tarEntry(tw, name, content.Reader(), content.Size(), o)
}

// tarEntry adds a file of root with mode 0644.
func tarEntry(tw *tar.Writer, name string, r io.Reader, size int64, o Options) error {
	h := &tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: size, ModTime: o.Time}
	if err := tw.WriteHeader(h); err != nil {
		return err
	}
	_, err := io.Copy(tw, r)
	return err
}
