package recipe

import (
	"context"
	"fmt"
	"io"
	"os"
	"path"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// unpack adds the kept files of the packages to the tree.
func unpack(ctx context.Context, t *tree, sp *spool, rec *Recipe, packages []*debPackage) error {
	spare := &spares{licences: map[string]*node{}, libraries: map[string]*node{}, wantLibraries: rec.Libraries}
	named := map[string]bool{}
	for _, p := range rec.Debian.Packages {
		name, _, _ := strings.Cut(p.Text, "=")
		named[name] = true
	}
	for _, p := range packages {
		if err := ctx.Err(); err != nil {
			return err
		}
		keeps := rec.keeps
		if p.Name == osRelease && !named[osRelease] {
			keeps = func(p string) bool { return p == "usr/lib/os-release" || p == "etc/os-release" }
		}
		if err := unpackOne(t, sp, p, keeps, spare); err != nil {
			return &system.Error{Kind: kindOf(err), What: fmt.Sprintf("package %s %s", p.Name, p.Version), Err: err}
		}
	}
	if rec.Libraries {
		if err := addLibraries(t, spare.libraries); err != nil {
			return err
		}
	}
	return keepLicences(t, spare.licences)
}

// spares are files that no filter keeps, but that may be added later: licences of
// kept packages, and libraries of kept programs.
type spares struct {
	licences, libraries map[string]*node
	wantLibraries       bool
}

func unpackOne(t *tree, sp *spool, p *debPackage, keeps func(string) bool, spare *spares) error {
	f, err := os.Open(p.file)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := verifyReader(f, p.SHA256); err != nil {
		return err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	own := map[string]*node{}
	return readDeb(f, func(e *debEntry, r io.Reader) error {
		n := &node{path: e.Path, typ: e.Type, mode: e.Mode, uid: e.UID, gid: e.GID, link: e.Link, owner: p.Name}
		_, doc := docPackage(e.Path)
		lib := spare.wantLibraries && isSpare(e.Path) && !keeps(e.Path)
		switch {
		case e.Type == system.TypeDir:
			if t.dirs[e.Path] == nil {
				t.dirs[e.Path] = n
			}
			if !keeps(e.Path) {
				return nil
			}
		case !keeps(e.Path) && !doc && !lib:
			return nil
		}
		if e.Type == system.TypeHardlink {
			target := own[e.Link]
			if target == nil || target.typ != system.TypeFile {
				return fmt.Errorf("hard link to %q, which is not a kept file of the package", e.Link)
			}
			linked := *target
			linked.path = e.Path
			n = &linked
		} else if e.Type == system.TypeFile {
			var err error
			if n.content, err = sp.add(r); err != nil {
				return err
			}
		}
		own[e.Path] = n
		switch {
		case n.typ == system.TypeDir:
		case doc:
			spare.licences[e.Path] = n
			return nil
		case lib:
			spare.libraries[e.Path] = n
			return nil
		}
		return t.addPackage(n)
	})
}

// keepLicences adds the copyright file of every package with a kept file. If the
// copyright file is a link, its target is added too.
func keepLicences(t *tree, licences map[string]*node) error {
	owners := map[string]bool{}
	for _, n := range t.nodes {
		if n.typ != system.TypeDir {
			owners[n.owner] = true
		}
	}
	for _, owner := range sortedKeys(owners) {
		at := docs + owner
		for hops := 0; hops < 4; hops++ {
			link := licences[at]
			if link == nil || link.typ != system.TypeSymlink {
				break
			}
			if err := keepOnce(t, link); err != nil {
				return err
			}
			target := path.Join(path.Dir(at), link.link)
			if !strings.HasPrefix(target+"/", docs) {
				break
			}
			at = target
		}
		if n := licences[at+"/copyright"]; n != nil {
			if err := keepOnce(t, n); err != nil {
				return err
			}
			if n.typ == system.TypeSymlink {
				if target := licences[path.Join(at, n.link)]; target != nil {
					if err := keepOnce(t, target); err != nil {
						return err
					}
				}
			}
		}
	}
	return nil
}

func keepOnce(t *tree, n *node) error {
	if t.nodes[n.path] == n {
		return nil
	}
	return t.addPackage(n)
}
