package sbom

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// The files that SQLite keeps next to a database (sqlite.org/wal.html,
// sqlite.org/fileformat.html). They are part of the database. The write-ahead
// log is newer than the database file. A journal holds the older content that
// the file gets back.
const (
	sqliteDatabase = "rpmdb.sqlite"
	walSuffix      = "-wal"
	journalSuffix  = "-journal"
)

// database opens an SQLite database with the changes in its log. The log is
// next to the name under which a program opens the database.
func (r *Resolver) database(real, access string) (io.ReadCloser, error) {
	journal, err := r.beside(journalSuffix, real, access)
	if err != nil {
		return nil, err
	}
	if journal != nil {
		defer journal.Close()
		head := make([]byte, len(journalMagic))
		if _, err := io.ReadFull(journal, head); err == nil && bytes.Equal(head, []byte(journalMagic)) {
			return nil, errors.New("a change of the database was not finished (its journal is not empty)")
		}
	}
	db, err := r.open(real)
	if err != nil {
		return nil, err
	}
	log, err := r.beside(walSuffix, real, access)
	if err != nil || log == nil {
		return db, err
	}
	whole, err := withLog(db.(content), log.(content))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("its write-ahead log: %w", err), db.Close(), log.Close())
	}
	return whole, nil
}

// journalMagic is the beginning of a journal that is in use.
const journalMagic = "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"

// beside opens the file that has one of the names with a suffix. It returns nil
// if no such file exists, or if it is empty.
func (r *Resolver) beside(suffix string, names ...string) (io.ReadCloser, error) {
	found := ""
	for _, name := range names {
		real, e, ok := r.tree.Resolve(name + suffix)
		if !ok || e == nil || e.Type != system.TypeFile || e.Size == 0 || real == found {
			continue
		}
		if found != "" {
			return nil, fmt.Errorf("the database has two such files: %s and %s", found, real)
		}
		found = real
	}
	if found == "" {
		return nil, nil
	}
	return r.open(found)
}

// walLog says where the newest contents of pages are in the log.
type walLog struct {
	pages map[uint32]int64 // offsets of the contents, by page number
	count uint32           // pages of the database; 0 if the log does not say it
	size  uint32           // bytes of a page
}

const (
	walHeader   = 32
	frameHeader = 24
)

// withLog returns the content of the database with the changes in its log.
func withLog(db, log content) (io.ReadCloser, error) {
	size, err := log.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	w, err := readLog(log, size)
	if err != nil {
		return nil, err
	}
	length, err := db.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	if w.count == 0 {
		_, err := db.Seek(0, io.SeekStart)
		return db, err
	}
	if length > 0 {
		head := make([]byte, 18)
		if _, err := db.ReadAt(head, 0); err != nil {
			return nil, err
		}
		own := uint32(binary.BigEndian.Uint16(head[16:]))
		if own == 1 {
			own = 65536
		}
		if own != w.size {
			return nil, fmt.Errorf("its pages have %d bytes, but the pages of the database have %d", w.size, own)
		}
	}
	return &logged{db: db, log: log, length: length, walLog: *w}, nil
}

// readLog finds the valid frames: those with the log's salt and checksums, up
// to the last one that ends a transaction.
func readLog(log io.ReaderAt, size int64) (*walLog, error) {
	w := &walLog{pages: map[uint32]int64{}}
	head := make([]byte, walHeader)
	if size < walHeader {
		return w, nil
	}
	if _, err := log.ReadAt(head, 0); err != nil {
		return nil, err
	}
	var order binary.ByteOrder = binary.LittleEndian
	switch binary.BigEndian.Uint32(head) {
	case 0x377f0682:
	case 0x377f0683:
		order = binary.BigEndian
	default:
		return nil, errors.New("the file is not a write-ahead log")
	}
	var sum walSum
	sum.add(order, head[:24])
	if !sum.equal(head[24:]) {
		return w, nil // as in SQLite, such a log has no frames
	}
	if v := binary.BigEndian.Uint32(head[4:]); v != 3007000 {
		return nil, fmt.Errorf("it has the unknown version %d", v)
	}
	w.size = binary.BigEndian.Uint32(head[8:])
	if w.size < 512 || w.size > 65536 || w.size&(w.size-1) != 0 {
		return nil, fmt.Errorf("its pages have the invalid size %d", w.size)
	}
	frame := make([]byte, frameHeader+int(w.size))
	open := map[uint32]int64{} // pages of the current transaction
	for at := int64(walHeader); at+int64(len(frame)) <= size; at += int64(len(frame)) {
		if _, err := log.ReadAt(frame, at); err != nil {
			return nil, err
		}
		number, count := binary.BigEndian.Uint32(frame), binary.BigEndian.Uint32(frame[4:])
		if number == 0 || !bytes.Equal(frame[8:16], head[16:24]) {
			break
		}
		sum.add(order, frame[:8])
		sum.add(order, frame[frameHeader:])
		if !sum.equal(frame[16:]) {
			break
		}
		open[number] = at + frameHeader
		if count == 0 {
			continue
		}
		for n, at := range open {
			w.pages[n] = at
		}
		clear(open)
		w.count = count
	}
	if int64(w.count)*int64(w.size) > maxPieces {
		return nil, fmt.Errorf("with it, the database has %d pages, which is too large", w.count)
	}
	return w, nil
}

// walSum is the checksum of a log.
type walSum struct{ a, b uint32 }

func (s *walSum) add(order binary.ByteOrder, p []byte) {
	for ; len(p) >= 8; p = p[8:] {
		s.a += order.Uint32(p) + s.b
		s.b += order.Uint32(p[4:]) + s.a
	}
}

func (s *walSum) equal(p []byte) bool {
	return binary.BigEndian.Uint32(p) == s.a && binary.BigEndian.Uint32(p[4:]) == s.b
}

// logged reads the database page by page. It takes newer pages from the log.
type logged struct {
	db, log content
	length  int64
	walLog
	at   int64
	page []byte
}

func (l *logged) Read(p []byte) (int, error) {
	size := int64(l.size)
	if l.at >= int64(l.count)*size {
		return 0, io.EOF
	}
	if l.at%size == 0 {
		if err := l.load(uint32(l.at/size) + 1); err != nil {
			return 0, err
		}
	}
	n := copy(p, l.page[l.at%size:])
	l.at += int64(n)
	return n, nil
}

func (l *logged) load(number uint32) error {
	if l.page == nil {
		l.page = make([]byte, l.size)
	}
	if at, ok := l.pages[number]; ok {
		_, err := l.log.ReadAt(l.page, at)
		return err
	}
	at := int64(number-1) * int64(l.size)
	if at+int64(l.size) > l.length {
		return fmt.Errorf("page %d is neither in the database nor in its log", number)
	}
	_, err := l.db.ReadAt(l.page, at)
	return err
}

func (l *logged) Close() error { return errors.Join(l.db.Close(), l.log.Close()) }
