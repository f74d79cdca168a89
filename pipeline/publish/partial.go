package publish

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"github.com/seaworthy-os/seaworthy/builder/component/oci"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/digests"
)

const (
	// kept is the size from which a blob is kept while it is incomplete. Smaller
	// ones are fetched again.
	kept = 1 << 20
	// keptFor is the time after which an incomplete blob is removed.
	keptFor = 7 * 24 * time.Hour
)

// partial is a blob that is fetched into a file of the cache, whose name is the
// blob's digest. After an interruption, also of the whole program, the next fetch
// continues at the end of the file. Its bytes are hashed again then.
type partial struct {
	file *os.File
	d    oci.Descriptor
}

// partial opens the file of a blob. It is nil if the blob is small, there is no
// cache, or another program fetches the same blob: it is then fetched directly.
func (o Options) partial(d oci.Descriptor) *partial {
	if o.Partial == "" || d.Size < kept || os.MkdirAll(o.Partial, 0o700) != nil {
		return nil
	}
	file, err := os.OpenFile(o.partialPath(d), os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil
	}
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() || unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB) != nil {
		file.Close()
		return nil
	}
	return &partial{file, d}
}

func (o Options) partialPath(d oci.Descriptor) string {
	return filepath.Join(o.Partial, digests.Hex(d.Digest))
}

// complete fetches what is missing, and verifies all bytes. A file with other bytes
// is removed.
func (p *partial) complete(ctx context.Context, s store) error {
	defer p.file.Close()
	h := sha256.New()
	n, err := io.Copy(h, io.LimitReader(p.file, p.d.Size))
	if err != nil {
		return p.unwritten(err)
	}
	if n < p.d.Size {
		rc, err := s.open(ctx, p.d, n)
		if err != nil {
			return err
		}
		defer rc.Close()
		file := &faulty{w: p.file}
		more, err := io.Copy(io.MultiWriter(h, file), io.LimitReader(rc, p.d.Size-n+1))
		switch n += more; {
		case file.err != nil:
			return p.unwritten(file.err)
		case err != nil:
			return err
		}
	}
	if got := digests.Sum(h); n != p.d.Size || got != p.d.Digest {
		// The bytes of the earlier run may be the wrong ones. They are not used again.
		return errors.Join(oci.WrongDigest(p.d.Digest, got), os.Remove(p.file.Name()))
	}
	return nil
}

func (p *partial) unwritten(err error) error {
	return system.Unusable("the cache of incomplete downloads cannot be used").Because(pathless(err)).Suggest("check the disk of the cache")
}

// faulty remembers the error of its writer: it is not one of the registry.
type faulty struct {
	w   io.Writer
	err error
}

func (f *faulty) Write(p []byte) (int, error) {
	n, err := f.w.Write(p)
	f.err = err
	return n, err
}

// place moves a complete blob to its path.
func (o Options) place(d oci.Descriptor, root *os.Root, dir, path string) error {
	at := o.partialPath(d)
	if err := os.Rename(at, filepath.Join(dir, filepath.FromSlash(path))); err == nil {
		return root.Chmod(path, 0o644)
	} else if !errors.Is(err, unix.EXDEV) {
		return err
	}
	from, err := os.Open(at)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := root.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	return errors.Join(err, to.Chmod(0o644), to.Close(), os.Remove(at))
}

// forget removes incomplete blobs that no fetch has continued for a long time.
func (o Options) forget() {
	if o.Partial == "" {
		return
	}
	entries, _ := os.ReadDir(o.Partial)
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() && time.Since(info.ModTime()) > keptFor {
			_ = os.Remove(filepath.Join(o.Partial, e.Name()))
		}
	}
}

// freeBytes is the room on the disk of a folder.
func freeBytes(dir string) (int64, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return 0, &fs.PathError{Op: "statfs", Path: dir, Err: err}
	}
	return int64(min(st.Bavail, 1<<40) * uint64(st.Bsize)), nil //nolint:unconvert // its type depends on the architecture
}
