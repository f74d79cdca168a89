package verify

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/seaworthy-os/seaworthy/attest/layout"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/digests"
)

// maxFiles is the highest number of files in a folder.
const maxFiles = 100_000

// folder is an image's folder: regular files only, by path.
type folder struct {
	root  *os.Root
	paths []string
}

// openFolder lists the folder. A folder that does not exist or cannot be read
// is ErrUnusable. A folder with links or devices is refused. So are two things
// that no signature covers: modes that give a program rights, and folders
// without files.
func openFolder(path string) (*folder, error) {
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, system.Unusable("image folder").Because(err)
	}
	f := &folder{root: root}
	var refused []error
	var dirs, executable []string
	err = fs.WalkDir(root.FS(), ".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case len(f.paths)+len(dirs) == maxFiles:
			return fmt.Errorf("the folder has more than %d files", maxFiles)
		case path == ".":
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		refused = append(refused, special(path, info)...)
		switch {
		case info.IsDir():
			dirs = append(dirs, path)
			return nil
		case info.Mode()&0o111 != 0:
			executable = append(executable, path)
		}
		f.paths = append(f.paths, path)
		return nil
	})
	if err != nil {
		refused = []error{system.Unusable("image folder").Because(err)}
	}
	if len(refused) > 0 {
		return nil, errors.Join(append(refused, root.Close())...)
	}
	slices.Sort(f.paths) // WalkDir visits "a/b" before "a.b"
	refused = append(f.empty(dirs), notAlike(executable, len(f.paths))...)
	if len(refused) > 0 {
		return nil, errors.Join(append(refused, root.Close())...)
	}
	return f, nil
}

// special refuses entries that are neither a folder nor a plain file. A folder
// may have the set-group-ID bit, because file systems pass it on to new
// folders.
func special(path string, info fs.FileInfo) []error {
	switch m := info.Mode(); {
	case !m.IsDir() && !m.IsRegular():
		return []error{refuse(CheckFolder, path, "is not a regular file (%s)", kind(m))}
	case m&(fs.ModeSetuid|fs.ModeSticky) != 0, m.IsRegular() && m&fs.ModeSetgid != 0:
		return []error{refuse(CheckFolder, path, "has mode %s: a build never sets this mode, and no signature covers it", m)}
	}
	return nil
}

// empty refuses folders that hold no file, at any depth.
func (f *folder) empty(dirs []string) []error {
	var errs []error
	for _, dir := range dirs {
		i, _ := slices.BinarySearch(f.paths, dir+"/")
		if i == len(f.paths) || !strings.HasPrefix(f.paths[i], dir+"/") {
			errs = append(errs, refuse(CheckFolder, dir, "is a folder without files: no statement covers it"))
		}
	}
	return errs
}

// notAlike refuses executable files if other files are not executable: a build
// writes no executable file. A file system without modes, as on a memory stick,
// shows all files as executable.
func notAlike(executable []string, all int) []error {
	if len(executable) == all {
		return nil
	}
	var errs []error
	for _, path := range executable {
		errs = append(errs, refuse(CheckFolder, path, "is executable: a build never sets this mode, and no signature covers it"))
	}
	return errs
}

func kind(m fs.FileMode) string {
	switch {
	case m&fs.ModeSymlink != 0:
		return "symbolic link"
	case m&fs.ModeDevice != 0:
		return "device"
	case m&fs.ModeNamedPipe != 0:
		return "pipe"
	case m&fs.ModeSocket != 0:
		return "socket"
	}
	return "special file"
}

// has reports whether the folder has a file at path.
func (f *folder) has(path string) bool {
	_, ok := slices.BinarySearch(f.paths, path)
	return ok
}

// open opens a regular file, never through a link.
func (f *folder) open(path string) (*os.File, fs.FileInfo, error) {
	before, err := f.root.Lstat(path)
	if err != nil {
		return nil, nil, system.Unusable("image folder").Because(err)
	}
	if errs := special(path, before); len(errs) > 0 {
		return nil, nil, errors.Join(errs...)
	}
	if before.IsDir() {
		return nil, nil, refuse(CheckFolder, path, "is a folder, not a file")
	}
	// Without O_NONBLOCK, a pipe that replaces the file would block the open.
	file, err := f.root.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, system.Unusable("image folder").Because(err)
	}
	after, err := file.Stat()
	if err != nil {
		return nil, nil, errors.Join(system.Unusable("image folder").Because(err), file.Close())
	}
	if !after.Mode().IsRegular() || !os.SameFile(before, after) {
		return nil, nil, errors.Join(refuse(CheckFolder, path, "the file was replaced while it was opened"), file.Close())
	}
	if hasCapabilities(file) {
		return nil, nil, errors.Join(refuse(CheckFolder, path, "has capabilities (security.capability): a build never sets them, and no signature covers them"), file.Close())
	}
	return file, after, nil
}

// read returns a whole file of at most limit bytes.
func (f *folder) read(path string, limit int64) ([]byte, fs.FileInfo, error) {
	file, info, err := f.open(path)
	if err != nil {
		return nil, nil, err
	}
	defer file.Close()
	if info.Size() > limit {
		return nil, nil, refuse(CheckFolder, path, "the file has %d bytes, and may have at most %d", info.Size(), limit)
	}
	raw := make([]byte, info.Size())
	if _, err := io.ReadFull(file, raw); err != nil {
		return nil, nil, system.Unusable("%s", path).Because(err)
	}
	return raw, info, nil
}

// hashed is a file's digest and, if the file stays open, its descriptor at
// offset 0.
type hashed struct {
	digest string
	info   fs.FileInfo
	file   *os.File
	// same: the blob of this file in the OCI layout is the same file, or has the
	// same bytes. It needs no second hash.
	same bool
}

// blob is the path of a file in the OCI layout, by its digest.
func blob(digest string) string { return layout.Dir + "/blobs/sha256/" + digests.Hex(digest) }

// hash hashes files in parallel, each from its opened descriptor. With keep the
// files stay open, even if another file failed, and are compared with their blobs in
// the OCI layout, whose digests are in want.
func (f *folder) hash(paths []string, want map[string]string, keep bool) (map[string]*hashed, error) {
	results := make([]*hashed, len(paths))
	err := parallel(len(paths), func(i int) (err error) {
		twin := ""
		if keep {
			twin = blob(want[paths[i]])
		}
		results[i], err = f.hashOne(paths[i], twin, keep)
		return err
	})
	out := make(map[string]*hashed, len(paths))
	for i, h := range results {
		if h != nil {
			out[paths[i]] = h
		}
	}
	return out, err
}

// parallel calls do for 0 to n-1, with one goroutine per processor, and joins
// the errors in order.
func parallel(n int, do func(i int) error) error {
	var (
		wg   sync.WaitGroup
		errs = make([]error, n)
		jobs = make(chan int)
	)
	for range min(runtime.GOMAXPROCS(0), n) {
		wg.Go(func() {
			for i := range jobs {
				errs[i] = do(i)
			}
		})
	}
	for i := range n {
		jobs <- i
	}
	close(jobs)
	wg.Wait()
	return errors.Join(errs...)
}

// hashOne hashes a file. If twin is the path of another file of the folder, both
// are read together and compared: hashing is slower than comparing.
func (f *folder) hashOne(path, twin string, keep bool) (*hashed, error) {
	file, info, err := f.open(path)
	if err != nil {
		return nil, err
	}
	other, linked := f.openTwin(twin, info)
	if other != nil {
		defer other.Close()
	}
	sum := sha256.New()
	size := min(info.Size()+1, 1<<20)
	buf := make([]byte, size)
	var twinBuf []byte
	same := linked || other != nil
	if other != nil {
		twinBuf = make([]byte, size)
	}
	// ReadAt does not move the offset: callers of Open expect offset 0.
	for at := int64(0); ; {
		n, err := file.ReadAt(buf, at)
		sum.Write(buf[:n])
		if same && other != nil {
			m, twinErr := other.ReadAt(twinBuf, at)
			same = m == n && bytes.Equal(buf[:n], twinBuf[:m]) && (twinErr == nil || twinErr == io.EOF) && (err == io.EOF) == (twinErr == io.EOF)
		}
		at += int64(n)
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, errors.Join(system.Unusable("%s", path).Because(err), file.Close())
		}
	}
	h := &hashed{digest: digests.Sum(sum), info: info, same: same}
	if keep {
		h.file = file
		return h, nil
	}
	return h, file.Close()
}

// openTwin opens a file that should have the same bytes as the file of info. linked
// means that it is a hard link of that file. A twin that is missing or cannot be
// opened is neither: the check of the layout reports it.
func (f *folder) openTwin(path string, info fs.FileInfo) (file *os.File, linked bool) {
	if path == "" || !f.has(path) {
		return nil, false
	}
	if at, err := f.root.Lstat(path); err == nil && os.SameFile(at, info) {
		return nil, true
	}
	file, _, err := f.open(path)
	if err != nil {
		return nil, false
	}
	return file, false
}

// sameBytes reports whether a twin of a file has the bytes that were read from it.
func (f *folder) sameBytes(path string, info fs.FileInfo, raw []byte) bool {
	file, linked := f.openTwin(path, info)
	if file == nil {
		return linked
	}
	defer file.Close()
	buf := make([]byte, min(len(raw)+1, 1<<20))
	for at := 0; ; {
		n, err := file.ReadAt(buf, int64(at))
		if at+n > len(raw) || !bytes.Equal(buf[:n], raw[at:at+n]) || err != nil && err != io.EOF {
			return false
		}
		at += n
		if err == io.EOF {
			return at == len(raw)
		}
	}
}
