package recipe

import (
	"bytes"
	"debug/buildinfo"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// Not parallel: it sets the environment, which must not affect the program.
func TestProgram(t *testing.T) {
	recipe := "name: p\nversion: \"1\"\ngo: [{package: ./cmd/p, path: usr/bin/p}]\n"
	var digests []string
	for i, tags := range []string{"", "-tags=other"} {
		t.Setenv("GOFLAGS", tags)
		module, layout := t.TempDir(), t.TempDir()
		for name, text := range map[string]string{
			"go.mod": "module example.com/m\n\ngo 1.21\n", "cmd/p/main.go": "package main\n\nfunc main() { println(name) }\n",
			"cmd/p/a.go": "//go:build !other\n\npackage main\n\nconst name = \"a\"\n",
			"cmd/p/b.go": "//go:build other\n\npackage main\n\nconst name = \"b\"\n",
		} {
			p := filepath.Join(module, name)
			if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(p, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		res, err := tryBuild(t, newArchive(t), layout, recipe, func(o *Options) { o.ModuleRoot, o.Arch = module, runtime.GOARCH })
		if err != nil {
			t.Fatal(err)
		}
		digests = append(digests, res.Digest)
		if i > 0 {
			continue
		}
		_, _, contents := image(t, layout, res.Manifest)
		info, err := buildinfo.Read(bytes.NewReader([]byte(contents["usr/bin/p"])))
		if err != nil || info.Path != "example.com/m/cmd/p" {
			t.Errorf("%v %v", info, err)
		}
		if strings.Contains(contents["usr/bin/p"], module) {
			t.Error("the program contains the path of its build folder")
		}
	}
	if digests[0] != digests[1] {
		t.Errorf("%v", digests)
	}

	_, err := tryBuild(t, newArchive(t), t.TempDir(), recipe, func(o *Options) { o.ModuleRoot = t.TempDir() })
	if !errors.Is(err, system.ErrUnusable) || !strings.Contains(err.Error(), FileName+":3:6") {
		t.Errorf("%v", err)
	}
}
