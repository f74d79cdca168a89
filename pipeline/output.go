package pipeline

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/policy/report"
)

// output is a folder in the making: written beside its target and renamed into
// place, so that a failed or killed build leaves what was there before.
type output struct {
	target, dir string
}

func newOutput(target string) (*output, error) {
	abs, err := filepath.Abs(target)
	if err != nil {
		return nil, err
	}
	if err := replaceable(abs); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(abs), 0o755); err != nil {
		return nil, &system.Error{Kind: system.ErrUnusable, What: "output folder " + target, Err: err}
	}
	dir, err := os.MkdirTemp(filepath.Dir(abs), "."+filepath.Base(abs)+".tmp-")
	if err != nil {
		return nil, &system.Error{Kind: system.ErrUnusable, What: "output folder " + target, Err: err}
	}
	return &output{target: abs, dir: dir}, os.Chmod(dir, 0o755)
}

// replaceable refuses a target that is no output of ours: a build must never
// delete somebody's folder because a flag was wrong.
func replaceable(target string) error {
	entries, err := os.ReadDir(target)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err != nil:
		return &system.Error{Kind: system.ErrUnusable, What: "output folder " + target, Err: err}
	case len(entries) == 0:
		return nil
	}
	if _, err := os.Stat(filepath.Join(target, "decision.json")); err != nil {
		return &system.Error{Kind: system.ErrInput, What: fmt.Sprintf("output folder %s is not empty and holds no earlier build", target),
			Next: "choose another --output-dir, or remove it yourself"}
	}
	return nil
}

// write puts a file into the folder, with the same mode under any umask.
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

// commit puts the folder into place and removes an old denial.
func (o *output) commit() (string, error) {
	if err := replace(o.dir, o.target); err != nil {
		return "", err
	}
	return o.target, os.RemoveAll(o.target + ".denied")
}

// deny deletes what was assembled and leaves the decision in TARGET.denied.
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
	return denied.target, replace(denied.dir, denied.target)
}

// reports writes decision.json and the report page.
func (o *output) reports(c *Checked, signedBy string) error {
	for name, format := range map[string]string{"decision.json": "json", "report.html": "html"} {
		var b bytes.Buffer
		if err := report.Write(&b, format, c.Decision, report.Options{Signer: signedBy}); err != nil {
			return err
		}
		if err := o.write(name, b.Bytes()); err != nil {
			return err
		}
	}
	return nil
}

// discard removes what is left of the temporary folder.
func (o *output) discard() { os.RemoveAll(o.dir) }

// replace swaps dir into target's place in one step and deletes the old one.
func replace(dir, target string) error {
	err := unix.Renameat2(unix.AT_FDCWD, dir, unix.AT_FDCWD, target, unix.RENAME_EXCHANGE)
	switch {
	case err == nil:
		return os.RemoveAll(dir)
	case errors.Is(err, os.ErrNotExist):
		return os.Rename(dir, target)
	}
	// A file system without exchange: two renames, the old one kept until the
	// new one is in place.
	old := dir + ".old"
	if err := os.Rename(target, old); err != nil {
		return err
	}
	if err := os.Rename(dir, target); err != nil {
		return errors.Join(err, os.Rename(old, target))
	}
	return os.RemoveAll(old)
}
