// Package remedy applies the edits of findings to os.yml and shows them as unified
// diffs.
package remedy

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/spec"
	"github.com/seaworthy-os/seaworthy/builder/spec/edit"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/internal/words"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// Sources reads the os.yml files of a decision: from paths, in merge order, or if
// paths is empty, from the paths in the decision. A file that changed after the
// decision is an ErrMismatch, because an edit would change the wrong lines.
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
	out, err := Files(paths)
	if err != nil {
		return nil, err
	}
	for i := range out {
		if got := digests.Of(out[i].Data); got != d.System.Sources[i].Digest {
			return nil, system.Mismatch("%s changed after the decision: its digest is now %s", paths[i], got).Suggest("make a new decision: seaworthy check")
		}
		out[i].Name = d.System.Sources[i].Path
	}
	return out, nil
}

// Files reads os.yml files. Their names are the paths.
func Files(paths []string) ([]edit.File, error) {
	wd, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	var out []edit.File
	for _, path := range paths {
		data, err := bounded.ReadFile(path, spec.MaxFileBytes)
		if err != nil {
			return nil, system.BadInput("cannot read %s", path).Because(err).Suggest("give the current paths of the os.yml files")
		}
		f := edit.File{Name: path, Data: data}
		if outside(wd, path) {
			f.Path = path
		}
		out = append(out, f)
	}
	return out, nil
}

// ownPaths returns the paths in the decision. The decision or its facts can be
// hostile, so only regular files are accepted: reading a pipe would block.
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

// outside reports whether a file is outside a folder. The decision's relative name of
// such a file can be the name of another file in the folder.
func outside(dir, path string) bool {
	full, err := filepath.Abs(path)
	if err != nil {
		return true
	}
	rel, err := filepath.Rel(dir, full)
	return err != nil || !filepath.IsLocal(rel)
}

// Line returns the line of os.yml at which a value was set, "" if it is unknown. A
// line that may contain a secret is replaced by a note.
func Line(o *decision.Origin, sources []edit.File) string {
	if o == nil || o.Line == 0 {
		return ""
	}
	for _, s := range sources {
		if lines := strings.Split(string(s.Data), "\n"); s.Name == o.File && o.Line <= len(lines) {
			if line := lines[o.Line-1]; !Confidential(line) {
				return line
			}
			return "(not shown: this line may contain a secret)"
		}
	}
	return ""
}

// Diff returns the diff of os.yml that makes a finding pass, for patch -p1. It is ""
// if no edit does. It contains lines of os.yml, which can hold secrets.
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

// Next is Diff for files that already have the edits of other findings: sources are
// the files of the decision, now their current contents. It returns the diff and the
// new contents. The diff is "" if the other edits already fix this finding.
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
