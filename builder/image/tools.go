package image

import (
	"crypto/sha256"
	"errors"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
	"github.com/seaworthy-os/seaworthy/internal/digests"
)

// Tool is a program or file of the build machine that a format needs.
type Tool struct {
	// Name is the name of the program or file: "mksquashfs".
	Name string
	// Package is the Debian package that contains it: NAME, or NAME:ARCH if it must be
	// for another architecture than that of this machine.
	Package string
	// Dir is the folder in which the package installs a file; "" for a program,
	// which is looked for on PATH.
	Dir string
	// version reads the version from the bytes of the file; nil if they do not say it.
	version func(data []byte) string
}

// Tools finds tools. The zero value looks on PATH and in the folders of Debian's
// packages.
type Tools struct {
	// Dirs are searched first.
	Dirs []string
}

// Used is a tool that a build used.
type Used struct {
	Tool
	Path string
	// Digest (sha256:HEX) is that of the program or file.
	Digest string
	// URI is the package URL of the tool, with the version of the Debian package
	// that installed it, if that is known.
	URI string
}

// Find gives the path of a tool.
func (t Tools) Find(tool Tool) (string, error) {
	for _, dir := range t.Dirs {
		p := filepath.Join(dir, tool.Name)
		if info, err := os.Stat(p); err == nil && info.Mode().IsRegular() && (tool.Dir != "" || info.Mode()&0o111 != 0) {
			return p, nil
		}
	}
	if tool.Dir == "" {
		if p, err := exec.LookPath(tool.Name); err == nil {
			return filepath.Abs(p)
		}
	} else if p := filepath.Join(tool.Dir, tool.Name); isFile(p) {
		return p, nil
	}
	missing := system.Unusable("%s was not found", tool.Name)
	if name, arch, foreign := strings.Cut(tool.Package, ":"); foreign {
		return "", missing.Suggest("fetch Debian's package %s for %s and unpack it (apt-get download %s, dpkg-deb -x), and give the folder of the file with --tools", name, arch, tool.Package)
	}
	return "", missing.Suggest("install it: apt-get install --no-install-recommends %s, or give its folder with --tools", tool.Package)
}

func isFile(p string) bool {
	info, err := os.Stat(p)
	return err == nil && info.Mode().IsRegular()
}

// Require finds the tools that formats need on an architecture, and the tool for small
// initrds if they are asked for, each once, sorted by name. It reports all missing
// tools, and all formats that do not exist for the architecture, at once.
func Require(names []string, arch string, tools Tools, small bool) ([]Used, error) {
	list, err := steps(names, "")
	if err != nil {
		return nil, err
	}
	var out []Used
	var errs []error
	seen := map[string]bool{}
	for _, s := range list {
		if a := s.format.Arches; s.asked && a != nil && !slices.Contains(a, arch) {
			errs = append(errs, system.BadInput("format %s does not exist for %s", s.format.Name, arch).
				Suggest("use --arch %s, or another --format", strings.Join(a, " or ")))
			continue
		}
		needs := s.format.tools(arch)
		if small && slices.Contains(s.format.Files, InitrdEnding) {
			needs = append(slices.Clone(needs), xzTool)
		}
		for _, tool := range needs {
			if seen[tool.Name] {
				continue
			}
			seen[tool.Name] = true
			u, err := tools.use(tool)
			if err != nil {
				errs = append(errs, formatError(asked(list, s), err))
				continue
			}
			out = append(out, u)
		}
	}
	if small && len(errs) == 0 && !seen[xzTool.Name] {
		errs = append(errs, system.BadInput("--small is given, but no format has an initrd").
			Suggest("leave out --small, or use another --format"))
	}
	slices.SortFunc(out, func(a, b Used) int { return strings.Compare(a.Name, b.Name) })
	return out, errors.Join(errs...)
}

// use finds a tool and computes its digest.
func (t Tools) use(tool Tool) (Used, error) {
	p, err := t.Find(tool)
	if err != nil {
		return Used{}, err
	}
	f, err := os.Open(p)
	if err != nil {
		return Used{}, system.NotRead(p, err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return Used{}, system.NotRead(p, err)
	}
	return Used{Tool: tool, Path: p, Digest: digests.Sum(h), URI: t.uri(tool, p)}, nil
}

// inside is the version that the file itself states, as a part of a package URL.
func inside(tool Tool, p string) string {
	if tool.version == nil {
		return ""
	}
	data, err := bounded.ReadFile(p, maxToolFile)
	if err != nil {
		return ""
	}
	if v := tool.version(data); v != "" {
		return "@" + url.QueryEscape(v)
	}
	return ""
}

// uri is the package URL of a tool at a path. dpkg knows the version of a file
// that it has installed.
func (t Tools) uri(tool Tool, p string) string {
	unknown := "pkg:generic/" + tool.Name
	if slices.Contains(t.Dirs, filepath.Dir(p)) {
		return unknown + inside(tool, p)
	}
	version, err := exec.Command("dpkg-query", "--show", "--showformat=${Version}", tool.Package).Output()
	if err != nil || len(version) == 0 {
		return unknown
	}
	name, _, _ := strings.Cut(tool.Package, ":") // without an architecture
	return "pkg:deb/debian/" + name + "@" + url.QueryEscape(string(version))
}
