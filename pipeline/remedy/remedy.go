// Package remedy makes the edits of findings in os.yml, and shows them as unified
// diffs.
package remedy

import (
	"os"
	"path/filepath"

	"github.com/seaworthy-os/seaworthy/builder/spec"
	"github.com/seaworthy-os/seaworthy/builder/spec/edit"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/internal/words"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// Sources reads the os.yml files that a decision was about: at paths, in merge
// order, or where the decision says that they are. A file that is not the one
// that was decided about is an error of the kind system.ErrMismatch: an edit
// would go astray.
func Sources(d *decision.Decision, paths []string) ([]edit.File, error) {
	if len(paths) == 0 {
		var err error
		if paths, err = ownPaths(d); err != nil {
			return nil, err
		}
	}
	if len(paths) != len(d.System.Sources) {
		return nil, system.BadInput("%s given, but the decision is about %d", words.Count(len(paths), "os.yml file", "os.yml files"), len(d.System.Sources)).
			Suggest("give the same files in the same order")
	}
	wd, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	var out []edit.File
	for i, path := range paths {
		data, err := bounded.ReadFile(path, spec.MaxFileBytes)
		if err != nil {
			return nil, system.BadInput("cannot read %s", path).Because(err).Suggest("give the current paths of the os.yml files")
		}
		if got := digests.Of(data); got != d.System.Sources[i].Digest {
			return nil, system.Mismatch("%s changed after the decision: its digest is now %s", path, got).Suggest("make a new decision: seaworthy check")
		}
		f := edit.File{Name: d.System.Sources[i].Path, Data: data}
		if outside(wd, path) {
			f.Path = path
		}
		out = append(out, f)
	}
	return out, nil
}

// ownPaths are where a decision says that its os.yml files are. Who wrote it, or
// the facts that it was made by, may have named anything: a pipe would be waited
// for.
func ownPaths(d *decision.Decision) ([]string, error) {
	var out []string
	for _, s := range d.System.Sources {
		if info, err := os.Stat(s.Path); err == nil && !info.Mode().IsRegular() {
			return nil, system.BadInput("%q is not a regular file", s.Path).Suggest("give the current paths of the os.yml files")
		}
		out = append(out, s.Path)
	}
	return out, nil
}

// outside: a file does not lie below a folder. What a decision calls it there
// may be the name of another one in the folder.
func outside(dir, path string) bool {
	full, err := filepath.Abs(path)
	if err != nil {
		return true
	}
	rel, err := filepath.Rel(dir, full)
	return err != nil || !filepath.IsLocal(rel)
}

// Diff is the diff of os.yml that makes a finding pass, for patch -p1; "" where
// no edit does. It shows lines of os.yml as they stand.
func Diff(sources []edit.File, f *decision.Finding) (string, error) {
	if len(f.Edits) == 0 {
		return "", nil
	}
	after, err := edit.Apply(sources, f.Edits)
	if err != nil {
		return "", err
	}
	return edit.Diff(sources, after), nil
}

// Next is Remedy for files to which the remedies of other findings have
// been applied: sources are what was decided about, now what became of them. It
// gives what becomes of them next. The diff is "" too where the others mend this
// finding as well.
func Next(sources, now []edit.File, f *decision.Finding) (string, []edit.File, error) {
	if len(f.Edits) == 0 {
		return "", now, nil
	}
	after, err := edit.Follow(sources, now, f.Edits)
	if err != nil {
		return "", now, err
	}
	return edit.Diff(now, after), after, nil
}
