package aptsources

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// OfRelease gives sources that have a release. If no source of the machine names it,
// the sources of the machine's own release are taken, with the other release instead:
// the same archives and the same keys. Their pockets (-security, -updates) stay. The
// sources are unchanged if they name neither release: a name like stable can mean it.
func OfRelease(files map[string]string, etc, suite string) map[string]string {
	keep := func(name string) string {
		if name == suite || strings.HasPrefix(name, suite+"-") {
			return name
		}
		return ""
	}
	if len(renamed(files, keep)) > 0 {
		return files
	}
	own := codename(filepath.Join(filepath.Dir(etc), "os-release"))
	out := renamed(files, func(name string) string {
		pocket, ok := strings.CutPrefix(name, own)
		if !ok || own == "" || pocket != "" && (!strings.HasPrefix(pocket, "-") || rolling[suite]) {
			return ""
		}
		return suite + pocket
	})
	if len(out) == 0 {
		return files
	}
	return out
}

// rolling are the releases without pockets.
var rolling = map[string]bool{"sid": true, "unstable": true, "experimental": true}

// codename is the release of a machine, "" if it is unknown.
func codename(osRelease string) string {
	data, _ := os.ReadFile(osRelease)
	for line := range strings.Lines(string(data)) {
		if v, ok := strings.CutPrefix(strings.TrimSpace(line), "VERSION_CODENAME="); ok {
			return strings.Trim(v, `"'`)
		}
	}
	return ""
}

// renamed gives the sources with other names of releases. A source without any
// release is left out.
func renamed(files map[string]string, rename func(string) string) map[string]string {
	out := map[string]string{}
	for name, text := range files {
		format := renameList
		if filepath.Ext(name) == ".sources" {
			format = renameDeb822
		}
		if text = format(text, rename); text != "" {
			out[name] = text
		}
	}
	return out
}

// renameList renames in the one-line format: deb [options] URI RELEASE COMPONENT...
func renameList(text string, rename func(string) string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		at := 1
		if len(f) > 1 && strings.HasPrefix(f[1], "[") {
			at = slices.IndexFunc(f, func(s string) bool { return strings.HasSuffix(s, "]") }) + 1
		}
		if at < 1 || len(f) < at+2 {
			continue
		}
		if f[at+1] = rename(f[at+1]); f[at+1] != "" {
			b.WriteString(strings.Join(f, " ") + "\n")
		}
	}
	return b.String()
}

// renameDeb822 renames in the paragraph format, whose field Suites has releases.
func renameDeb822(text string, rename func(string) string) string {
	var b strings.Builder
	for par := range strings.SplitSeq(text, "\n\n") {
		var kept, suites []string
		inSuites := false
		for line := range strings.Lines(par) {
			field, value, _ := strings.Cut(line, ":")
			switch {
			case strings.HasPrefix(line, "#"):
				continue
			case strings.EqualFold(strings.TrimSpace(field), "Suites") && !strings.HasPrefix(line, " "):
				inSuites = true
			case inSuites && (strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t")):
				value = line
			default:
				inSuites = false
				kept = append(kept, strings.TrimRight(line, "\n"))
			}
			if inSuites {
				for s := range strings.FieldsSeq(value) {
					if s = rename(s); s != "" {
						suites = append(suites, s)
					}
				}
			}
		}
		if len(suites) > 0 {
			b.WriteString(strings.Join(append(kept, "Suites: "+strings.Join(suites, " ")), "\n") + "\n\n")
		}
	}
	return b.String()
}
