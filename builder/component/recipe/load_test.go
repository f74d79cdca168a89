package recipe

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

const fullRecipe = `
name: web
version: "1.2"
tags: [latest, "1.2"]
description: a server
licenses: MIT
source: https://example.com/web
debian:
  packages: [web, "linux-image-{arch}", "pinned=1:2.3-4~x"]
  depends: true
  exclude: ["lib*-dev"]
  suite: bookworm
include: [usr/bin/web, "lib/**"]
exclude: [/usr/share/man/]
libraries: true
files:
  - {path: /etc/web.conf, contents: "a\n", mode: "0640", uid: 5, gid: 6}
  - {path: srv, directory: true}
go:
  - {package: ./cmd/web, path: usr/bin/w}
symlinks:
  - {path: bin, target: usr/bin}
users:
  - {name: web, uid: 101, home: /srv}
groups:
  - {name: log, gid: 7}
tar:
  - {path: x.tar, include: ["lib/**"]}
join:
  - {path: all.pem, include: ["certs/**"]}
kernel:
  modules: ["virtio*"]
  optional: [fuse]
image:
  entrypoint: [/usr/bin/web]
  cmd: [-x]
  env: [A=b]
  user: "101"
  workdir: /
  ports: [80/tcp]
  stopsignal: SIGQUIT
config:
  capabilities: [CAP_CHOWN]
  readonly: true
  resources: {pids: {limit: 5}}
`

func TestParse(t *testing.T) {
	t.Parallel()
	r, err := parse("c.yml", []byte(fullRecipe))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Join(r.names(), " ") != "docker.io/seaworthy/web:1.2 docker.io/seaworthy/web:latest" || r.Exclude[0] != "usr/share/man" ||
		r.Files[0].Path != "etc/web.conf" || r.Files[0].Mode != 0o640 || r.Files[1].Mode != 0o755 || r.Users[0].GID != 101 {
		t.Errorf("%+v", r)
	}
	if want := `{"capabilities":["CAP_CHOWN"],"readonly":true,"resources":{"pids":{"limit":5}}}`; string(r.Config) != want {
		t.Errorf("label %s", r.Config)
	}
}

// One line of each case is wrong; the error names its place.
func TestParseErrors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ yaml, want string }{
		"unknown key":      {"name: x\nversion: \"1\"\nfoo: 1\n", `c.yml:3:1: the recipe: unknown key "foo"`},
		"twice":            {"name: x\nname: y\n", `c.yml:2:1: duplicate key "name", first on line 1`},
		"syntax":           {"name: [\n", "c.yml:1:1: not valid YAML: did not find"},
		"no document":      {"", "the recipe is empty"},
		"second document":  {"name: x\nversion: \"1\"\n---\na: 1\n", "more than one YAML document"},
		"a list":           {"- a\n", "c.yml:1:1: the recipe must be a mapping"},
		"no version":       {"name: x\n", "needs a version"},
		"bad name":         {"name: X/y\nversion: \"1\"\n", `c.yml:1:7: name "X/y" must match`},
		"bad version":      {"name: x\nversion: \"1:2\"\n", `c.yml:2:10: version`},
		"option as name":   {"name: x\nversion: \"1\"\ndebian: {packages: [-o=x]}\n", `c.yml:3:21: "-o=x" is not a package name`},
		"no packages":      {"name: x\nversion: \"1\"\ndebian: {depends: true}\n", "debian needs packages"},
		"idle exclude":     {"name: x\nversion: \"1\"\ndebian: {packages: [aa], exclude: [bb]}\n", "has no effect without depends"},
		"idle include":     {"name: x\nversion: \"1\"\ninclude: [a]\n", "has no debian: packages"},
		"bad glob":         {"name: x\nversion: \"1\"\ndebian: {packages: [aa]}\ninclude: [\"a[\"]\n", `c.yml:4:11: invalid pattern "a["`},
		"path upward":      {"name: x\nversion: \"1\"\nfiles: [{path: ../x, contents: a}]\n", `c.yml:3:16: path "../x"`},
		"path is root":     {"name: x\nversion: \"1\"\nfiles: [{path: /, directory: true}]\n", "below the root of the image"},
		"source upward":    {"name: x\nversion: \"1\"\nfiles: [{path: x, source: ../../etc/shadow}]\n", "folder of the recipe"},
		"two kinds":        {"name: x\nversion: \"1\"\nfiles: [{path: x, source: a, contents: b}]\n", "one of source"},
		"mode number":      {"name: x\nversion: \"1\"\nfiles: [{path: x, contents: b, mode: 0644}]\n", "octal text"},
		"mode too big":     {"name: x\nversion: \"1\"\nfiles: [{path: x, contents: b, mode: \"17777\"}]\n", "octal text"},
		"uid":              {"name: x\nversion: \"1\"\nfiles: [{path: x, contents: b, uid: -1}]\n", "from 0 to 65535"},
		"outside package":  {"name: x\nversion: \"1\"\ngo: [{package: ./../x, path: y}]\n", "not a folder of the module"},
		"remote package":   {"name: x\nversion: \"1\"\ngo: [{package: example.com/x, path: y}]\n", "not a folder of the module"},
		"passwd injection": {"name: x\nversion: \"1\"\nusers: [{name: a, uid: 5, home: \"/x:/bin/sh\"}]\n", "without colons"},
		"null":             {"name: x\nversion: \"1\"\nfiles:\n", "must be a list, not nothing"},
		"alias":            {"name: &a x\nversion: *a\n", "anchors are not allowed"},
		"label key":        {"name: x\nversion: \"1\"\nconfig: {capabilites: [all]}\n", `c.yml:3:10: config: unknown key "capabilites"`},
		"label float":      {"name: x\nversion: \"1\"\nconfig: {oomScoreAdj: 1.5}\n", "whole number"},
		"kernel alone":     {"name: x\nversion: \"1\"\nkernel: {}\n", "kernel needs debian"},
		"port":             {"name: x\nversion: \"1\"\nimage: {ports: [\"80\"]}\n", "port"},
	} {
		_, err := parse("c.yml", []byte(c.yaml))
		if !errors.Is(err, system.ErrInput) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestParseShowsAllErrors(t *testing.T) {
	t.Parallel()
	_, err := parse("c.yml", []byte("name: X\nversion: \"1\"\nfoo: 1\nfiles:\n  - {path: /../a, contents: b}\n  - {path: b, contents: c, mode: 9}\n"))
	for _, want := range []string{"c.yml:1:7", "c.yml:3:1", "c.yml:5:12", "c.yml:6:34"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v lacks %s", err, want)
		}
	}
}

func TestLoadWithoutRecipe(t *testing.T) {
	t.Parallel()
	if _, err := Load(t.TempDir()); !errors.Is(err, system.ErrInput) {
		t.Errorf("%v", err)
	}
}

// The recipes of the repository are valid.
func TestShippedRecipes(t *testing.T) {
	t.Parallel()
	files, _ := filepath.Glob("../../../components/*/" + FileName)
	if len(files) < 7 {
		t.Fatalf("%d recipes", len(files))
	}
	for _, f := range files {
		r, err := Load(filepath.Dir(f))
		if err != nil {
			t.Error(err)
			continue
		}
		// A folder has the name of its component, and another version of it the version too.
		folder := filepath.Base(filepath.Dir(f))
		if r.Name != folder && r.Name+"-"+r.Version != folder || r.Description == "" || r.Licenses == "" {
			t.Errorf("%s: name %q, description %q, licenses %q", f, r.Name, r.Description, r.Licenses)
		}
		for _, own := range r.Files {
			// /tmp: all users can write, but only the owner of a file can remove it.
			shared := own.Directory && own.Mode == 0o1777
			if own.Mode&0o6002 != 0 && !shared {
				t.Errorf("%s: %s has mode %o", f, own.Path, own.Mode)
			}
			if own.Source != "" {
				if _, err := os.Stat(filepath.Join(r.Dir, own.Source)); err != nil {
					t.Error(err)
				}
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(fullRecipe))
	f.Add([]byte("a: &a [*a]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<14 {
			return
		}
		r, err := parse("c.yml", data)
		if err != nil && !errors.Is(err, system.ErrInput) {
			t.Fatalf("%v is not an ErrInput", err)
		}
		if err == nil && (r.Name == "" || r.Version == "") {
			t.Fatal("a recipe without name or version")
		}
	})
}
