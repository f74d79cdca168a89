package files

import (
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
	"github.com/seaworthy-os/seaworthy/scanner/tree"
)

var (
	// systemFolders contain the host's programs and settings.
	systemFolders = []string{"/bin", "/etc", "/lib", "/lib32", "/lib64", "/libx32", "/sbin", "/usr"}
	// hiddenFolders are folders over which boot mounts another file system.
	hiddenFolders = []string{"/dev", "/proc", "/run", "/sys", "/tmp", "/var"}
)

// ListLinks adds to the inventory the symbolic links by which a path of the
// host leads elsewhere: those of nested archives and, with root, those of the
// image itself. Hundreds of links among programs and settings lead to a file
// there. They are left out, because they make nothing else reachable. Call
// ListLinks before Inventory.
func (s *Sink) ListLinks(root bool) {
	s.root = root
	for _, p := range s.tree.Paths() {
		e := s.tree.Get(p)
		if e.Type != system.TypeSymlink || e.Archive == "" && !root {
			continue
		}
		at := inRoot(p, e)
		switch {
		case below(at, hiddenFolders) || s.staysInside(p, at):
		case len(s.inv.Links) >= facts.MaxListed:
			s.inv.Truncated = true
			return
		default:
			s.inv.Links = append(s.inv.Links, facts.Link{Path: at, Target: e.Link})
		}
	}
}

// staysInside reports whether the link at p, which is at in the host, leads to
// a file among the programs and settings.
func (s *Sink) staysInside(p, at string) bool {
	real, to, ok := s.tree.Resolve(p)
	return ok && to != nil && to.Type == system.TypeFile && below(at, systemFolders) && below(inRoot(real, to), systemFolders)
}

// inRoot is the path of an entry after its archive is unpacked.
func inRoot(p string, e *system.Entry) string {
	if e.Archive == "" {
		return p
	}
	return strings.TrimPrefix(p, "/"+e.Archive+tree.ArchiveMark)
}

func below(p string, folders []string) bool {
	return slices.ContainsFunc(folders, func(dir string) bool { return strings.HasPrefix(p, dir+"/") })
}
