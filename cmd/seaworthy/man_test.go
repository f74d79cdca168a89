package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/seaworthy-os/seaworthy/cmd/seaworthy/cli"
	"github.com/seaworthy-os/seaworthy/internal/manpage"
)

func manPages(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "man1")
	var errs bytes.Buffer
	if code := run(t.Context(), []string{"man", dir}, strings.NewReader(""), io.Discard, &errs); code != cli.ExitPass {
		t.Fatalf("exit code %d: %s", code, &errs)
	}
	return dir
}

// Every command has a page, which describes every flag and the exit codes. The pages
// are the same each time, and contain nothing about this machine.
func TestManPages(t *testing.T) {
	dir := manPages(t)
	t.Setenv("HOME", t.TempDir())
	t.Setenv("SOURCE_DATE_EPOCH", "1")
	again := manPages(t)
	count := 0
	root := (&verbs{&cli.Streams{In: strings.NewReader(""), Out: io.Discard, Text: io.Discard, Err: io.Discard}}).root()
	eachCommand(root, func(cmd *cobra.Command) {
		count++
		name := manpage.Name(cmd) + ".1"
		page, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Error(err)
			return
		}
		other, err := os.ReadFile(filepath.Join(again, name))
		if err != nil || !bytes.Equal(page, other) {
			t.Errorf("%s differs between two runs (%v)", name, err)
		}
		cmd.NonInheritedFlags().VisitAll(func(f *pflag.Flag) {
			if has := strings.Contains(string(page), `\fB`+manpage.Escape("--"+f.Name)+`\fR`); has == f.Hidden {
				t.Errorf("%s: the page has --%s: %v", name, f.Name, has)
			}
		})
		if strings.Contains(cmd.Long, "Exit status:") != strings.Contains(string(page), ".SH EXIT STATUS\n.RS") {
			t.Errorf("%s: the exit codes are missing", name)
		}
	})
	if count < 20 {
		t.Errorf("only %d pages were tested", count)
	}
}

// groff reads every page without a warning.
func TestManPagesFormat(t *testing.T) {
	t.Parallel()
	groff, err := exec.LookPath("groff")
	if err != nil {
		t.Skip("skipped: groff is not installed")
	}
	pages, err := filepath.Glob(filepath.Join(manPages(t), "*.1"))
	if err != nil || len(pages) == 0 {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), groff, append([]string{"-man", "-Tascii", "-ww", "-z"}, pages...)...).CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("%v\n%s", err, out)
	}
}

// Shells accept the scripts.
func TestCompletionScripts(t *testing.T) {
	t.Parallel()
	for shell, check := range map[string]string{"bash": "-n", "zsh": "-n", "fish": "--no-execute"} {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			program, err := exec.LookPath(shell)
			if err != nil {
				t.Skipf("skipped: %s is not installed", shell)
			}
			var script, errs bytes.Buffer
			if code := run(t.Context(), []string{"completion", shell}, strings.NewReader(""), &script, &errs); code != cli.ExitPass {
				t.Fatalf("exit code %d: %s", code, &errs)
			}
			file := filepath.Join(t.TempDir(), "script")
			if err := os.WriteFile(file, script.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
			if out, err := exec.CommandContext(t.Context(), program, check, file).CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}
