package made

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/guest"
	"github.com/seaworthy-os/seaworthy/internal/petest"
)

// The names in the image of a kernel section, and the kernel's release.
const (
	kernelRelease = "6.1.0-bench"
	kernelModules = 100
	// kernelShare is the part of the bytes that is the kernel itself. Its modules have
	// the rest.
	kernelShare = 5
)

// kernelConfig has the options that a builder reads.
const kernelConfig = `CONFIG_64BIT=y
CONFIG_X86_64=y
CONFIG_MODULES=y
CONFIG_BLK_DEV_INITRD=y
CONFIG_RD_GZIP=y
CONFIG_RD_ZSTD=y
CONFIG_SQUASHFS=m
CONFIG_SQUASHFS_ZSTD=y
CONFIG_BLK_DEV_DM=m
CONFIG_DM_VERITY=m
CONFIG_EFI_STUB=y
`

// kernel writes the image of a kernel section. It cannot boot.
func (b Bulk) kernel(w io.Writer, seed uint64) error {
	t := tar.NewWriter(w)
	c := newContent(seed)
	size := b.Bytes / kernelShare
	module := (b.Bytes - size) / kernelModules
	put := func(path string, size int64, from io.Reader) error {
		if err := t.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: path, Mode: 0o644, Size: size, Format: tar.FormatPAX}); err != nil {
			return err
		}
		_, err := io.CopyN(t, from, size)
		return err
	}
	// It begins as an EFI program, as every kernel with an EFI stub.
	stub := petest.Program("amd64", 1)
	if err := put("kernel", size, io.MultiReader(bytes.NewReader(stub), c)); err != nil {
		return err
	}
	if err := put("config", int64(len(kernelConfig)), strings.NewReader(kernelConfig)); err != nil {
		return err
	}
	modules, written := io.Pipe()
	go func() { written.CloseWithError(b.modules(written, c, module)) }()
	defer modules.Close() // ends the writer if put fails
	if err := put("kernel.tar", modulesSize(module), modules); err != nil {
		return err
	}
	return t.Close()
}

var moduleFolders = []string{"lib/", "lib/modules/", "lib/modules/" + kernelRelease + "/", "lib/modules/" + kernelRelease + "/kernel/"}

// modules writes the tarball of the modules, each of size bytes.
func (b Bulk) modules(w io.Writer, c io.Reader, size int64) error {
	t := tar.NewWriter(w)
	for _, d := range moduleFolders {
		if err := t.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: d, Mode: 0o755}); err != nil {
			return err
		}
	}
	// The first ones have the names of those that open a verified root.
	for i, name := range append([]string{"squashfs", "dm-mod", "dm-verity"}, make([]string, kernelModules-3)...) {
		if name == "" {
			name = fmt.Sprintf("m%03d", i)
		}
		name = "lib/modules/" + kernelRelease + "/kernel/" + name + ".ko"
		if err := t.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: size}); err != nil {
			return err
		}
		if _, err := io.CopyN(t, c, size); err != nil {
			return err
		}
	}
	return t.Close()
}

// modulesSize is the size of the tarball: blocks of 512 bytes, and two at the end.
func modulesSize(size int64) int64 {
	const block = 512
	entry := block + (size+block-1)/block*block
	return int64(len(moduleFolders))*block + kernelModules*entry + 2*block
}

func (b Bulk) init(t *tar.Writer) error {
	if !b.Init {
		return nil
	}
	if err := t.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: "init", Mode: 0o755, Size: int64(len(guest.VerifiedRoot))}); err != nil {
		return err
	}
	_, err := io.WriteString(t, guest.VerifiedRoot)
	return err
}

// packages writes the list of the Debian packages of the image.
func (b Bulk) packages(t *tar.Writer) error {
	if b.Packages == 0 {
		return nil
	}
	for _, d := range []string{"var/", "var/lib/", "var/lib/dpkg/"} {
		if err := t.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: d, Mode: 0o755}); err != nil {
			return err
		}
	}
	var status strings.Builder
	for i := range b.Packages {
		fmt.Fprintf(&status, "Package: %s-lib%03d\nStatus: install ok installed\nMaintainer: Benchmark <bench@example.org>\nArchitecture: amd64\nVersion: 1.%d-1\nDescription: generated\n\n", b.Name, i, i)
	}
	if err := t.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: "var/lib/dpkg/status", Mode: 0o644, Size: int64(status.Len())}); err != nil {
		return err
	}
	_, err := io.WriteString(t, status.String())
	return err
}
