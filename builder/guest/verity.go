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
	// verityBlock is the size of data and hash blocks.
	verityBlock = 4096
	// maxRoot limits the size of a root in bytes.
	maxRoot = 1 << 42
)

// verityRoot says where a root is: the data from the start of one device, and the
// superblock and the tree from byte treeAt of the same device or of another one.
type verityRoot struct {
	data, tree string // names of devices: "vda2"
	treeAt     int64
	blocks     int64 // number of data blocks
}

// table is the root as device-mapper's target "verity" takes it. panic: a damaged
// block stops the machine at once, so no program ever works with a part of the
// files.
func (r *verityRoot) table(h rootHash, panic bool) string {
	t := fmt.Sprintf("1 /dev/%s /dev/%s %d %d %d %d sha256 %s -", r.data, r.tree, verityBlock, verityBlock, r.blocks, r.treeAt/verityBlock+1, h)
	if panic {
		t += " 1 panic_on_corruption"
	}
	return t
}

// errOtherRoot: a disk has no root, or another one.
var errOtherRoot = errors.New("it has no root with this hash")

// squashfsSize reads the size of the squashfs at the start of r, in whole blocks.
func squashfsSize(r io.ReaderAt) (int64, error) {
	var b [96]byte
	if _, err := r.ReadAt(b[:], 0); err != nil || string(b[:4]) != "hsqs" {
		return 0, errOtherRoot
	}
	size := binary.LittleEndian.Uint64(b[40:])
	if size > maxRoot {
		return 0, fmt.Errorf("a squashfs of %d bytes", size)
	}
	return max((int64(size)+verityBlock-1)/verityBlock*verityBlock, 2*verityBlock), nil
}

// readSuperblock reads a verity superblock, and returns the number of data blocks.
// Only the form that the builder writes is accepted: SHA-256 without a salt, and
// blocks of 4096 bytes. The first half of the root hash is the identifier.
func readSuperblock(r io.ReaderAt, at int64, h rootHash) (int64, error) {
	b := make([]byte, verityBlock)
	if _, err := r.ReadAt(b, at); err != nil || !bytes.Equal(b[16:32], h[:16]) {
		return 0, errOtherRoot
	}
	le := binary.LittleEndian
	blocks := le.Uint64(b[72:])
	want := make([]byte, verityBlock)
	copy(want, "verity\x00\x00")
	le.PutUint32(want[8:], 1)  // version
	le.PutUint32(want[12:], 1) // type of the hash
	copy(want[16:], h[:16])
	copy(want[32:], "sha256")
	le.PutUint32(want[64:], verityBlock)
	le.PutUint32(want[68:], verityBlock)
	le.PutUint64(want[72:], blocks)
	if !bytes.Equal(b, want) || blocks < 2 || blocks > maxRoot/verityBlock {
		return 0, errors.New("the verity superblock is damaged")
	}
	return int64(blocks), nil
}

// wholeDisk finds the root on a disk that is a squashfs, followed by superblock and
// tree.
func wholeDisk(disk string, r io.ReaderAt, h rootHash) (*verityRoot, error) {
	size, err := squashfsSize(r)
	if err != nil {
		return nil, err
	}
	blocks, err := readSuperblock(r, size, h)
	if err == nil && blocks != size/verityBlock {
		err = errors.New("the verity superblock does not match the squashfs")
	}
	return &verityRoot{data: disk, tree: disk, treeAt: size, blocks: blocks}, err
}

// Limits for partition tables. Usual tables have 128 entries of 128 bytes.
const (
	maxPartitions   = 1024
	maxPartitionRow = 1024
)

// partitions reads a GUID partition table. It returns the numbers of the partitions
// by their identifiers.
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
