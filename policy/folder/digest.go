package folder

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/internal/digests"
)

// DigestPath is the path of a file in a digest. Built-in files and the files of a
// folder have different ones.
func DigestPath(p string, builtin bool) string {
	if builtin {
		return "builtin/" + p
	}
	return "own/" + p
}

// Digest is sha256:HEX over the path and the content of each file, in path
// order, lengths first.
func Digest(files []File) string {
	files = slices.Clone(files)
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	files = slices.CompactFunc(files, func(a, b File) bool { return a.Path == b.Path })
	h := sha256.New()
	for _, f := range files {
		fmt.Fprintf(h, "%d %s %d\n", len(f.Path), f.Path, len(f.Content))
		h.Write(f.Content)
	}
	return digests.Sum(h)
}
