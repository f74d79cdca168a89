package pipeline

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"github.com/seaworthy-os/seaworthy/attest/layout"
	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/builder/image"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
	"github.com/seaworthy-os/seaworthy/pipeline/remedy"
	"github.com/seaworthy-os/seaworthy/policy/report"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// output is an output folder that is being written. It is written next to its target
// and renamed into place, so a failed or killed build leaves the old output.
type output struct {
	target, dir string
	// lock is held while a build writes dir; see sweep.
	lock *os.File
}

func newOutput(target string) (*output, error) {
	if target == "" {
		return nil, system.BadInput("the name of the output folder is empty")
	}
	abs, err := filepath.Abs(target)
	if err != nil {
		return nil, err
	}
	bad := func(err error) error {
		return system.Unusable("cannot use output folder %s", target).Because(err)
	}
	if err := os.MkdirAll(filepath.Dir(abs), 0o755); err != nil {
		return nil, bad(err)
	}
	prefix := "." + filepath.Base(abs) + ".tmp-"
	sweep(filepath.Dir(abs), prefix)
	dir, err := os.MkdirTemp(filepath.Dir(abs), prefix)
	if err != nil {
		return nil, bad(err)
	}
	o := &output{target: abs, dir: dir}
	if o.lock, err = os.Open(dir); err == nil {
		err = errors.Join(unix.Flock(int(o.lock.Fd()), unix.LOCK_EX|unix.LOCK_NB), os.Chmod(dir, 0o755))
	}
	if err != nil {
		o.discard()
		return nil, bad(err)
	}
	return o, nil
}

// staleAfter is the age from which an unlocked folder counts as abandoned. A new
// folder is locked only a moment after it was made.
const staleAfter = time.Minute

// sweep removes the folders of killed builds.
func sweep(parent, prefix string) {
	entries, _ := os.ReadDir(parent)
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !e.IsDir() || !strings.HasPrefix(e.Name(), prefix) || time.Since(info.ModTime()) < staleAfter {
			continue
		}
		dir, err := os.Open(filepath.Join(parent, e.Name()))
		if err != nil {
			continue
		}
		if unix.Flock(int(dir.Fd()), unix.LOCK_EX|unix.LOCK_NB) == nil {
			os.RemoveAll(dir.Name())
		}
		dir.Close()
	}
}

// replaceable returns an error if the target, or the folder of its denial, contains a
// file that was not written by a build: a wrong flag must never delete a user's
// files.
func replaceable(target string) error {
	if target == "" { // it would mean the working folder, which would be replaced
		return system.BadInput("the name of the output folder is empty").Suggest("give the folder a name")
	}
	for _, dir := range []string{target, target + ".denied"} {
		entries, err := os.ReadDir(dir)
		switch {
		case errors.Is(err, os.ErrNotExist):
			continue
		case errors.Is(err, unix.ENOTDIR):
			return system.BadInput("output folder %s is not a folder", dir).Suggest("choose another --output-dir, or remove this file")
		case err != nil:
			return system.Unusable("cannot use output folder %s", dir).Because(err)
		}
		ours := written(dir)
		for _, e := range entries {
			if !slices.Contains(ours, e.Name()) {
				return system.BadInput("output folder %s contains %q, which was not written by a build", dir, e.Name()).
					Suggest("choose another --output-dir, or remove this folder")
			}
		}
	}
	return nil
}

// written returns the names that the build of the output in dir can have written. It
// returns nil if dir has no decision.
func written(dir string) []string {
	f, err := bounded.Open(filepath.Join(dir, decisionFile))
	if err != nil {
		return nil
	}
	defer f.Close()
	var d struct {
		System struct {
			Name string `json:"name"`
		} `json:"system"`
	}
	if json.NewDecoder(f).Decode(&d) != nil || d.System.Name == "" {
		return nil
	}
	return append(image.Files(d.System.Name), decisionFile, factsFile, reportFile, statement.MeasurementsFile, sbomFolder, statement.Dir, layout.Dir)
}

// write writes a file into the folder. Its mode does not depend on the umask.
func (o *output) write(name string, data []byte) error {
	dir, path := o.dir, filepath.Join(o.dir, name)
	for d := filepath.Dir(name); d != "."; d = filepath.Dir(d) {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			return err
		}
		if err := os.Chmod(filepath.Join(dir, d), 0o755); err != nil {
			return err
		}
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		return err
	}
	return os.Chmod(path, 0o644)
}

// commit renames the folder into place, removes an old denial, and returns the
// target.
func (o *output) commit() (string, error) {
	if err := o.place(); err != nil {
		return "", err
	}
	return o.target, os.RemoveAll(o.target + ".denied")
}

// place syncs everything to disk before it renames, so after a power cut either the
// old output or the new one exists. Several files are synced at the same time, because
// the file system can then write what they have in common once.
func (o *output) place() error {
	var g errgroup.Group
	g.SetLimit(16)
	err := filepath.WalkDir(o.dir, func(path string, _ fs.DirEntry, err error) error {
		if err == nil {
			g.Go(func() error { return flush(path) })
		}
		return err
	})
	if err = errors.Join(err, g.Wait()); err == nil {
		err = replace(o.dir, o.target)
	}
	if err == nil {
		err = flush(filepath.Dir(o.target))
	}
	if err != nil {
		return system.Unusable("cannot use output folder %s", o.target).Because(err)
	}
	return nil
}

func flush(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// deny deletes the assembled files and leaves the decision in TARGET.denied, whose
// path it returns.
func (o *output) deny(c *Checked) (string, error) {
	if err := os.RemoveAll(o.dir); err != nil {
		return "", err
	}
	denied, err := newOutput(o.target + ".denied")
	if err != nil {
		return "", err
	}
	defer denied.discard()
	if err := denied.reports(c, ""); err != nil {
		return "", err
	}
	return denied.target, denied.place()
}

// Every output has these files, also a denied one.
const (
	decisionFile = statement.DecisionFile
	reportFile   = "report.html"
	factsFile    = "facts.json"
)

// reports writes decision.json, the report page, and the facts. With the facts, the
// system can be checked again or compared without its images.
func (o *output) reports(c *Checked, signedBy string) error {
	diff := remedy.All(c.Decision)
	raw, err := facts.Encode(c.Facts)
	if err != nil {
		return err
	}
	if err := o.write(factsFile, raw); err != nil {
		return err
	}
	for name, format := range map[string]string{decisionFile: "json", reportFile: "html"} {
		var b bytes.Buffer
		if err := report.Write(&b, format, c.Decision, report.Options{Signer: signedBy, Diff: diff}); err != nil {
			return err
		}
		if err := o.write(name, b.Bytes()); err != nil {
			return err
		}
	}
	return nil
}

// discard removes the temporary folder if it still exists.
func (o *output) discard() {
	os.RemoveAll(o.dir)
	if o.lock != nil {
		o.lock.Close()
	}
}

// replace exchanges dir and target in one step and deletes the old folder.
func replace(dir, target string) error {
	err := unix.Renameat2(unix.AT_FDCWD, dir, unix.AT_FDCWD, target, unix.RENAME_EXCHANGE)
	switch {
	case err == nil:
		return os.RemoveAll(dir)
	case errors.Is(err, os.ErrNotExist):
		return os.Rename(dir, target)
	}
	// The file system cannot exchange names, so rename twice and keep the old folder
	// until the new one is in place.
	old := dir + ".old"
	if err := os.Rename(target, old); err != nil {
		return err
	}
	if err := os.Rename(dir, target); err != nil {
		return errors.Join(err, os.Rename(old, target))
	}
	return os.RemoveAll(old)
}
