package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/policy/report"
)

// wanted is one --report: a format, and a file or stdout.
type wanted struct{ format, file string }

// parseReports reads --report, all errors at once, before any work.
func parseReports(args []string) ([]wanted, error) {
	if len(args) == 0 {
		args = []string{"text"}
	}
	var out []wanted
	var errs []error
	stdout := ""
	for _, a := range args {
		format, file, toFile := strings.Cut(a, "=")
		if err := report.Check(format); err != nil {
			errs = append(errs, err)
			continue
		}
		switch {
		case toFile && file == "":
			errs = append(errs, usageError(fmt.Sprintf("--report %q names no file", a), ""))
		case !toFile && stdout != "":
			errs = append(errs, usageError(fmt.Sprintf("--report %s and --report %s both go to stdout", stdout, format), "write one to a file: --report "+format+"=FILE"))
		case !toFile:
			stdout = format
		}
		out = append(out, wanted{format, file})
	}
	return out, errors.Join(errs...)
}

// writeReports writes every report of one decision.
func (c *cli) writeReports(list []wanted, d *decision.Decision, signer string) error {
	for _, w := range list {
		o := report.Options{Signer: signer}
		if w.file == "" {
			var tty bool
			o.Width, tty = terminal(c.out)
			o.Color = tty && os.Getenv("NO_COLOR") == ""
			if err := report.Write(c.out, w.format, d, o); err != nil {
				return err
			}
			continue
		}
		err := writeWhole(w.file, func(f io.Writer) error { return report.Write(f, w.format, d, o) })
		if err != nil {
			return err
		}
	}
	return nil
}

// writeWhole writes a file beside its place and renames it there.
func writeWhole(path string, write func(io.Writer) error) error {
	var b bytes.Buffer
	if err := write(&b); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".tmp-")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	if _, err := tmp.Write(b.Bytes()); err != nil {
		return errors.Join(err, tmp.Close())
	}
	if err := errors.Join(tmp.Chmod(0o644), tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}
