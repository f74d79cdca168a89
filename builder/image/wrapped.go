package image

import (
	"errors"
	"io"

	"github.com/seaworthy-os/seaworthy/builder/image/wrap"
)

// wrapped is a format that holds the disk of another format, raw: one file with
// this ending.
func wrapped(name, raw, rawEnding, ending string, machine *Machine, arches []string, write func(io.WriterAt, wrap.Disk, Options) error) Format {
	return Format{Name: name, Files: []string{ending}, NeedsKernel: true, Arches: arches, from: raw, Machine: machine,
		derive: func(b Base, o Options) (_ []string, err error) {
			in, size, err := b.Open(rawEnding)
			if err != nil {
				return nil, err
			}
			defer in.Close()
			out, err := create(o, o.Stem+ending)
			if err != nil {
				return nil, err
			}
			defer func() { err = errors.Join(err, out.Close()) }()
			return []string{o.Stem + ending}, write(out, wrap.Disk{ReaderAt: in, Size: size}, o)
		}}
}

var qcow2EFIFormat = wrapped("qcow2-efi", "raw-efi", rawEFIEnding, "-efi.qcow2", &Machine{Disk: "-efi.qcow2", DiskFormat: "qcow2", EFI: true}, efi,
	func(w io.WriterAt, d wrap.Disk, _ Options) error { return wrap.QCOW2(w, d) })
