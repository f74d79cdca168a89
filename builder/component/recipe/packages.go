package recipe

import (
	"context"
	"path"
	"sort"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// Package is a Debian package that was fetched.
type Package struct {
	Name         string `json:"name"`
	Version      string `json:"version"`
	Architecture string `json:"architecture"`
	Size         int64  `json:"size"`
	SHA256       string `json:"sha256"`
}

// debPackage is a package as described by its signed index, with its file.
type debPackage struct {
	Package
	index stanza
	file  string
}

// packageSource provides packages: apt, or a folder in tests.
type packageSource interface {
	// resolve returns the wanted packages ("NAME" or "NAME=VERSION"), with
	// their dependencies if depends is set.
	resolve(ctx context.Context, wants []string, depends bool) ([]*debPackage, error)
	// fetch fetches the file of each package and sets the field file. The
	// bytes are not verified: the reader must check the hash.
	fetch(ctx context.Context, packages []*debPackage) error
	// lists is a digest of the lists that resolve reads. "" means that resolve
	// can give other packages each time.
	lists() string
}

// selectPackages keeps the packages of the closure that the roots reach without an
// excluded package in between, sorted by name.
func selectPackages(closure []*debPackage, roots, exclude []string) []*debPackage {
	providers := map[string][]*debPackage{}
	for _, p := range closure {
		providers[p.Name] = append(providers[p.Name], p)
		for _, alts := range relations(p.index["Provides"]) {
			providers[alts[0]] = append(providers[alts[0]], p)
		}
	}
	excluded := func(name string) bool {
		for _, pattern := range exclude {
			if ok, _ := path.Match(pattern, name); ok {
				return true
			}
		}
		return false
	}
	kept := map[string]*debPackage{}
	queue := append([]string(nil), roots...)
	for len(queue) > 0 {
		name := queue[0]
		queue = queue[1:]
		for _, p := range providers[name] {
			if kept[p.Name] != nil || excluded(p.Name) {
				continue
			}
			kept[p.Name] = p
			for _, field := range []string{"Pre-Depends", "Depends"} {
				for _, alts := range relations(p.index[field]) {
					queue = append(queue, alts...)
				}
			}
		}
	}
	out := make([]*debPackage, 0, len(kept))
	for _, name := range sortedKeys(kept) {
		out = append(out, kept[name])
	}
	return out
}

// osRelease is the package with os-release, which names the release. That file is in
// every image with Debian packages.
const osRelease = "base-files"

// gather resolves and fetches the packages of the recipe, or exactly the locked
// packages, and the package of os-release.
func gather(ctx context.Context, src packageSource, rec *Recipe, arch string, locked []Package, progress func(string)) ([]*debPackage, error) {
	var wants, roots []string
	for _, p := range rec.Debian.Packages {
		want := strings.ReplaceAll(p.Text, "{arch}", arch)
		name, _, _ := strings.Cut(want, "=")
		wants, roots = append(wants, want), append(roots, name)
	}
	var packages []*debPackage
	if locked != nil {
		for i, name := range roots {
			if !hasLocked(locked, name) {
				return nil, system.Mismatch("package %s is not in the lock", name).At(rec.Debian.Packages[i].Pos).
					Suggest("build with --write-lock instead of --locked")
			}
		}
		exact := make([]string, 0, len(locked))
		for _, p := range locked {
			exact = append(exact, p.Name+"="+p.Version)
		}
		got, err := src.resolve(ctx, exact, false)
		if err != nil {
			return nil, system.Mismatch("the locked packages are not available").At(rec.Debian.Packages[0].Pos).Because(err).
				Suggest("build with --write-lock instead of --locked")
		}
		packages = got
	} else {
		got, err := src.resolve(ctx, wants, rec.Debian.Depends)
		if err != nil {
			return nil, &system.Error{Kind: kindOf(err), Pos: rec.Debian.Packages[0].Pos, What: "the packages cannot be resolved", Err: err}
		}
		if rec.Debian.Depends {
			got = selectPackages(got, roots, rec.Debian.Exclude)
		}
		packages = got
		if !hasPackage(packages, osRelease) {
			base, err := src.resolve(ctx, []string{osRelease}, false)
			if err != nil {
				return nil, err
			}
			packages = append(packages, base...)
		}
	}
	sort.Slice(packages, func(i, j int) bool { return packages[i].Name < packages[j].Name })
	var size int64
	for _, p := range packages {
		size += p.Size
	}
	progress(plural(len(packages), "package") + ", " + megabytes(size))
	if err := src.fetch(ctx, packages); err != nil {
		return nil, err
	}
	return packages, nil
}

func hasLocked(locked []Package, name string) bool {
	for _, p := range locked {
		if p.Name == name {
			return true
		}
	}
	return false
}

func hasPackage(packages []*debPackage, name string) bool {
	for _, p := range packages {
		if p.Name == name {
			return true
		}
	}
	return false
}
