package origin

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/seaworthy-os/seaworthy/internal/mountinfo"
	"github.com/seaworthy-os/seaworthy/internal/safetext"
	"github.com/seaworthy-os/seaworthy/internal/whence"
)

// Run is the program seaworthy-whence: it answers args, and returns the exit code.
func Run(args []string, out, errs io.Writer) int {
	var w command
	var asked []string
	for i := 0; i < len(args); i++ {
		switch a := args[i]; {
		case a == "--verify":
			w.verify = true
		case a == "--root" && i+1 < len(args):
			i++
			w.root = args[i]
		case strings.HasPrefix(a, "--root="):
			w.root = strings.TrimPrefix(a, "--root=")
		case a == "--help" || a == "-h":
			fmt.Fprint(out, usageText)
			return whenceFound
		case strings.HasPrefix(a, "-"):
			fmt.Fprintf(errs, "%s: unknown flag %s\n\n%s", Name, safetext.Clean(a), usageText)
			return whenceUsage
		default:
			asked = append(asked, a)
		}
	}
	if len(asked) == 0 {
		fmt.Fprint(errs, usageText)
		return whenceUsage
	}
	if err := w.open(); err != nil {
		fmt.Fprintf(errs, "%s: %v\n", Name, err)
		return whenceFailed
	}
	worst := whenceFound
	for i, a := range asked {
		if i > 0 {
			fmt.Fprintln(out)
		}
		lines, code, err := w.ask(a)
		for _, l := range lines {
			fmt.Fprintf(out, "%-10s %s\n", l[0], safetext.Clean(l[1]))
		}
		if err != nil {
			fmt.Fprintf(errs, "%s: %s: %v\n", Name, safetext.Clean(a), err)
			code = whenceFailed
		}
		worst = max(worst, code)
	}
	return worst
}

// command is one run of seaworthy-whence.
type command struct {
	root   string
	verify bool
	system systemRoot
}

// open finds the root of the system: it has the index.
func (w *command) open() error {
	roots := []string{w.root}
	if w.root == "" {
		roots = []string{"/", "/proc/1/root"}
	}
	var errs []error
	for _, root := range roots {
		if _, err := os.Stat(path.Join(root, whence.Path)); err != nil {
			errs = append(errs, err)
			continue
		}
		pid := "self"
		if root == "/proc/1/root" {
			pid = "1"
		}
		fd, err := unix.Open(root, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		if err != nil {
			return fmt.Errorf("%s: %w", root, err)
		}
		defer unix.Close(fd)
		m, p, err := locate(fd, pid)
		if err != nil {
			return fmt.Errorf("%s: %w", root, err)
		}
		w.root = root
		w.system.device = m.Device
		w.system.base, err = inside(m, p)
		return err
	}
	return fmt.Errorf("the system has no index of its files (it was built with --no-sbom, or this container cannot see it; see --root): %w", errors.Join(errs...))
}

// target is an opened file.
type target struct {
	fd int
	// pid is the process through whose mounts the file was found: "self" or a number.
	pid string
	// program is the path of the program of a process, "" for a file.
	program string
}

// openTarget opens a path, or the program of a process. /proc/PID/root/PATH is looked
// up as the process sees it.
func openTarget(arg string) (target, error) {
	t := target{pid: "self"}
	if pid, err := strconv.ParseUint(arg, 10, 31); err == nil {
		t.pid = strconv.FormatUint(pid, 10)
		arg = "/proc/" + t.pid + "/exe"
		if _, err := os.Stat("/proc/" + t.pid); err != nil {
			return t, errors.New("there is no such process (a file with this name: write ./" + t.pid + ")")
		}
	}
	rest, ok := strings.CutPrefix(arg, "/proc/")
	pid, rest, _ := strings.Cut(rest, "/")
	what, rest, _ := strings.Cut(rest, "/")
	if _, err := strconv.ParseUint(pid, 10, 31); !ok || err != nil {
		what = ""
	}
	var err error
	switch what {
	case "root":
		t.pid = pid
		root, err := unix.Open("/proc/"+pid+"/root", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		if err != nil {
			return t, fmt.Errorf("its root cannot be opened: %w", err)
		}
		defer unix.Close(root)
		t.fd, err = unix.Openat2(root, "./"+rest, &unix.OpenHow{Flags: unix.O_PATH | unix.O_CLOEXEC, Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS})
		return t, err
	case "exe":
		t.pid = pid
		if t.program, err = os.Readlink(arg); errors.Is(err, os.ErrNotExist) {
			return t, errors.New("it is a thread of the kernel, and has no program")
		} else if err != nil {
			return t, err
		}
	}
	t.fd, err = unix.Open(arg, unix.O_PATH|unix.O_CLOEXEC, 0)
	return t, err
}

// locate finds the mount of an open file, and its path for the process pid.
func locate(fd int, pid string) (*mountinfo.Mount, string, error) {
	text, err := os.ReadFile("/proc/self/fdinfo/" + strconv.Itoa(fd))
	if err != nil {
		return nil, "", err
	}
	id := ""
	for line := range bytes.Lines(text) {
		if v, ok := strings.CutPrefix(string(line), "mnt_id:"); ok {
			id = strings.TrimSpace(v)
		}
	}
	info, err := os.ReadFile("/proc/" + pid + "/mountinfo")
	if err != nil {
		return nil, "", err
	}
	p, err := os.Readlink("/proc/self/fd/" + strconv.Itoa(fd))
	if err != nil {
		return nil, "", err
	}
	if m := mountWithID(info, id); m != nil {
		return m, p, nil
	}
	// The kernel started PID 1 from its first mount, which another one covers.
	var st unix.Stat_t
	err = unix.Fstat(fd, &st)
	return &mountinfo.Mount{ID: id, Device: fmt.Sprintf("%d:%d", unix.Major(st.Dev), unix.Minor(st.Dev)), Root: "/", Point: "/"}, p, err
}

// ask answers one argument.
func (w *command) ask(arg string) (out [][2]string, code int, err error) {
	t, err := openTarget(arg)
	if err != nil {
		return nil, whenceFailed, err
	}
	defer unix.Close(t.fd)
	if t.program != "" {
		out = append(out, [2]string{"process", t.pid}, [2]string{"program", t.program})
	} else {
		out = append(out, [2]string{"path", arg})
	}
	var st unix.Stat_t
	if err := unix.Fstat(t.fd, &st); err != nil {
		return out, whenceFailed, err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG {
		return out, whenceFailed, errors.New("it is not a regular file, and only these have an origin")
	}
	m, p, err := locate(t.fd, t.pid)
	if err != nil {
		return out, whenceFailed, err
	}
	a := &answer{}
	deleted := st.Nlink == 0
	if deleted {
		p = strings.TrimSuffix(p, " (deleted)")
	}
	if a.place, err = w.system.placeOf(m, p); err != nil {
		return out, whenceFailed, err
	}
	if err := w.find(a); err != nil {
		return out, whenceFailed, err
	}
	if a.place.upper != "" {
		_, err := os.Lstat(path.Join(w.root, a.place.upper))
		a.written = err == nil
	}
	lines, code := a.lines()
	out = append(out, lines...)
	if deleted {
		out = append(out, [2]string{"note", "the file was deleted or replaced after it was opened"})
	}
	if !w.verify || a.origin == nil {
		return out, code, nil
	}
	got, err := sumOpen(t.fd)
	if err != nil {
		return out, whenceFailed, err
	}
	if got != a.origin.File.Digest {
		return append(out, [2]string{"verified", "NO: the content is " + got.String() + ", and the image has " + a.origin.File.Digest.String()}), whenceChanged, nil
	}
	return append(out, [2]string{"verified", "yes, the content is that of the image"}), code, nil
}

// find looks the place up in the index.
func (w *command) find(a *answer) error {
	f, err := os.Open(path.Join(w.root, whence.Path))
	if err != nil {
		return err
	}
	defer f.Close()
	at := "\x00" // the path of no file
	if a.place.known {
		at = a.place.path
	}
	a.index, a.origin, err = whence.Find(f, at)
	return err
}

// sumOpen is the digest of the content of a file that was opened with O_PATH.
func sumOpen(fd int) (whence.Digest, error) {
	f, err := os.Open("/proc/self/fd/" + strconv.Itoa(fd))
	if err != nil {
		return whence.Digest{}, err
	}
	defer f.Close()
	h := sha256.New()
	_, err = io.Copy(h, f)
	return whence.Digest(h.Sum(nil)), err
}
