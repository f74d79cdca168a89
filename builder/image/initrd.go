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
// The initrd is one cpio archive. It is compressed stretch by stretch. Each
// stretch is one zstd frame, or one gzip member if the kernel cannot unpack
// zstd. The kernel, zstd and gzip all continue after the end of a frame. For
// the kernel, the archive needs no trailer there (unpack_to_rootfs in
// init/initramfs.c).
//
// The compression is known only after the kernel's image was read, when part of
// the first stretch is already written. Kernel then compresses that part again,
// if needed.
type kernelInitrd struct {
	o     Options
	files []string
	// out is the initrd. body is the file with the compressed stretches: out,
	// or an unlinked file that Close appends to out. The unlinked file is
	// needed if microcode comes first or if the compression changed. dst writes
	// to body.
	out  *os.File
	body *os.File
	dst  *output
	comp compressor
	cpio cpioWriter
	gzip bool
	// index holds the files of the current stretch by path. Hard links need the
	// offsets of their contents.
	index map[string]*archivedFile
	links []link
	// ids maps the device number of each part to the part's id. ino is the last
	// inode number that was used outside of parts.
	ids map[device]string
	ino uint32
}

// compressor is the common interface of the two compressions.
type compressor interface {
	io.WriteCloser
	Flush() error
}

// concurrency of the compression is fixed, because the bytes depend on it.
const concurrency = 2

// The endings of the files that a virtual machine boots.
const (
	KernelEnding  = "-kernel"
	InitrdEnding  = "-initrd.img"
	CmdlineEnding = "-cmdline"
)

// A cpio archive, and so an initrd, cannot store extended attributes.
var kernelInitrdFormat = Format{Name: "kernel+initrd", Files: []string{KernelEnding, InitrdEnding, CmdlineEnding},
	NeedsKernel: true, Machine: &Machine{Kernel: KernelEnding, Initrd: InitrdEnding, Cmdline: CmdlineEnding}, open: newKernelInitrd}

func newKernelInitrd(o Options) (writer, error) {
	name := o.Stem + InitrdEnding
	out, err := create(o, name)
	if err != nil {
		return nil, err
	}
	k := &kernelInitrd{o: o, out: out, body: out, files: []string{name},
		index: map[string]*archivedFile{}, ids: map[device]string{{}: "the files outside all parts"}}
	if o.Small {
		// Close compresses it again.
		if k.body, err = k.unlinkedFile(); err != nil {
			out.Close()
			return nil, err
		}
	}
	k.dst = newOutput(k.body, name, o)
	if k.comp, err = o.newZstd(k.dst); err != nil {
		k.dst.abort()
		k.body.Close()
		out.Close()
		return nil, err
	}
	k.cpio = cpioWriter{w: k.comp, mtime: uint32(o.Time.Unix())}
	return k, nil
}

// The windows of the compression. In small systems, programs and libraries often have
// the same contents in several components. A kernel needs this memory to unpack it.
const (
	thoroughWindow = 16 << 20
	fastWindow     = 1 << 20
)

// newZstd compresses large systems as fast as possible. The result is about as large
// as that of gzip -6.
func (o Options) newZstd(w io.Writer) (compressor, error) {
	level, window := zstd.SpeedFastest, fastWindow
	if o.Thorough {
		level, window = zstd.SpeedBetterCompression, thoroughWindow
	}
	return zstd.NewWriter(w, zstd.WithEncoderLevel(level), zstd.WithWindowSize(window), zstd.WithEncoderConcurrency(concurrency))
}

func newGzip(w io.Writer) (compressor, error) {
	gz := pgzip.NewWriter(w)
	return gz, gz.SetConcurrency(1<<20, concurrency)
}

// output is nil for a small initrd, which is compressed as a whole.
func (k *kernelInitrd) output() *output {
	if k.o.Small {
		return nil
	}
	return k.dst
}

// startStretch ends the frame and starts the next one. A part must not depend
// on the entries before it. So each part has its own device number, and its
// inode numbers start from 1.
func (k *kernelInitrd) startStretch(id, key string) error {
	if err := k.endFrame(); err != nil {
		return err
	}
	if k.cpio.dev == (device{}) {
		k.ino = k.cpio.ino
	}
	if key == "" {
		k.cpio.dev, k.cpio.ino = device{}, k.ino
		k.dst.startStretch("")
		return nil
	}
	dev := deviceOf(id)
	if other, ok := k.ids[dev]; ok {
		return fmt.Errorf("would have the same device number as %s: use another name", other)
	}
	k.ids[dev] = id
	k.cpio.dev, k.cpio.ino = dev, 0
	switch {
	case k.gzip:
		key += " gzip"
	case k.o.Thorough:
		key += " thorough"
	default:
		key += " fast"
	}
	k.dst.startStretch(key)
	return nil
}

// deviceOf returns the device number of a part.
func deviceOf(id string) device {
	sum := sha256.Sum256([]byte(id))
	return device{binary.BigEndian.Uint32(sum[:]), binary.BigEndian.Uint32(sum[4:])}
}

// endFrame completes the current frame, unless it is empty.
func (k *kernelInitrd) endFrame() error {
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
		z.Reset(k.dst)
		return nil
	}
	var err error
	k.comp, err = newGzip(k.dst)
	k.cpio.w = k.comp
	return err
}

func (k *kernelInitrd) Entry(e *system.RootEntry) (io.WriteCloser, error) {
	switch e.Path {
	case "boot/kernel":
		return k.createBeside(KernelEnding)
	case "boot/cmdline":
		return k.createBeside(CmdlineEnding)
	case "boot/ucode.cpio":
		return k.microcode()
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
	k.index[e.Path] = &archivedFile{&e.Entry, k.cpio.pos}
	return content{&k.cpio}, nil
}

// createBeside creates an output file next to the initrd.
func (k *kernelInitrd) createBeside(suffix string) (io.WriteCloser, error) {
	f, err := create(k.o, k.o.Stem+suffix)
	if err != nil {
		return nil, err
	}
	k.files = append(k.files, k.o.Stem+suffix)
	return f, nil
}

// microcode returns the writer for the microcode. The microcode must be the
// first bytes of the initrd, and uncompressed.
func (k *kernelInitrd) microcode() (io.WriteCloser, error) {
	if k.body == k.out {
		if err := k.recompress(k.gzip); err != nil {
			return nil, err
		}
	}
	return system.NopCloser{Writer: k.out}, nil
}

// Kernel switches to gzip where the kernel cannot unpack zstd.
func (k *kernelInitrd) Kernel(kn Kernel) error {
	if k.o.Small {
		return canUnpackXZ(kn)
	}
	if kn.Zstd || k.gzip {
		return nil
	}
	return k.recompress(true)
}

// unlinkedFile creates a file in the output folder and removes its name.
func (k *kernelInitrd) unlinkedFile() (*os.File, error) {
	f, err := os.CreateTemp(k.o.Dir, ".initrd-*")
	if err != nil {
		return nil, err
	}
	return f, os.Remove(f.Name())
}

// recompress moves the data so far to an unlinked file and compresses it again,
// as gzip or zstd. The following data goes to the same file. It is an error if
// a part has already started.
func (k *kernelInitrd) recompress(gz bool) error {
	if len(k.dst.done) > 0 || k.dst.key != "" {
		return errors.New("the kernel must come before all parts")
	}
	r, err := k.readBack()
	if err != nil {
		return err
	}
	defer r.Close()
	dst, err := k.unlinkedFile()
	if err != nil {
		return err
	}
	to := k.dst.restartIn(dst)
	comp, err := k.o.newZstd(to)
	if gz {
		comp, err = newGzip(to)
	}
	if err == nil {
		if _, err = io.CopyN(comp, r, k.cpio.pos); err != nil {
			err = fmt.Errorf("compressing again: %w", err)
		}
	}
	if err != nil {
		_, cerr := to.to.Close()
		return errors.Join(err, cerr, dst.Close())
	}
	k.comp.Close() // its output is no longer wanted
	_, _ = k.dst.to.Close()
	if k.body != k.out {
		k.body.Close()
	} else if err := truncate(k.out); err != nil {
		return err
	}
	k.body, k.dst, k.comp, k.gzip = dst, to, comp, gz
	k.cpio.w = comp
	return nil
}

// truncate makes f empty.
func truncate(f *os.File) error {
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err := f.Seek(0, io.SeekStart)
	return err
}

// readBack returns the uncompressed data of the current frame so far.
func (k *kernelInitrd) readBack() (io.ReadCloser, error) {
	if err := k.comp.Flush(); err != nil {
		return nil, err
	}
	if err := k.dst.to.Flush(); err != nil {
		return nil, err
	}
	raw := io.NewSectionReader(k.body, k.dst.start, 1<<62)
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
	prefix := int64(0)
	if k.body != k.out {
		var err error
		if prefix, err = k.out.Seek(0, io.SeekCurrent); err != nil {
			return nil, err
		}
	}
	if err := k.dst.close(prefix); err != nil {
		return nil, err
	}
	if k.body == k.out {
		return k.files, k.out.Close()
	}
	if _, err := k.body.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	if k.o.Small {
		return k.files, errors.Join(k.shrink(), k.body.Close(), k.out.Close())
	}
	_, err := io.Copy(k.out, k.body)
	return k.files, errors.Join(err, k.body.Close(), k.out.Close())
}

func (k *kernelInitrd) Abort() {
	k.comp.Close()
	k.dst.abort()
	if k.body != k.out {
		k.body.Close()
	}
	k.out.Close()
}
