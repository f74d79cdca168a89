package rootfs

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// Sink returns the sink that lays out component c. It also writes the
// component's own folder, so call it when the pass over c begins.
func (t *Tree) Sink(c *system.Component) (system.Sink, error) {
	t.displaced.close()
	t.current, t.displaced = c, newDisplaced(t.tempDir)
	if c.Section == system.SectionKernel {
		return &kernelSink{t: t, c: c}, nil
	}
	s := &imageSink{t: t, c: c, made: map[string]bool{}}
	if c.Section != system.SectionInit {
		if err := t.componentDir(c); err != nil {
			return nil, err
		}
	}
	return s, s.begin()
}

// leftOut are paths of an image that the tree does not contain, or that the
// builder makes itself.
var leftOut = []string{".dockerenv", "Dockerfile", "dev/console", "etc/hostname"}

// madeDirs are folders that exist in every root file system.
var madeDirs = []string{"dev", "dev/pts", "dev/shm", "etc", "proc", "sys"}

// hosts is the content of /etc/hosts in every root file system.
const hosts = `127.0.0.1       localhost
::1     localhost ip6-localhost ip6-loopback
fe00::0 ip6-localnet
ff00::0 ip6-mcastprefix
ff02::1 ip6-allnodes
ff02::2 ip6-allrouters
`

// containerResolvConf is a placeholder in a container. A bind mount can cover
// it.
const containerResolvConf = "\n# no resolv.conf configured\n"

// resolvConf is the file where the running system keeps its name servers.
const resolvConf = "/run/resolvconf/resolv.conf"

// imageSink lays out an init image, a volume or a container.
type imageSink struct {
	t *Tree
	c *system.Component
	// made holds the paths that begin wrote. Entries of the image at these
	// paths are skipped.
	made map[string]bool
	// mtab: the image has /etc/mtab.
	mtab bool
}

// begin writes the entries that every root file system has. They replace
// entries of the image.
func (s *imageSink) begin() error {
	for _, d := range madeDirs {
		if err := s.make(system.Entry{Path: d, Type: system.TypeDir, Mode: 0o755}, nil); err != nil {
			return err
		}
	}
	if err := s.make(system.Entry{Path: "etc/hosts", Type: system.TypeFile, Mode: 0o644}, []byte(hosts)); err != nil {
		return err
	}
	if s.container() {
		return s.make(system.Entry{Path: "etc/resolv.conf", Type: system.TypeFile, Mode: 0o644}, []byte(containerResolvConf))
	}
	return s.make(system.Entry{Path: "etc/resolv.conf", Type: system.TypeSymlink, Mode: 0o644, Link: resolvConf}, nil)
}

// container reports whether the component is a container, not an init image or
// a volume.
func (s *imageSink) container() bool {
	return s.c.Section != system.SectionInit && s.c.Section != system.SectionVolumes
}

func (s *imageSink) make(e system.Entry, data []byte) error {
	s.made[e.Path] = true
	if s.replaced(&e) {
		return nil
	}
	e.Size = int64(len(data))
	w, err := s.emit(&e)
	if err != nil || w == nil {
		return err
	}
	if _, err := w.Write(data); err != nil {
		return err
	}
	return w.Close()
}

func (s *imageSink) Entry(e *system.Entry) (io.WriteCloser, error) {
	if e.Shadowed {
		return nil, nil
	}
	if s.made[e.Path] || isLeftOut(e.Path) {
		return s.t.displaced.keep(e)
	}
	if e.Path == "etc/mtab" {
		s.mtab = true
	}
	if s.replaced(e) {
		s.made[e.Path] = true
		return s.t.displaced.keep(e)
	}
	if s.c.Section == system.SectionInit && s.t.links.place(e.Path) == s.t.links.place(apkPath) && e.Type == system.TypeFile {
		return s.t.collectAPK(s.c, e)
	}
	return s.emit(e)
}

// isLeftOut reports whether p is not in the tree. p or a parent folder is in
// leftOut, or p is below a path that the builder makes as a file or as an empty
// folder.
func isLeftOut(p string) bool {
	for _, q := range leftOut {
		if p == q || below(p, q) {
			return true
		}
	}
	for _, q := range []string{"etc/hosts", "etc/resolv.conf", "dev/pts", "dev/shm"} {
		if below(p, q) {
			return true
		}
	}
	return false
}

// replaced reports whether os.yml adds a file to the volume at the path of e.
func (s *imageSink) replaced(e *system.Entry) bool {
	f := s.t.added(s.c)[path.Join(s.c.FilesDir, e.Path)]
	return f != nil && (f.Type != system.TypeDir) && e.Type != system.TypeDir
}

func (s *imageSink) Finish() error {
	if mtab := (system.Entry{Path: "etc/mtab", Type: system.TypeSymlink, Mode: 0o755, Link: "/proc/mounts"}); !s.mtab && !s.replaced(&mtab) {
		if _, err := s.emit(&mtab); err != nil {
			return err
		}
	}
	return s.t.volumeFiles(s.c)
}

// emit writes an entry of the image to its place in the tree.
func (s *imageSink) emit(e *system.Entry) (io.WriteCloser, error) {
	r := &system.RootEntry{Entry: *e, Component: s.c.ID()}
	if s.c.Section == system.SectionInit {
		return s.t.emitRoot(r)
	}
	r.Path = path.Join(s.c.FilesDir, e.Path)
	if err := shift(r, s.c.Users); err != nil {
		return nil, err
	}
	if added := s.t.added(s.c); len(added) > 0 {
		s.t.root[r.Path] = written{typ: e.Type, component: s.c.ID()}
		if f := added[r.Path]; f != nil && f.Type == system.TypeDir && e.Type == system.TypeDir {
			r.Mode, r.UID, r.GID = f.Mode, f.UID, f.GID
		}
	}
	if e.Type == system.TypeHardlink {
		if done, err := s.t.restore(r, e.Link); done || err != nil {
			return nil, err
		}
		r.Link = path.Join(s.c.FilesDir, e.Link)
	}
	return s.t.out.Entry(r)
}

// shift gives an entry to the ids that a container with its own range has on the host.
func shift(r *system.RootEntry, first uint32) error {
	if first == 0 {
		return nil
	}
	if min(r.UID, r.GID) < 0 || max(r.UID, r.GID) >= system.UsersPerContainer {
		return fmt.Errorf("/%s belongs to %d:%d, but a container with `userns: auto` has only ids below %d", r.Path, r.UID, r.GID, system.UsersPerContainer)
	}
	r.UID += int(first)
	r.GID += int(first)
	return nil
}

// emitRoot writes an entry of the kernel's tarball or of an init image into /.
// It skips the entry if a source with higher precedence has the path.
func (t *Tree) emitRoot(r *system.RootEntry) (io.WriteCloser, error) {
	own := r.Entry // with the path that it has in the image
	t.links.note(&own, false)
	r.Path = t.links.place(r.Path)
	if system.Reserved(r.Path) != "" {
		return nil, fmt.Errorf("/%s would change a component or a boot file; only the builder can write there", r.Path)
	}
	if t.links.merged(r.Path) && r.Type == system.TypeDir {
		return nil, nil // another source has a link at this path
	}
	if w, ok := t.root[r.Path]; ok {
		if err := t.conflict(r, w); err != nil {
			return nil, err
		}
		return t.displaced.keep(&own)
	}
	for _, d := range parents(r.Path) {
		if w, ok := t.root[d]; ok && w.typ != system.TypeDir {
			// A later init image has replaced the folder, so its entries are
			// gone too.
			return t.displaced.keep(&own)
		}
	}
	if err := t.writeTargets(r.Path, r.Component); err != nil {
		return nil, err
	}
	t.root[r.Path] = written{typ: r.Type, component: r.Component}
	if r.Type == system.TypeHardlink {
		if done, err := t.restore(r, own.Link); done || err != nil {
			return nil, err
		}
		r.Link = t.links.place(own.Link)
		w, ok := t.root[r.Link]
		if !ok || w.component != r.Component || w.typ != system.TypeFile && w.typ != system.TypeHardlink {
			return nil, fmt.Errorf("/%s is a hard link to /%s, which another source replaces", own.Path, own.Link)
		}
	}
	return t.out.Entry(r)
}

// conflict returns an error if two sources must not both have r's path.
func (t *Tree) conflict(r *system.RootEntry, w written) error {
	switch {
	case r.Type == system.TypeSymlink && t.links.merged(r.Path):
		return nil // the link already exists
	case w.implicit && r.Type == system.TypeSymlink:
		return t.deferError(r.Path, fmt.Errorf("/%s is a link to %q, but the files section has files below it: use the target of the link in the files section", r.Path, r.Link))
	case w.component == "kernel" && !(r.Type == system.TypeDir && w.typ == system.TypeDir):
		return t.deferError(r.Path, fmt.Errorf("/%s is already in the tarball of the kernel", r.Path))
	}
	return nil
}

// below reports whether p is inside folder dir.
func below(p, dir string) bool { return strings.HasPrefix(p, dir+"/") }

// kernelSink writes the kernel, its microcode and its tarball. It skips the
// other files of the image.
type kernelSink struct {
	t                  *Tree
	c                  *system.Component
	kernel, tar, ucode bool
	seen               []string
}

func (s *kernelSink) Entry(e *system.Entry) (io.WriteCloser, error) {
	if e.Shadowed {
		return nil, nil
	}
	k := &s.t.os.Kernel
	r := &system.RootEntry{Entry: *e, Component: s.c.ID()}
	if e.Archive != "" {
		return s.t.emitRoot(r)
	}
	if len(s.seen) < 20 {
		s.seen = append(s.seen, e.Path)
	}
	switch e.Path {
	case k.Tar:
		s.tar = true
		return nil, nil
	case k.Binary:
		s.kernel = true
		r.Path = "boot/kernel"
	case k.Ucode:
		s.ucode = true
		r.Path = "boot/ucode.cpio"
		r.Mode = 0o644
	default:
		return nil, nil
	}
	if e.Type != system.TypeFile {
		return nil, fmt.Errorf("/%s is a %s; it must be a regular file", e.Path, e.Type)
	}
	s.t.root[r.Path] = written{typ: system.TypeFile, component: s.c.ID()}
	return s.t.out.Entry(r)
}

func (s *kernelSink) Finish() error {
	k := &s.t.os.Kernel
	for _, want := range []struct {
		key, path string
		got       bool
	}{
		{"binary", k.Binary, s.kernel}, {"tar", k.Tar, s.tar || k.Tar == ""}, {"ucode", k.Ucode, s.ucode || k.Ucode == ""},
	} {
		if !want.got {
			return system.Unusable("kernel image %s has no file %q (kernel.%s)", s.c.Image.Reference, want.path, want.key).At(s.c.Pos).
				Suggest("use one of these files: %s", strings.Join(s.seen, ", "))
		}
	}
	return nil
}

// apkPath is Alpine's package database. Each init image has its own.
const apkPath = "lib/apk/db/installed"

// maxAPK bounds one image's package database, in bytes.
const maxAPK = 64 << 20

// collectAPK keeps the package database of an init image for writeAPK.
func (t *Tree) collectAPK(c *system.Component, e *system.Entry) (io.WriteCloser, error) {
	if e.Size > maxAPK {
		return nil, fmt.Errorf("/%s has %d bytes, more than %d", apkPath, e.Size, maxAPK)
	}
	return &collector{done: func(b []byte) { t.apk[c.Index] = b }}, nil
}

type collector struct {
	bytes.Buffer
	done func([]byte)
}

func (c *collector) Close() error { c.done(c.Bytes()); return nil }

// writeAPK joins the package databases of the init images in their order. A
// single database stays unchanged.
func (t *Tree) writeAPK() error {
	apkPath := t.links.place(apkPath)
	if _, ok := t.root[apkPath]; ok || len(t.apk) == 0 {
		return nil
	}
	var joined []byte
	for _, i := range slices.Sorted(maps.Keys(t.apk)) {
		if len(t.apk) == 1 {
			return t.content(apkPath, 0o644, t.apk[i], "init")
		}
		joined = append(append(joined, t.apk[i]...), "\n\n"...)
	}
	return t.content(apkPath, 0o644, joined, "init")
}
