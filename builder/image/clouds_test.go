package image

import (
	"archive/tar"
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
)

// Azure imports a fixed VHD with a whole number of MiB, and at least 20 of them
// before the footer.
func TestAzure(t *testing.T) {
	t.Parallel()
	requireTools(t, "vhd")
	vhd := build(t, []string{"vhd"}, small, &Kernel{Zstd: true})["os.vhd"]
	disk := len(vhd) - 512
	footer := vhd[disk:]
	if string(footer[:8]) != "conectix" || binary.BigEndian.Uint32(footer[60:]) != 2 {
		t.Errorf("the file does not end with the footer of a fixed VHD: %x", footer[:64])
	}
	if size := binary.BigEndian.Uint64(footer[48:]); disk%(1<<20) != 0 || size != uint64(disk) || disk < 20<<20 {
		t.Errorf("the disk has %d bytes, its footer says %d; want the same whole number of MiB, at least 20", disk, size)
	}
}

// Google imports a gzipped tar in the old GNU format. Its only entry is disk.raw,
// with a whole number of GiB.
func TestGoogle(t *testing.T) {
	t.Parallel()
	requireTools(t, "gcp")
	out := build(t, []string{"raw-bios", "gcp"}, small, &Kernel{Zstd: true})
	gz, err := gzip.NewReader(bytes.NewReader(out["os.img.tar.gz"]))
	if err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(gz)
	header, err := r.Peek(512)
	if err != nil {
		t.Fatal(err)
	}
	tr := tar.NewReader(r)
	h, err := tr.Next()
	if err != nil || h.Name != "disk.raw" || h.Size != 1<<30 || h.Typeflag != tar.TypeReg {
		t.Fatalf("%+v, %v", h, err)
	}
	if magic := header[257:265]; string(magic) != "ustar  \x00" {
		t.Errorf("the tar has the magic %q, want that of the old GNU format", magic)
	}
	disk := make([]byte, len(out["os-bios.img"]))
	if _, err := io.ReadFull(tr, disk); err != nil || !bytes.Equal(disk, out["os-bios.img"]) {
		t.Errorf("disk.raw is not the disk (%v)", err)
	}
	if h, err := tr.Next(); !errors.Is(err, io.EOF) {
		t.Errorf("after disk.raw: %+v, %v", h, err)
	}
}

// ESXi imports a streamOptimized VMDK only. The command of docs/images.md makes one
// with the same disk, and with the mark that govc requires.
func TestESXi(t *testing.T) {
	t.Parallel()
	requireTools(t, "vmdk")
	out := build(t, []string{"raw-bios", "vmdk"}, small, &Kernel{Zstd: true})
	esxi := filepath.Join(t.TempDir(), "os-esxi.vmdk")
	tool(t, "qemu-utils", "qemu-img", "convert", "-O", "vmdk", "-o", "subformat=streamOptimized", store(t, out["os.vmdk"]), esxi)
	if text := tool(t, "qemu-utils", "qemu-img", "compare", "-f", "raw", "-F", "vmdk", store(t, out["os-bios.img"]), esxi); !strings.Contains(text, "identical") {
		t.Error(text)
	}
	b, err := os.ReadFile(esxi)
	if err != nil {
		t.Fatal(err)
	}
	const compressed = 1 << 16
	if string(b[:4]) != "KDMV" || binary.LittleEndian.Uint32(b[8:])&compressed == 0 {
		t.Errorf("the header is %x, want one of a streamOptimized VMDK", b[:16])
	}
}
