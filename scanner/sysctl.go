package scanner

import (
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
	"github.com/seaworthy-os/seaworthy/scanner/files"
)

// maxSysctlFile is the largest size of a sysctl.d file in the files section.
const maxSysctlFile = 1 << 20

// spec is the part of an OCI runtime spec that affects sysctls.
type spec struct {
	Process struct {
		Args []string `json:"args"`
		User struct {
			UID int `json:"uid"`
		} `json:"user"`
		Capabilities *struct {
			Effective []string `json:"effective"`
		} `json:"capabilities"`
	} `json:"process"`
	Mounts []struct {
		Destination string   `json:"destination"`
		Source      string   `json:"source"`
		Type        string   `json:"type"`
		Options     []string `json:"options"`
	} `json:"mounts"`
	Linux struct {
		Sysctl        map[string]string `json:"sysctl"`
		MaskedPaths   []string          `json:"maskedPaths"`
		ReadonlyPaths []string          `json:"readonlyPaths"`
		Namespaces    []struct {
			Type string `json:"type"`
			Path string `json:"path"`
		} `json:"namespaces"`
	} `json:"linux"`
}

// sysctl lists the values that are written below /proc/sys in the host's
// namespaces, in boot order: the command line, then onboot components one after
// another, then services. A component's own keys come before the files that it
// applies.
func (s *Scanner) sysctl(sys *system.OS, f *facts.Facts) (facts.Sysctl, error) {
	out := facts.Sysctl{Settings: cmdlineSettings(f.Cmdline.Params)}
	add := func(set facts.Setting) {
		set.Order = len(out.Settings)
		out.Settings = append(out.Settings, set)
	}
	root, err := rootSysctl(sys, f)
	if err != nil {
		return out, err
	}
	for i, c := range sys.Components {
		if c.Section != system.SectionOnboot && c.Section != system.SectionServices || len(c.Spec) == 0 {
			continue
		}
		var sp spec
		if err := json.Unmarshal(c.Spec, &sp); err != nil {
			return out, fmt.Errorf("component %s: runtime spec: %w", c.ID(), err)
		}
		for _, key := range sortedKeys(sp.Linux.Sysctl) {
			if name := dotted(key); sp.sharesHost(name) {
				add(facts.Setting{Key: name, Value: sp.Linux.Sysctl[key], Component: c.ID(), Source: "spec"})
			}
		}
		asked, ok := runs(c, sp.Process.Args, f.Components[i].SBOM.Packages)
		if c.Section != system.SectionOnboot || !ok {
			continue
		}
		sets, unknown := asked.settings(sp.seen(f.Components[i].Files.Sysctl, root))
		if unknown != "" {
			out.Unknown = append(out.Unknown, facts.Uncertain{Component: c.ID(), Reason: unknown})
			continue
		}
		out.Applied = out.Applied || asked.standard || len(sets) > 0
		for _, set := range sets {
			set.Component = c.ID()
			if why := sp.refused(set.Key, asked); why != "" {
				out.Refused = append(out.Refused, facts.RefusedSetting{Key: set.Key, Value: set.Value, Component: set.Component, Reason: why})
				continue
			}
			add(set)
		}
	}
	return out, nil
}

// cmdlineSettings are the sysctls on the command line: sysctl.KEY=VALUE.
func cmdlineSettings(params []facts.Param) []facts.Setting {
	out := []facts.Setting{}
	for _, p := range params {
		key, ok := strings.CutPrefix(p.Name, "sysctl.")
		if !ok {
			key, ok = strings.CutPrefix(p.Name, "sysctl/")
		}
		if ok && key != "" && p.Value != nil {
			out = append(out, facts.Setting{Key: dotted(key), Value: *p.Value, Component: "cmdline", Source: "cmdline", Order: len(out)})
		}
	}
	return out
}

// seen are the settings in the files that the component sees, by path: its own
// files, and files that are bound over them.
func (sp *spec) seen(own []facts.Setting, root map[string][]facts.Setting) map[string][]facts.Setting {
	seen := map[string][]facts.Setting{}
	for _, set := range own {
		seen[set.Source] = append(seen[set.Source], set)
	}
	// A bind hides the files under it, and shows files of the root file system.
	for _, m := range sp.Mounts {
		dest := path.Clean("/" + m.Destination)
		for p := range seen {
			if within(p, dest) {
				delete(seen, p)
			}
		}
		if m.Type != "bind" && !slices.Contains(m.Options, "bind") && !slices.Contains(m.Options, "rbind") {
			continue
		}
		source := path.Clean("/" + m.Source)
		for p, sets := range root {
			if within(p, source) {
				seen[path.Clean(dest+strings.TrimPrefix(p, source))] = sets
			}
		}
	}
	return seen
}

func from(p string, sets []facts.Setting) []facts.Setting {
	out := slices.Clone(sets)
	for i := range out {
		out[i].Source = p
	}
	return out
}

func isSysctlD(p string) bool { return path.Dir(p) == "/etc/sysctl.d" && strings.HasSuffix(p, ".conf") }

// within reports whether p is dir or lies below it.
func within(p, dir string) bool {
	return p == dir || dir == "/" || strings.HasPrefix(p, dir+"/")
}

// rootSysctl returns the settings in files of the root file system that a
// component may bind: first those of init images, then those of the files
// section, which is written last.
func rootSysctl(sys *system.OS, f *facts.Facts) (map[string][]facts.Setting, error) {
	out := map[string][]facts.Setting{}
	for i, c := range sys.Components {
		if c.Section != system.SectionInit {
			continue
		}
		image := map[string][]facts.Setting{}
		for _, set := range f.Components[i].Files.Sysctl {
			image[set.Source] = append(image[set.Source], set)
		}
		for p, sets := range image {
			out[p] = sets
		}
	}
	var errs []error
	for i, file := range sys.Files {
		if file.Type != system.TypeFile || !strings.HasSuffix(file.Path, ".conf") || file.Size > maxSysctlFile {
			continue
		}
		text := file.Contents
		if file.Source != "" {
			b, err := bounded.ReadFile(file.Source, maxSysctlFile)
			if err != nil {
				errs = append(errs, system.Unusable("files: the source of %q cannot be read", "/"+file.Path).At(file.Pos).Because(err))
				continue
			}
			text = b
		}
		sets := files.ParseSysctl(string(text))
		out["/"+file.Path] = sets
		if i < len(f.Files) && (path.Base(path.Dir(file.Path)) == "sysctl.d" || path.Base(file.Path) == "sysctl.conf") {
			f.Files[i].Sysctl = sets
		}
	}
	return out, errors.Join(errs...)
}

// sharesHost reports whether the key is written in the host's namespace. A key
// without a namespace always is.
func (sp *spec) sharesHost(key string) bool {
	kind := namespaceOf(key)
	return kind == "" || !sp.own(kind)
}

// dotted is a key in the form of the kernel's command line and of a runtime
// spec, in which a dot and a slash are the same.
func dotted(key string) string { return files.SysctlKey(strings.ReplaceAll(key, ".", "/")) }

// own reports whether the component has its own namespace of that kind.
func (sp *spec) own(kind string) bool {
	for _, n := range sp.Linux.Namespaces {
		if n.Type == kind {
			return !strings.HasPrefix(n.Path, "/proc/1/ns/")
		}
	}
	return false
}

// namespaceOf is the kind of namespace to which a sysctl belongs (sysctl(7),
// namespaces(7)); "" if it has none.
func namespaceOf(key string) string {
	switch {
	case strings.HasPrefix(key, "net."):
		return "network"
	case strings.HasPrefix(key, "fs.mqueue."), strings.HasPrefix(key, "kernel.shm"), strings.HasPrefix(key, "kernel.msg"), key == "kernel.sem",
		key == "kernel.auto_msgmni":
		return "ipc"
	case key == "kernel.hostname", key == "kernel.domainname":
		return "uts"
	case strings.HasPrefix(key, "user."):
		return "user"
	}
	return ""
}

func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
