package cli

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/outputfile"
	"github.com/seaworthy-os/seaworthy/pipeline/remedy"
	"github.com/seaworthy-os/seaworthy/policy"
	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/policy/report"
)

// Wanted is one --report: a format, and a file or stdout.
type Wanted struct{ format, file string }

// ParseReports parses --report for a decision. It returns all errors at once,
// before any work.
func ParseReports(args []string) ([]Wanted, error) { return ParseWanted(args, report.Check) }

// ParseWanted parses --report; check refuses unknown formats.
func ParseWanted(args []string, check func(format string) error) ([]Wanted, error) {
	if len(args) == 0 {
		args = []string{"text"}
	}
	var out []Wanted
	var errs []error
	stdout := ""
	files := map[string]bool{}
	for _, a := range args {
		format, file, toFile := strings.Cut(a, "=")
		if err := check(format); err != nil {
			errs = append(errs, err)
			continue
		}
		switch {
		case toFile && file == "":
			errs = append(errs, system.BadInput("--report %q has no file name after =", a).Suggest("write --report %s=FILE, or --report %s for stdout", format, format))
		case !toFile && stdout != "":
			errs = append(errs, system.BadInput("--report %s and --report %s both go to stdout", stdout, format).
				Suggest("write one of them to a file: --report %s=FILE", format))
		case !toFile:
			stdout = format
		case files[filepath.Clean(file)]:
			errs = append(errs, system.BadInput("two reports go to the same file %s", file).Suggest("give each report its own file"))
		default:
			files[filepath.Clean(file)] = true
			errs = append(errs, outputfile.Check(file))
		}
		out = append(out, Wanted{format, file})
	}
	return out, errors.Join(errs...)
}

// WriteReports writes every report of one decision.
func (c *Streams) WriteReports(list []Wanted, d *decision.Decision, signer string) error {
	diff := remedy.All(d)
	return c.WriteWanted(list, func(w io.Writer, format string, o report.Options) error {
		o.Signer, o.Diff, o.Exit = signer, diff, policy.ExitCode(d)
		return report.Write(w, format, d, o)
	})
}

// WriteWanted writes each report to stdout, or atomically to its file.
func (c *Streams) WriteWanted(list []Wanted, write func(io.Writer, string, report.Options) error) error {
	t, err := SourceDate()
	if err != nil {
		return err
	}
	dir, err := os.Getwd()
	if err != nil {
		return err
	}
	root := repository(dir)
	for _, w := range list {
		o := report.Options{Time: t, Root: root, Dir: dir}
		if w.file == "" {
			var tty bool
			o.Width, tty = Terminal(c.Out)
			o.Color = tty && os.Getenv("NO_COLOR") == ""
			if err := write(c.Out, w.format, o); err != nil {
				return err
			}
			continue
		}
		err := outputfile.Write(w.file, func(f io.Writer) error { return write(f, w.format, o) })
		if err != nil {
			return err
		}
	}
	return nil
}

// repository is the top folder of the repository that contains dir, else dir. Code
// hosts name files relative to this folder.
func repository(dir string) string {
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := os.Lstat(filepath.Join(at, ".git")); err == nil {
			return at
		}
		if at == filepath.Dir(at) {
			return dir
		}
	}
}

// OutsideOf refuses reports in the output folder of a build: the folder is sealed,
// and verify refuses a folder with an added file.
func OutsideOf(dir string, reports []Wanted) error {
	folder, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	var errs []error
	for _, w := range reports {
		if w.file == "" {
			continue
		}
		file, err := filepath.Abs(w.file)
		if err != nil {
			return err
		}
		if rel, err := filepath.Rel(folder, file); err == nil && filepath.IsLocal(rel) {
			errs = append(errs, system.BadInput("--report %s=%s is in the output folder, which is sealed", w.format, w.file).
				Suggest("give a file in another folder; build always writes decision.json and report.html to the output folder"))
		}
	}
	return errors.Join(errs...)
}
