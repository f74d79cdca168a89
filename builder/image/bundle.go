package image

import (
	"archive/tar"
	"errors"
	"io"
	"os"
	"time"
)

// tarKernelInitrdFormat puts the files of kernel+initrd into one tar: kernel,
// initrd.img and cmdline.
var tarKernelInitrdFormat = Format{Name: "tar-kernel-initrd", Files: []string{"-initrd.tar"}, NeedsKernel: true,
	from: "kernel+initrd", derive: bundleKernelInitrd}

func bundleKernelInitrd(b Base, o Options) (_ []string, err error) {
	name := o.Stem + "-initrd.tar"
	out, err := create(o, name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	tw := tar.NewWriter(out)
	for _, f := range []struct{ name, ending string }{{"kernel", KernelEnding}, {"initrd.img", InitrdEnding}, {"cmdline", CmdlineEnding}} {
		in, size, err := b.Open(f.ending)
		if err != nil {
			return nil, err
		}
		if err := tarFile(tw, f.name, in, size, o.Time); err != nil {
			return nil, err
		}
	}
	return []string{name}, tw.Close()
}

// tarFile adds a file of root with mode 0644, and closes it.
func tarFile(tw *tar.Writer, name string, f *os.File, size int64, t time.Time) error {
	defer f.Close()
	h := &tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: size, ModTime: t}
	if err := tw.WriteHeader(h); err != nil {
		return err
	}
	_, err := io.Copy(tw, f)
	return err
}
