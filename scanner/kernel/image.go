package kernel

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/klauspost/compress/zstd"

	"github.com/seaworthy-os/seaworthy/internal/lazyre"
)

const (
	// headerSize includes the setup code of a bzImage with its version text.
	headerSize = 64 << 10
	// maxKernel is the largest size of an unpacked kernel.
	maxKernel = 1 << 30
	// maxDict is the largest window of a compressed payload. The kernel's own
	// build uses at most 128 MiB (zstd -22).
	maxDict = 128 << 20
	// maxEmbedded is the largest compressed configuration inside a kernel.
	// maxTries is the highest number of marks without a configuration.
	maxEmbedded = 2 << 20
	maxTries    = 8
)

// image is what a kernel binary shows about itself.
type image struct {
	// format is bzImage, zboot, Image (arm64's), riscv (its Image), ELF or "".
	format string
	// header is the version text of a bzImage's header. banner is the first
	// line that the kernel prints: "6.1.0-41-cloud-amd64 (debian-kernel@...".
	header, banner string
	config         *parsed
	// size is the number of searched bytes, seen the marks that were found.
	size int64
	seen map[string]bool
	// setup is the boot header of a bzImage. pack is the compression of a
	// bzImage's or a zboot image's payload. efi: the file begins like an EFI
	// program.
	setup []byte
	pack  string
	efi   bool
	// wanted are more texts to search for.
	wanted []string
	// doubts are places where the kernel contradicts itself.
	doubts []string
}

// version is the kernel's release ("6.1.0-41-cloud-amd64"), "" if unknown.
func (i *image) version() string {
	for _, s := range []string{i.header, i.banner} {
		if f := strings.Fields(s); len(f) > 0 {
			return f[0]
		}
	}
	return ""
}

// readImage reads a kernel in any of the formats that boot, or vmlinux. A
// payload that cannot be unpacked is an error only if nothing else is known
// about the kernel. A file that is not a kernel gives an empty image. wanted
// are texts to search for, in addition to the marks.
func readImage(r io.Reader, wanted ...string) (*image, error) {
	head, whole, err := peek(r)
	if err != nil {
		return nil, err
	}
	img := &image{wanted: wanted, seen: map[string]bool{}}
	if at, size := linuxSection(head); at > 0 {
		if _, err := io.CopyN(io.Discard, whole, at); err != nil {
			return img, fmt.Errorf("the kernel is truncated: its section .linux would begin at byte %d", at)
		}
		if head, whole, err = peek(io.LimitReader(whole, size)); err != nil {
			return img, err
		}
	}
	n := len(head)
	switch {
	case n > 0x260 && string(head[0x202:0x206]) == "HdrS":
		return img, img.bzImage(head, whole)
	case n > 0x40 && string(head[:2]) == "MZ" && string(head[4:8]) == "zimg":
		img.format = "zboot"
		at := int64(binary.LittleEndian.Uint32(head[8:]))
		size := int64(binary.LittleEndian.Uint32(head[12:]))
		return img, img.payload(whole, at, size)
	case compression(head) != "":
		return img, img.unpack(whole)
	}
	return img, img.plain(whole)
}

// peek returns the beginning of a file, and a reader of the whole file.
func peek(r io.Reader) (head []byte, whole io.Reader, err error) {
	head = make([]byte, headerSize)
	n, err := io.ReadFull(r, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return nil, nil, err
	}
	return head[:n], io.MultiReader(bytes.NewReader(head[:n]), r), nil
}

// linuxSection is the place of the section .linux. A unified kernel image is an
// EFI program with the kernel in this section. size is 0 if there is none.
func linuxSection(head []byte) (at, size int64) {
	if len(head) < 0x40 || string(head[:2]) != "MZ" {
		return 0, 0
	}
	pe := int(binary.LittleEndian.Uint32(head[0x3c:]))
	if pe > len(head)-24 || string(head[pe:pe+4]) != "PE\x00\x00" {
		return 0, 0
	}
	sections := int(binary.LittleEndian.Uint16(head[pe+6:]))
	table := pe + 24 + int(binary.LittleEndian.Uint16(head[pe+20:]))
	for ; sections > 0 && table+40 <= len(head); sections, table = sections-1, table+40 {
		if s := head[table:]; string(s[:8]) == ".linux\x00\x00" {
			return int64(binary.LittleEndian.Uint32(s[20:])), int64(binary.LittleEndian.Uint32(s[16:]))
		}
	}
	return 0, 0
}

// plain searches an uncompressed kernel. The header of arm64 and riscv says how
// much of the file is loaded (Documentation/arch/arm64/booting.rst). The rest
// of the file is not part of the kernel.
func (i *image) plain(r io.Reader) error {
	head := make([]byte, 64)
	n, err := io.ReadFull(r, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return err
	}
	format := ""
	switch {
	case n == len(head) && string(head[0x38:0x3c]) == "ARM\x64":
		format = "Image"
	case n == len(head) && string(head[0x38:0x3c]) == "RSC\x05":
		format = "riscv"
	case bytes.HasPrefix(head, []byte("\x7fELF")):
		format = "ELF"
	}
	r = io.MultiReader(bytes.NewReader(head[:n]), r)
	if i.format == "" {
		i.format, i.efi = format, bytes.HasPrefix(head, []byte("MZ"))
	}
	if format == "Image" || format == "riscv" {
		if loaded := binary.LittleEndian.Uint64(head[16:]); loaded > 0 && loaded <= maxKernel {
			r = io.LimitReader(r, int64(loaded))
		}
	}
	return i.scan(r)
}

// bzImage reads the x86 boot protocol's header (Documentation/arch/x86/boot.rst).
func (i *image) bzImage(head []byte, whole io.Reader) error {
	i.format, i.setup, i.efi = "bzImage", head[:0x260], string(head[:2]) == "MZ"
	// kernel_version is the offset, minus 0x200, of a text that ends with a
	// zero.
	if at := int(binary.LittleEndian.Uint16(head[0x20e:])) + 0x200; at > 0x200 && at < len(head) {
		text, _, _ := bytes.Cut(head[at:min(len(head), at+512)], []byte{0})
		if printable(text) {
			i.header = string(text)
		}
	}
	if binary.LittleEndian.Uint16(head[0x206:]) < 0x208 {
		return nil // protocols before 2.08 have no place of the payload
	}
	sectors := int64(head[0x1f1])
	if sectors == 0 {
		sectors = 4
	}
	at := (sectors+1)*512 + int64(binary.LittleEndian.Uint32(head[0x248:]))
	size := int64(binary.LittleEndian.Uint32(head[0x24c:]))
	if err := i.payload(whole, at, size); err != nil {
		return err
	}
	return i.stub(whole)
}

// payload unpacks size bytes at an offset and searches them.
func (i *image) payload(whole io.Reader, at, size int64) error {
	if _, err := io.CopyN(io.Discard, whole, at); err != nil {
		if errors.Is(err, io.EOF) {
			return fmt.Errorf("the kernel is truncated: its payload would begin at byte %d", at)
		}
		return err
	}
	limited := io.LimitReader(whole, size)
	err := i.unpack(limited)
	if _, rest := io.Copy(io.Discard, limited); err == nil {
		err = rest
	}
	return err
}

func (i *image) unpack(r io.Reader) error {
	head := make([]byte, 16)
	n, err := io.ReadFull(r, head)
	if err != nil {
		return fmt.Errorf("the kernel is truncated: its payload has only %d bytes", n)
	}
	r = io.MultiReader(bytes.NewReader(head), r)
	kind := compression(head)
	if i.format != "" {
		i.pack = kind
	}
	if kind == "" {
		return i.plain(r)
	}
	z, err := decompressor(kind, r)
	if err != nil {
		return fmt.Errorf("the kernel's %s payload cannot be unpacked: %w", kind, err)
	}
	defer z.Close()
	limited := &io.LimitedReader{R: z, N: maxKernel}
	err = i.plain(limited)
	if limited.N == 0 {
		return fmt.Errorf("the unpacked kernel has more than %d MiB", maxKernel>>20)
	}
	if err != nil && trailing(kind, err) && (i.banner != "" || i.config != nil) {
		return nil //nolint:nilerr // what follows the kernel is not part of it
	}
	return err
}

// trailing reports whether the error can come from the payload's size. For
// formats without an end mark, the build writes the size after the compressed
// data.
func trailing(kind string, err error) bool {
	return kind == "lz4" || kind == "zstd" && (errors.Is(err, zstd.ErrMagicMismatch) || errors.Is(err, io.ErrUnexpectedEOF))
}

var (
	startMark = []byte("IKCFG_ST")
	endMark   = []byte("IKCFG_ED")
	banner    = lazyre.New(`Linux version ([0-9][ -~]{3,500})`)
	bannerIs  = []byte("Linux version ")
)

// scan searches an unpacked kernel for its banner, its configuration and the
// marks, one window at a time.
func (i *image) scan(r io.Reader) error {
	const window, overlap = 256 << 10, 1 << 10
	buf := make([]byte, 0, window+overlap)
	for tries := 0; ; {
		n, err := io.ReadFull(r, buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		i.size += int64(n)
		i.look(buf)
		i.banners(buf, err != nil)
		if tries < maxTries {
			if at := bytes.Index(buf, startMark); at >= 0 {
				tries++
				rest, cerr := i.embedded(io.MultiReader(bytes.NewReader(buf[at+len(startMark):]), r))
				if cerr != nil {
					return cerr
				}
				// Bytes that were read ahead are searched as well.
				r, buf = io.MultiReader(bytes.NewReader(rest), r), buf[:0]
				continue
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, io.ErrUnexpectedEOF) && n > 0:
			continue
		case err != nil:
			return err
		}
		if len(buf) > overlap {
			buf = append(buf[:0], buf[len(buf)-overlap:]...)
		}
	}
}

// banners collects the lines that the kernel could print first. A kernel of 6.1
// or later has two, with and without the time of its build (init/version.c).
// The text before the number of the build is the same.
func (i *image) banners(buf []byte, last bool) {
	for {
		at := bytes.Index(buf, bannerIs)
		if at < 0 {
			return
		}
		buf = buf[at:]
		m := banner.FindSubmatchIndex(buf)
		// A line that the window cuts is complete in the next one.
		if m == nil || m[1] == len(buf) && !last {
			return
		}
		text := string(buf[m[2]:m[3]])
		a, whole := builtBy(i.banner)
		b, another := builtBy(text)
		switch {
		case !whole && (another || i.banner == ""):
			i.banner = text // the earlier one was a driver's message
		case whole && another && a != b && len(i.doubts) == 0:
			i.doubts = append(i.doubts, fmt.Sprintf("the kernel has two banners, of %s and of %s", a, b))
		}
		buf = buf[m[1]:]
	}
}

// builtBy is a banner up to the number of the build. whole: the banner has such
// a number.
func builtBy(banner string) (by string, whole bool) {
	by, _, whole = strings.Cut(banner, " #")
	return by, whole
}

// embedded reads the configuration after the start mark: a gzip file, and the
// end mark. It returns bytes that it read beyond the end mark.
func (i *image) embedded(r io.Reader) ([]byte, error) {
	data := make([]byte, 0, 128<<10)
	chunk := make([]byte, 32<<10)
	for end := -1; end < 0; {
		n, err := r.Read(chunk)
		data = append(data, chunk[:n]...)
		if end = bytes.Index(data, endMark); end >= 0 {
			z, zerr := gzip.NewReader(bytes.NewReader(data[:end]))
			if zerr != nil {
				return data, nil //nolint:nilerr // the mark itself, in a string table
			}
			config, perr := parseConfig(z)
			if perr != nil {
				return nil, fmt.Errorf("the configuration inside the kernel cannot be read: %w", perr)
			}
			if i.config != nil && i.config.digest != config.digest {
				i.doubts = append(i.doubts, "the kernel contains two different configurations")
			} else {
				i.config = config
			}
			return data[end+len(endMark):], nil
		}
		if err != nil || len(data) > maxEmbedded {
			return data, nil //nolint:nilerr // without an end mark, it is not a configuration
		}
	}
	return nil, nil
}

func printable(b []byte) bool {
	return len(b) > 0 && bytes.IndexFunc(b, func(r rune) bool { return r < ' ' || r > '~' }) < 0
}
