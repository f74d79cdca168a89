package recipe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// program is a compiled Go program in a temporary file.
type program struct {
	Program
	file string
}

// compile compiles the Go programs of the recipe, static and reproducible, into
// temporary files, which done removes. The environment variables that affect the
// toolchain are fixed.
func compile(ctx context.Context, rec *Recipe, module, arch string, progress func(string)) (all []program, done func(), err error) {
	done = func() {}
	if len(rec.Programs) == 0 {
		return nil, done, nil
	}
	if module == "" {
		if module, err = moduleRoot(rec.Dir); err != nil {
			return nil, done, system.BadInput("Go programs need a Go module around the recipe").At(rec.Programs[0].Pos).Because(err)
		}
	}
	tmp, err := os.MkdirTemp("", "seaworthy-go-")
	if err != nil {
		return nil, done, err
	}
	var errs []error
	for i, p := range rec.Programs {
		progress("compiling " + p.Package)
		out := filepath.Join(tmp, fmt.Sprint(i))
		if err := goBuild(ctx, module, arch, p.Package, out); err != nil {
			errs = append(errs, system.Unusable("%s cannot be compiled", p.Package).At(p.Pos).Because(err))
		}
		all = append(all, program{p, out})
	}
	return all, func() { os.RemoveAll(tmp) }, errors.Join(errs...)
}

// addPrograms adds compiled programs to the tree.
func addPrograms(t *tree, sp *spool, programs []program) error {
	var errs []error
	for _, p := range programs {
		f, err := os.Open(p.file)
		if err != nil {
			return err
		}
		c, err := sp.add(f)
		f.Close()
		if err != nil {
			return err
		}
		errs = append(errs, t.put(&node{path: p.Path, typ: system.TypeFile, mode: 0o755, content: c}, p.Pos))
	}
	return errors.Join(errs...)
}

func goBuild(ctx context.Context, module, arch, pkg, out string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-mod=readonly",
		"-ldflags", "-s -w -buildid=", "-o", out, pkg)
	cmd.Dir = module
	for _, e := range os.Environ() {
		name, _, _ := strings.Cut(e, "=")
		switch name {
		case "GOFLAGS", "GOEXPERIMENT", "GOAMD64", "GOARM64", "GORISCV64", "GOFIPS140", "GODEBUG", "GOOS", "GOARCH", "GOWORK", "CGO_ENABLED":
		default:
			cmd.Env = append(cmd.Env, e)
		}
	}
	// Each has a value: without one, settings of `go env -w` would apply.
	cmd.Env = append(cmd.Env, "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch, "GOWORK=off", "GOFLAGS=-mod=readonly",
		"GOAMD64=v1", "GOARM64=v8.0", "GORISCV64=rva20u64", "GOFIPS140=off")
	var stderr bytes.Buffer
	cmd.Stderr = &limitedWriter{w: &stderr, left: 16 << 10}
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%w: %s", err, strings.TrimSpace(stderr.String()))
	}
	return nil
}

// moduleRoot finds go.mod in dir or in a folder above it.
func moduleRoot(dir string) (string, error) {
	at, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(at, "go.mod")); err == nil {
			return at, nil
		}
		up := filepath.Dir(at)
		if up == at {
			return "", errors.New("there is no go.mod in the folder of the recipe or above it")
		}
		at = up
	}
}
