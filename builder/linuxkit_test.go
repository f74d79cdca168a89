package builder_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder"
	"github.com/seaworthy-os/seaworthy/internal/ocitest"
)

const kit = "../testdata/linuxkit/"

// TestLinuxKit compares our specs with those that LinuxKit makes from the same
// files.
func TestLinuxKit(t *testing.T) {
	t.Parallel()
	var expected struct {
		Base   any
		Builds map[string]struct {
			YAML    []string
			Cmdline string
			Exempt  []struct{ Container, Pointer, Why string }
			Specs   map[string]any
		}
	}
	readJSON(t, kit+"expected.json", &expected)
	layout, dir := kitImages(t)
	containers := 0
	for name, build := range expected.Builds {
		t.Run(name, func(t *testing.T) {
			var files []string
			for _, f := range build.YAML {
				files = append(files, filepath.Join(dir, f))
			}
			r, err := builder.Resolve(t.Context(), builder.Options{Files: files, Arch: "amd64", Components: []string{layout}, Offline: true})
			if err != nil {
				t.Fatal(err)
			}
			defer r.Store.Close()
			if r.OS.Kernel.Cmdline != build.Cmdline {
				t.Errorf("command line %q, want %q", r.OS.Kernel.Cmdline, build.Cmdline)
			}
			for _, c := range r.OS.Components {
				if c.Spec == nil {
					continue
				}
				patch, there := build.Specs[c.Dir]
				if !there {
					t.Errorf("%s: LinuxKit has no such container", c.Dir)
					continue
				}
				delete(build.Specs, c.Dir)
				containers++
				want := mergePatch(expected.Base, patch)
				var config, runtime any
				decode(t, []byte(strings.ReplaceAll(string(c.Spec), "/"+c.Dir+"/", "/DIR/")), &config)
				decode(t, []byte(strings.ReplaceAll(string(c.Runtime), "/"+c.Dir+"/", "/DIR/")), &runtime)
				for pointer, difference := range differences(want, map[string]any{"config": config, "runtime": runtime}, "") {
					pointer = strings.TrimPrefix(strings.TrimPrefix(pointer, "/config"), "/runtime")
					if !slices.ContainsFunc(build.Exempt, func(e struct{ Container, Pointer, Why string }) bool {
						return e.Container == c.Dir && strings.HasPrefix(pointer, e.Pointer)
					}) {
						t.Errorf("%s: %s: %s", c.Dir, pointer, difference)
					}
				}
			}
			for left := range build.Specs {
				t.Errorf("%s: missing", left)
			}
		})
	}
	if containers != 123 {
		t.Errorf("%d containers compared, want 123", containers)
	}
}

// kitImages makes the images and copies the YAML files. One of the files pins
// an image by digest.
func kitImages(t *testing.T) (layout, dir string) {
	t.Helper()
	var images []struct {
		Name      string
		Platforms []struct {
			Platform string
			Config   ocitest.Config
		}
	}
	readJSON(t, kit+"images.json", &images)
	dir, layout = t.TempDir(), filepath.Join(t.TempDir(), "layout")
	var refs []ocitest.Ref
	var plain string
	for _, image := range images {
		var index ocitest.Index
		for _, p := range image.Platforms {
			platform := strings.Split(p.Platform, "/")
			i := ocitest.Image{Arch: platform[1], Config: p.Config, Layers: []ocitest.Layer{{Entries: []ocitest.Entry{ocitest.File("who", image.Name)}}}}
			if len(platform) > 2 {
				i.Variant = platform[2]
			}
			index = append(index, i)
		}
		ref := ocitest.Named(image.Name, index)
		refs = append(refs, ref)
		if image.Name == "docker.io/conformance/plain:1" {
			plain = ref.Built.Root.Digest
			refs = append(refs, ocitest.Named("docker.io/conformance/plain@"+plain, index))
		}
	}
	ocitest.WriteLayout(t, layout, refs...)
	names, err := filepath.Glob(kit + "*")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		data = []byte(strings.ReplaceAll(string(data), "sha256:0cbf836a2116d5c7b10591d37214e11c32be4422b065311877be51bd0adfae40", plain))
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(name)), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return layout, dir
}

// differences compares JSON values. An absent, a null and an empty value count
// as equal, and some lists are compared as sets.
func differences(want, got any, pointer string) map[string]string {
	out := map[string]string{}
	w, isMap := want.(map[string]any)
	g, bothMaps := got.(map[string]any)
	if (isMap || want == nil) && (bothMaps || got == nil) {
		for _, m := range []map[string]any{w, g} {
			for key := range m {
				for p, d := range differences(w[key], g[key], pointer+"/"+key) {
					out[p] = d
				}
			}
		}
		return out
	}
	if empty(want) && empty(got) || reflect.DeepEqual(normal(want, pointer), normal(got, pointer)) {
		return nil
	}
	return map[string]string{pointer: fmt.Sprintf("got %v, want %v", got, want)}
}

func empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	}
	return false
}

func normal(v any, pointer string) any {
	list, ok := v.([]any)
	if !ok || !strings.Contains(pointer, "/capabilities/") && !strings.HasSuffix(pointer, "/namespaces") {
		return v
	}
	var texts []string
	for _, item := range list {
		texts = append(texts, fmt.Sprint(item))
	}
	slices.Sort(texts)
	return slices.Compact(texts)
}

// mergePatch applies a JSON merge patch.
func mergePatch(to, patch any) any {
	p, ok := patch.(map[string]any)
	if !ok {
		return patch
	}
	out := map[string]any{}
	if m, ok := to.(map[string]any); ok {
		for k, v := range m {
			out[k] = v
		}
	}
	for k, v := range p {
		if v == nil {
			delete(out, k)
		} else {
			out[k] = mergePatch(out[k], v)
		}
	}
	return out
}

func readJSON(t *testing.T, file string, to any) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	decode(t, data, to)
}

func decode(t *testing.T, data []byte, to any) {
	t.Helper()
	if err := json.Unmarshal(data, to); err != nil {
		t.Fatal(err)
	}
}
