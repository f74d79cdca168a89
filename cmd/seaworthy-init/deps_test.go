//go:build linux

package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// PID 1 is small and has few dependencies: the guest package, the verifying part
// of attest, helpers that import only the standard library, and system calls.
func TestDependencies(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	const module = "github.com/seaworthy-os/seaworthy/"
	for p := range strings.FieldsSeq(string(out)) {
		switch {
		case p == module+"cmd/seaworthy-init", p == module+"builder/guest", p == module+"builder/guest/data", p == module+"builder/guest/origin", p == "golang.org/x/sys/unix",
			p == module+"attest/verify", strings.HasPrefix(p, module+"attest/verify/internal/"), strings.HasPrefix(p, module+"internal/"):
		default:
			t.Errorf("init links %s", p)
		}
	}
}

// Outside of a built image, the program refuses to run.
func TestNotPID1(t *testing.T) {
	t.Parallel()
	bin := t.TempDir() + "/init"
	if out, err := exec.Command("go", "build", "-o", bin, ".").CombinedOutput(); err != nil {
		t.Fatalf("%s: %v", out, err)
	}
	out, err := exec.Command(bin).CombinedOutput()
	if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() != 2 || !strings.Contains(string(out), "boot the image") {
		t.Errorf("%q, %v", out, err)
	}
}
