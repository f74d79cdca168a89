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
	// It begins as an EFI program, as every kernel with an EFI stub.
	stub := petest.Program("amd64", 1)
	if err := putFile(t, "kernel", 0o644, size, io.MultiReader(bytes.NewReader(stub), c)); err != nil {
		return err
	}
	if err := putText(t, "config", 0o644, kernelConfig); err != nil {
		return err
	}
	modules, written := io.Pipe()
	go func() { written.CloseWithError(b.modules(written, c, module)) }()
	defer modules.Close() // ends the writer if putFile fails
	if err := putFile(t, "kernel.tar", 0o644, modulesSize(module), modules); err != nil {
		return err
	}
	return t.Close()
}

var moduleFolders = []string{"lib/", "lib/modules/", "lib/modules/" + kernelRelease + "/", "lib/modules/" + kernelRelease + "/kernel/"}

// modules writes the tarball of the modules, each of size bytes.
func (b Bulk) modules(w io.Writer, c io.Reader, size int64) error {
	t := tar.NewWriter(w)
	if err := putFolders(t, moduleFolders...); err != nil {
		return err
	}
	// The first ones have the names of those that open a verified root.
	for i, name := range append([]string{"squashfs", "dm-mod", "dm-verity"}, make([]string, kernelModules-3)...) {
		if name == "" {
			name = fmt.Sprintf("m%03d", i)
		}
		if err := putFile(t, "lib/modules/"+kernelRelease+"/kernel/"+name+".ko", 0o644, size, c); err != nil {
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
	return putText(t, "init", 0o755, guest.VerifiedRoot)
}

// packages writes the list of the Debian packages of the image.
func (b Bulk) packages(t *tar.Writer) error {
	if b.Packages == 0 {
		return nil
	}
	if err := putFolders(t, "var/", "var/lib/", "var/lib/dpkg/"); err != nil {
		return err
	}
	var status strings.Builder
	for i := range b.Packages {
		fmt.Fprintf(&status, "Package: %s-lib%03d\nStatus: install ok installed\nMaintainer: Benchmark <bench@example.org>\nArchitecture: amd64\nVersion: 1.%d-1\nDescription: generated\n\n", b.Name, i, i)
	}
	return putText(t, "var/lib/dpkg/status", 0o644, status.String())
}
