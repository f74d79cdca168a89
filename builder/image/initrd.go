package image

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/klauspost/pgzip"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// kernelInitrd writes NAME-kernel, NAME-initrd.img and NAME-cmdline.
//
// The initrd is one cpio archive, compressed stretch by stretch: each is a zstd
// frame of its own, or a gzip member where the kernel cannot unpack zstd. The
// kernel goes on unpacking where one ends, without a trailer in between
// (unpack_to_rootfs in its init/initramfs.c), and so do zstd and gzip.
//
// Which compression it is becomes known only once the kernel's image was read, a
// little into the first stretch; what was written by then is compressed again.
type kernelInitrd struct {
	o     Options
	files []string
	// out is the initrd. body is out, or an unlinked file that Close appends
	// to it: where microcode comes first, or the compression changed. to writes
	// to body.
	out  *os.File
	body *os.File
	to   *output
	comp compressor
	cpio cpioWriter
	gzip bool
	// index holds each file of the stretch in work, and where its content lies
	// in that, for hard links.
	index map[string]*written
	links []link
	// ids are those of the parts by their devices, ino is the last number that
	// was given outside of parts.
	ids map[device]string
	ino uint32
}

// compressor is what the two compressions have in common.
type compressor interface {
	io.WriteCloser
	Flush() error
}

// concurrency of compression is fixed, so that the bytes do not depend on the
// machine.
const concurrency = 2

// The endings of the files that boot.
const (
	KernelEnding  = "-kernel"
	InitrdEnding  = "-initrd.img"
	CmdlineEnding = "-cmdline"
)

// A cpio archive, and so an initrd, has no room for extended attributes.
var kernelInitrdFormat = Format{Name: "kernel+initrd", Files: []string{KernelEnding, InitrdEnding, CmdlineEnding},
	NeedsKernel: true, Bootable: true, open: newKernelInitrd}

func newKernelInitrd(o Options) (writer, error) {
	name := o.Stem + InitrdEnding
	out, err := create(o, name)
	if err != nil {
		return nil, err
	}
	k := &kernelInitrd{o: o, out: out, body: out, to: newOutput(out, name, o), files: []string{name},
		index: map[string]*written{}, ids: map[device]string{{}: "the files outside all parts"}}
	if k.comp, err = newZstd(k.to); err != nil {
		k.to.free()
		out.Close()
		return nil, err
	}
	k.cpio = cpioWriter{w: k.comp, mtime: uint32(o.Time.Unix())}
	return k, nil
}

func newZstd(w io.Writer) (compressor, error) {
	return zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedDefault), zstd.WithEncoderConcurrency(concurrency))
}

func newGzip(w io.Writer) (compressor, error) {
	gz := pgzip.NewWriter(w)
	return gz, gz.SetConcurrency(1<<20, concurrency)
}

func (k *kernelInitrd) output() *output { return k.to }

// begin ends the frame and begins another. A part must not depend on what comes
// before it: its files count from one, on a device of its own.
func (k *kernelInitrd) begin(id, key string) error {
	if err := k.end(); err != nil {
		return err
	}
	if k.cpio.dev == (device{}) {
		k.ino = k.cpio.ino
	}
	if key == "" {
		k.cpio.dev, k.cpio.ino = device{}, k.ino
		k.to.next("")
		return nil
	}
	dev := deviceOf(id)
	if other, ok := k.ids[dev]; ok {
		return fmt.Errorf("would have the same device number as %s: use another name", other)
	}
	k.ids[dev] = id
	k.cpio.dev, k.cpio.ino = dev, 0
	if k.gzip {
		key += " gzip"
	}
	k.to.next(key)
	return nil
}

// deviceOf is the device of a part.
func deviceOf(id string) device {
	sum := sha256.Sum256([]byte(id))
	return device{binary.BigEndian.Uint32(sum[:]), binary.BigEndian.Uint32(sum[4:])}
}

// end completes the frame in work, if there is something in it.
func (k *kernelInitrd) end() error {
	if err := k.writeLinks(); err != nil {
		return err
	}
	clear(k.index)
	if k.cpio.pos == 0 {
		return nil
	}
	k.cpio.pos = 0
	if err := k.comp.Close(); err != nil {
		return err
	}
	if z, ok := k.comp.(*zstd.Encoder); ok {
		z.Reset(k.to)
		return nil
	}
	var err error
	k.comp, err = newGzip(k.to)
	k.cpio.w = k.comp
	return err
}

func (k *kernelInitrd) Entry(e *system.RootEntry) (io.WriteCloser, error) {
	switch e.Path {
	case "boot/kernel":
		return k.beside(KernelEnding)
	case "boot/cmdline":
		return k.beside(CmdlineEnding)
	case "boot/ucode.cpio":
		return k.prefix()
	}
	if e.Type == system.TypeHardlink {
		target := k.index[e.Link]
		if target == nil {
			return nil, fmt.Errorf("hard link to /%s, which is not a file of the initrd", e.Link)
		}
		k.links = append(k.links, link{path: e.Path, target: target})
		return nil, nil
	}
	nlink := uint32(1)
	if e.Type == system.TypeDir {
		nlink = 2
	}
	if err := k.cpio.header(&e.Entry, 0, nlink); err != nil {
		return nil, err
	}
	if e.Type != system.TypeFile {
		return nil, nil
	}
	k.index[e.Path] = &written{&e.Entry, k.cpio.pos}
	return content{&k.cpio}, nil
}

// beside opens a file next to the initrd.
func (k *kernelInitrd) beside(suffix string) (io.WriteCloser, error) {
	f, err := create(k.o, k.o.Stem+suffix)
	if err != nil {
		return nil, err
	}
	k.files = append(k.files, k.o.Stem+suffix)
	return f, nil
}

// prefix takes the microcode, which must be the initrd's first bytes and
// uncompressed.
func (k *kernelInitrd) prefix() (io.WriteCloser, error) {
	if err := k.recompress(k.gzip); err != nil {
		return nil, err
	}
	return nopCloser{k.out}, nil
}

// Kernel switches to gzip where the kernel cannot unpack zstd.
func (k *kernelInitrd) Kernel(kn Kernel) error {
	if kn.Zstd || k.gzip {
		return nil
	}
	return k.recompress(true)
}

// temp makes an unlinked file beside the outputs.
func (k *kernelInitrd) temp() (*os.File, error) {
	f, err := os.CreateTemp(k.o.Dir, ".initrd-*")
	if err != nil {
		return nil, err
	}
	return f, os.Remove(f.Name())
}

// recompress moves what was written to an unlinked file, as gzip or zstd, and
// goes on there. Parts come later.
func (k *kernelInitrd) recompress(gz bool) error {
	if len(k.to.done) > 0 || k.to.key != "" {
		return errors.New("the kernel must come before all parts")
	}
	r, err := k.written()
	if err != nil {
		return err
	}
	defer r.Close()
	dst, err := k.temp()
	if err != nil {
		return err
	}
	to := k.to.elsewhere(dst)
	comp, err := newZstd(to)
	if gz {
		comp, err = newGzip(to)
	}
	if err != nil {
		return err
	}
	if _, err := io.CopyN(comp, r, k.cpio.pos); err != nil {
		return fmt.Errorf("compressing again: %w", err)
	}
	k.comp.Close() // its output is no longer wanted
	if k.body != k.out {
		k.body.Close()
	} else if err := rewind(k.out); err != nil {
		return err
	}
	k.body, k.to, k.comp, k.gzip = dst, to, comp, gz
	k.cpio.w = comp
	return nil
}

// rewind empties f.
func rewind(f *os.File) error {
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err := f.Seek(0, io.SeekStart)
	return err
}

// written reads back the frame in work up to here, decompressed.
func (k *kernelInitrd) written() (io.ReadCloser, error) {
	if err := k.comp.Flush(); err != nil {
		return nil, err
	}
	if err := k.to.buf.Flush(); err != nil {
		return nil, err
	}
	raw := io.NewSectionReader(k.body, k.to.begun, 1<<62)
	if k.gzip {
		return gzip.NewReader(raw)
	}
	d, err := zstd.NewReader(raw, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return nil, err
	}
	return d.IOReadCloser(), nil
}

func (k *kernelInitrd) Close() ([]string, error) {
	if err := k.writeLinks(); err != nil {
		return nil, err
	}
	if err := k.cpio.trailer(); err != nil {
		return nil, err
	}
	if err := k.comp.Close(); err != nil {
		return nil, err
	}
	first := int64(0)
	if k.body != k.out {
		var err error
		if first, err = k.out.Seek(0, io.SeekCurrent); err != nil {
			return nil, err
		}
	}
	if err := k.to.close(first); err != nil {
		return nil, err
	}
	if k.body == k.out {
		return k.files, k.out.Close()
	}
	if _, err := k.body.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	_, err := io.Copy(k.out, k.body)
	return k.files, errors.Join(err, k.body.Close(), k.out.Close())
}

func (k *kernelInitrd) Abort() {
	k.comp.Close()
	k.to.free()
	if k.body != k.out {
		k.body.Close()
	}
	k.out.Close()
}
