// Package filesystem writes read-only root file systems from the ordered stream of
// a system: EROFS, and ISO 9660 with Rock Ridge. The contents of files are written
// as they come, and the folders at the end, so memory grows with the number of
// files but not with their sizes. Equal streams give equal bytes.
//
// The existing libraries and programs do not fit. A system can have hard links and
// extended attributes, and a build must not need the user root: go-erofs 0.3 writes
// hard links as copies, and mkfs.erofs before 1.7 and genisoimage read folders, whose
// owners and device nodes only root can make.
package filesystem

import (
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// Writer writes one file system.
type Writer interface {
	// Entry takes the next entry. It follows the contract of system.Sink.
	Entry(*system.Entry) (io.WriteCloser, error)
	// Close completes the file system, and returns its size in bytes. It does not
	// close the file.
	Close() (int64, error)
}

// File is what a file system is written to.
type File interface {
	io.WriterAt
	Truncate(int64) error
}

// node is one file, folder, link or device. A file with several names is one node.
type node struct {
	e *system.Entry
	// at is where the content of a file begins, in blocks.
	at int64
	// nid is the number of an inode of EROFS, and core the size of the inode.
	nid  uint64
	core int
	// size is that of a folder, in bytes.
	size int64
	// names is the number of paths that the node has.
	names int
	// parent and children belong to folders. The parent of the root is the root.
	parent   *node
	children []child
	folders  int // children that are folders
}

// child is a node under one of its names.
type child struct {
	name string
	n    *node
}

func (n *node) folder() bool { return n.e.Type == system.TypeDir }

// links is the number of names as stat(2) counts them.
func (n *node) links() uint32 {
	if n.folder() {
		return uint32(2 + n.folders)
	}
	return uint32(n.names)
}

// modes are the types of files in a mode (stat(2)).
var modes = map[system.EntryType]uint32{
	system.TypeFile: 0o100000, system.TypeDir: 0o040000, system.TypeSymlink: 0o120000,
	system.TypeChar: 0o020000, system.TypeBlock: 0o060000, system.TypeFifo: 0o010000,
}

func (n *node) mode() uint32 { return modes[n.e.Type] | n.e.Mode&0o7777 }

// tree is what a stream has described so far.
type tree struct {
	root *node
	// paths finds folders and files, for their entries and their hard links.
	paths map[string]*node
}

func newTree() *tree {
	root := &node{e: &system.Entry{Type: system.TypeDir, Mode: 0o755}, names: 1}
	root.parent = root
	return &tree{root: root, paths: map[string]*node{".": root}}
}

// add adds an entry. For a hard link it returns the node of the file.
func (t *tree) add(e *system.Entry) (*node, error) {
	parent := t.paths[path.Dir(e.Path)]
	if parent == nil || !parent.folder() {
		return nil, fmt.Errorf("the folder /%s is missing", path.Dir(e.Path))
	}
	if t.paths[e.Path] != nil {
		return nil, errors.New("the path occurs twice")
	}
	n := &node{e: e}
	switch {
	case e.Type == system.TypeHardlink:
		if n = t.paths[e.Link]; n == nil || n.folder() {
			return nil, fmt.Errorf("hard link to /%s, which is not a file of the root", e.Link)
		}
	case modes[e.Type] == 0:
		return nil, fmt.Errorf("cannot write a %s", e.Type)
	case n.folder():
		n.parent = parent
		parent.folders++
	}
	if n.names++; n.names > maxNames {
		return nil, fmt.Errorf("a file with more than %d names", maxNames)
	}
	t.paths[e.Path] = n
	parent.children = append(parent.children, child{path.Base(e.Path), n})
	return n, nil
}

// maxNames is what the smaller inode of EROFS counts.
const maxNames = 1<<16 - 1

// all lists the folders, parents first, with their children sorted by name.
func (t *tree) all() []*node {
	out := []*node{t.root}
	for i := 0; i < len(out); i++ {
		slices.SortFunc(out[i].children, func(a, b child) int { return strings.Compare(a.name, b.name) })
		for _, c := range out[i].children {
			if c.n.folder() {
				out = append(out, c.n)
			}
		}
	}
	return out
}

func divUp[T int | int64](n, unit T) T { return (n + unit - 1) / unit }

func roundUp[T int | int64](n, unit T) T { return divUp(n, unit) * unit }
