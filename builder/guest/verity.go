package guest

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
)

// VerifiedRoot is printed when the root was opened. The builder looks for this
// text in /init, to know that this init can boot a verified root.
const VerifiedRoot = "root: verified by dm-verity, root hash"

// RootKinds is printed when a root has another kind of file system than these. The
// builder looks for this text in /init, to know that this init can boot them.
const RootKinds = "the root is not a squashfs, an EROFS or an ISO 9660 file system"

// rootHash is the root hash of a dm-verity tree. It comes from the command line,
// which the firmware or the boot loader vouches for. Everything that is read from
// a disk counts only after the kernel has compared it with this hash.
type rootHash [sha256.Size]byte

func (h rootHash) String() string { return hex.EncodeToString(h[:]) }

// RootHash returns the value of roothash=, and whether it exists.
func (c Cmdline) RootHash() (h rootHash, ok bool, err error) {
	v, ok := c.Get("roothash")
	if !ok {
		return h, false, nil
	}
	b, err := hex.DecodeString(v)
	if err != nil || len(b) != len(h) {
		return h, true, fmt.Errorf("roothash=%q: not a SHA-256 hash of %d hexadecimal digits", v, 2*len(h))
	}
	return rootHash(b), true, nil
}

// VerifyFull reports whether seaworthy.verify=full asks to read the whole root
// before it is used.
func (c Cmdline) VerifyFull() (bool, error) {
	v, ok := c.Get("seaworthy.verify")
	if ok && v != "full" {
		return false, fmt.Errorf("seaworthy.verify=%q: the only value is full", v)
	}
	return ok, nil
}

const (
	// verityBlock is the size of hash blocks, and of data blocks except for those of
	// an ISO 9660: Linux cannot mount one from a device with larger blocks.
	verityBlock = 4096
	veritySmall = 2048
	// maxRoot limits the size of a root in bytes.
	maxRoot = 1 << 42
)

// verityRoot says where a root is: the data from the start of one device, and the
// superblock and the tree from byte treeAt of the same device or of another one.
type verityRoot struct {
	data, tree string // names of devices: "vda2"
	treeAt     int64
	blocks     int64 // number of data blocks
	block      int64 // their size
}

func (r *verityRoot) size() int64 { return r.blocks * r.block }

// table is the root as device-mapper's target "verity" takes it. panic: a damaged
// block stops the machine at once, so no program ever works with a part of the
// files.
func (r *verityRoot) table(h rootHash, panic bool) string {
	t := fmt.Sprintf("1 /dev/%s /dev/%s %d %d %d %d sha256 %s -", r.data, r.tree, r.block, verityBlock, r.blocks, r.treeAt/verityBlock+1, h)
	if panic {
		t += " 1 panic_on_corruption"
	}
	return t
}

// errOtherRoot: a disk has no root, or another one.
var errOtherRoot = errors.New("it has no root with this hash")

// rootKind is the type of a file system, as mount(2) takes it, and its size in bytes.
type rootKind struct {
	fs   string
	size uint64
}

// module is the kernel's module for the type.
func (k rootKind) module() string {
	if k.fs == "iso9660" {
		return "isofs"
	}
	return k.fs
}

// kindOf recognises the file system at the start of r. Its size is in whole blocks.
func kindOf(r io.ReaderAt) (rootKind, error) {
	le := binary.LittleEndian
	for _, k := range []struct {
		fs    string
		at    int64
		magic string
		size  func([]byte) uint64
	}{
		{"squashfs", 0, "hsqs", func(b []byte) uint64 { return le.Uint64(b[40:]) }},
		{"erofs", 1024, "\xe2\xe1\xf5\xe0", func(b []byte) uint64 { return uint64(le.Uint32(b[36:])) << (b[12] & 63) }},
		{"iso9660", 32768, "\x01CD001\x01", func(b []byte) uint64 { return uint64(le.Uint32(b[80:])) * 2048 }},
	} {
		var b [96]byte
		if _, err := r.ReadAt(b[:], k.at); err != nil || string(b[:len(k.magic)]) != k.magic {
			continue
		}
		size := k.size(b[:])
		if size > maxRoot {
			return rootKind{}, fmt.Errorf("a root of %d bytes", size)
		}
		return rootKind{k.fs, max((size+verityBlock-1)/verityBlock*verityBlock, 2*verityBlock)}, nil
	}
	return rootKind{}, errOtherRoot
}

// superblock reads a verity superblock, which says how many data blocks there are.
// Only the form that the builder writes is accepted: SHA-256 without a salt, and
// blocks of 4096 bytes, or data blocks of 2048. The first half of the root hash is
// the identifier.
func (r *verityRoot) superblock(from io.ReaderAt, at int64, h rootHash) error {
	b := make([]byte, verityBlock)
	if _, err := from.ReadAt(b, at); err != nil || !bytes.Equal(b[16:32], h[:16]) {
		return errOtherRoot
	}
	le := binary.LittleEndian
	blocks, block := le.Uint64(b[72:]), le.Uint32(b[64:])
	if block != veritySmall {
		block = verityBlock
	}
	want := make([]byte, verityBlock)
	copy(want, "verity\x00\x00")
	le.PutUint32(want[8:], 1)  // version
	le.PutUint32(want[12:], 1) // type of the hash
	copy(want[16:], h[:16])
	copy(want[32:], "sha256")
	le.PutUint32(want[64:], block)
	le.PutUint32(want[68:], verityBlock)
	le.PutUint64(want[72:], blocks)
	if !bytes.Equal(b, want) || blocks < 2 || blocks > maxRoot/verityBlock {
		return errors.New("the verity superblock is damaged")
	}
	r.blocks, r.block = int64(blocks), int64(block)
	return nil
}

// wholeDisk finds the root on a disk that is a file system, followed by superblock
// and tree.
func wholeDisk(disk string, r io.ReaderAt, h rootHash) (*verityRoot, error) {
	kind, err := kindOf(r)
	if err != nil {
		return nil, err
	}
	root := &verityRoot{data: disk, tree: disk, treeAt: int64(kind.size)}
	err = root.superblock(r, root.treeAt, h)
	if err == nil && root.size() != root.treeAt {
		err = errors.New("the verity superblock does not match the file system")
	}
	return root, err
}

// Limits for partition tables. Usual tables have 128 entries of 128 bytes.
const (
	maxPartitions   = 1024
	maxPartitionRow = 1024
)

// partitions reads a GUID partition table. It returns the numbers of the partitions
// by their identifiers. Checksums do not matter: the root hash proves the root, and a
// damaged table of another disk must not stop the search. Package data compares them,
// because it writes.
func partitions(r io.ReaderAt, sector int64) (map[[16]byte]int, error) {
	var head [92]byte
	if _, err := r.ReadAt(head[:], sector); err != nil || string(head[:8]) != "EFI PART" {
		return nil, errOtherRoot
	}
	le := binary.LittleEndian
	at, count, size := le.Uint64(head[72:]), int(le.Uint32(head[80:])), int(le.Uint32(head[84:]))
	if at > 1<<40 || count > maxPartitions || size < 128 || size > maxPartitionRow {
		return nil, errors.New("the partition table is damaged")
	}
	rows := make([]byte, count*size)
	if _, err := r.ReadAt(rows, int64(at)*sector); err != nil {
		return nil, fmt.Errorf("the partition table cannot be read: %w", err)
	}
	out := map[[16]byte]int{}
	for i := range count {
		row := rows[i*size:]
		if bytes.Equal(row[:16], make([]byte, 16)) { // no type: not used
			continue
		}
		out[guidBytes([16]byte(row[16:32]))] = i + 1
	}
	return out, nil
}

// guidBytes puts the bytes of a GUID on a disk in the order in which it is written
// as text: there, the first three numbers are little-endian.
func guidBytes(b [16]byte) [16]byte {
	return [16]byte{b[3], b[2], b[1], b[0], b[5], b[4], b[7], b[6], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]}
}

// notFound is the error if no disk has the root. reasons says why for each disk, and
// which drivers could not be loaded.
func notFound(h rootHash, reasons []string) error {
	if len(reasons) == 0 {
		return fmt.Errorf("there is no disk, so none with the root hash %s", h)
	}
	return fmt.Errorf("no disk has a root with the hash %s (%s)", h, strings.Join(reasons, "; "))
}
