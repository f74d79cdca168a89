// Package aptsources reads the apt sources of a machine: those that check signatures, and
// those of one release.
package aptsources

import (
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// Trusted reads the apt sources of the machine, except for sources with
// signature checks turned off: anyone could change their packages. The keys of
// files are file names. skipped names the sources that are left out.
func Trusted(etc string) (files map[string]string, skipped []string, err error) {
	names, err := filepath.Glob(filepath.Join(etc, "sources.list.d", "*"))
	if err != nil {
		return nil, nil, err
	}
	names = append(names, filepath.Join(etc, "sources.list"))
	sort.Strings(names)
	files = map[string]string{}
	for _, name := range names {
		ext := filepath.Ext(name)
		if ext != ".list" && ext != ".sources" {
			continue
		}
		data, err := os.ReadFile(name)
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			return nil, nil, system.Unusable("the apt sources cannot be read").Because(err)
		}
		text := listSources
		if ext == ".sources" {
			text = deb822Sources
		}
		kept, dropped := text(string(data))
		if dropped {
			skipped = append(skipped, "a source of "+name)
		}
		if strings.TrimSpace(kept) != "" {
			files[filepath.Base(name)] = kept
		}
	}
	if len(files) == 0 {
		return nil, nil, system.Unusable("this machine has no apt sources with signature checks").
			Suggest("build on Debian or a derived system")
	}
	return files, skipped, nil
}

// listSources filters the one-line format.
func listSources(text string) (kept string, dropped bool) {
	var b strings.Builder
	for _, line := range strings.Split(text, "\n") {
		f := strings.Fields(line)
		if len(f) == 0 || f[0] != "deb" {
			continue
		}
		if open := strings.Index(line, "["); open >= 0 && weakens(strings.ReplaceAll(line[open:], "=", ": ")) {
			dropped = true
			continue
		}
		b.WriteString(line + "\n")
	}
	return b.String(), dropped
}

// deb822Sources filters the paragraph format.
func deb822Sources(text string) (kept string, dropped bool) {
	var b strings.Builder
	for _, par := range strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n\n") {
		if weakens(par) {
			dropped = true
			continue
		}
		b.WriteString(par + "\n\n")
	}
	return b.String(), dropped
}

// weakens reports whether the options include one that can turn off the signature
// check, with any value: a source does not need such an option.
func weakens(options string) bool {
	lower := strings.ToLower(options)
	for _, key := range []string{"trusted:", "allow-insecure:", "allow-weak:", "allow-downgrade-to-insecure:"} {
		if strings.Contains(lower, key) {
			return true
		}
	}
	return false
}
