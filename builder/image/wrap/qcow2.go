package wrap

import (
	"encoding/binary"

	"github.com/seaworthy-os/seaworthy/builder/image/extents"
)

const (
	qcowCluster = 64 << 10
	// A table of the second level describes this many clusters.
	qcowPerTable = qcowCluster / 8
	// A block of reference counts describes this many clusters.
	qcowPerCounts = qcowCluster / 2
	// qcowUsed marks a cluster that has one reference.
	qcowUsed = 1 << 63
)

// QCOW2 writes a disk as QEMU's format, version 3 (QEMU's docs/interop/qcow2.txt).
func QCOW2(d Disk) (*extents.File, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	w := new(extents.File)
	l1 := make([]uint64, divUp(d.Size, qcowPerTable*qcowCluster))
	l1Clusters := divUp(int64(len(l1))*8, qcowCluster)
	next := 1 + l1Clusters // the header, then the table of the first level
	var l2 []uint64
	current := int64(-1)
	flush := func() error {
		if current < 0 {
			return nil
		}
		_, err := w.WriteAt(bigEndian(l2), int64(l1[current]&^qcowUsed))
		return err
	}
	err := d.pieces(qcowCluster, func(at, n int64) error {
		cluster := at / qcowCluster
		if table := cluster / qcowPerTable; table != current {
			if err := flush(); err != nil {
				return err
			}
			current, l2 = table, make([]uint64, qcowPerTable)
			l1[table] = uint64(next)*qcowCluster | qcowUsed
			next++
		}
		l2[cluster%qcowPerTable] = uint64(next)*qcowCluster | qcowUsed
		err := w.Place(next*qcowCluster, d.ReaderAt, at, n)
		next++
		return err
	})
	if err == nil {
		err = flush()
	}
	if err != nil {
		return nil, err
	}
	counts, tableAt, tableClusters := qcowCounts(next)
	for at, data := range map[int64][]byte{0: qcowHeader(d.Size, len(l1), tableAt, tableClusters), qcowCluster: bigEndian(l1), next * qcowCluster: counts} {
		if _, err := w.WriteAt(data, at); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// qcowCounts gives the reference counts of an image with this many clusters, one
// each, and the table of them. They follow the other clusters, and count
// themselves.
func qcowCounts(used int64) (raw []byte, tableAt, tableClusters int64) {
	blocks := int64(0)
	for {
		tableClusters = divUp(blocks*8, qcowCluster)
		if need := divUp(used+blocks+tableClusters, qcowPerCounts); need == blocks {
			break
		} else {
			blocks = need
		}
	}
	raw = make([]byte, (blocks+tableClusters)*qcowCluster)
	for i := range used + blocks + tableClusters {
		binary.BigEndian.PutUint16(raw[2*i:], 1)
	}
	for i := range blocks {
		binary.BigEndian.PutUint64(raw[blocks*qcowCluster+8*i:], uint64((used+i)*qcowCluster))
	}
	return raw, (used + blocks) * qcowCluster, tableClusters
}

func qcowHeader(size int64, l1Entries int, tableAt, tableClusters int64) []byte {
	b := make([]byte, 112) // the end of the header extensions is zero
	be := binary.BigEndian
	copy(b, "QFI\xfb")
	be.PutUint32(b[4:], 3)
	be.PutUint32(b[20:], 16) // cluster bits
	be.PutUint64(b[24:], uint64(size))
	be.PutUint32(b[36:], uint32(l1Entries))
	be.PutUint64(b[40:], qcowCluster)
	be.PutUint64(b[48:], uint64(tableAt))
	be.PutUint32(b[56:], uint32(tableClusters))
	be.PutUint32(b[96:], 4) // reference counts of 16 bits
	be.PutUint32(b[100:], 104)
	return b
}

func bigEndian(list []uint64) []byte {
	out := make([]byte, 0, len(list)*8)
	for _, n := range list {
		out = binary.BigEndian.AppendUint64(out, n)
	}
	return out
}
