package kernel

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/internal/words"
)

// mismatches lists the contradictions between a kernel, its modules and its
// configuration. Distributions have their own release numbers (6.1.0-41 is
// built from 6.1.158), so only the first two numbers of versions must agree.
func mismatches(img *image, version string, folders []string, file string, config *parsed) []string {
	var out []string
	report := func(format string, a ...any) { out = append(out, fmt.Sprintf(format, a...)) }

	if img.header != "" && img.banner != "" && first(img.header) != first(img.banner) {
		report("the boot header is of kernel %s, but the kernel inside is %s", first(img.header), first(img.banner))
	}
	if version != "" && len(folders) > 0 && !slices.Contains(folders, version) {
		report("the modules are for %s, but the kernel is %s", strings.Join(folders, ", "), version)
	}
	if config == nil {
		return out
	}
	if a, b := series(config.version), series(version); a != "" && b != "" && a != b {
		report("%s is the configuration of kernel %s, but the kernel is %s", file, config.version, version)
	}
	if local := config.options["CONFIG_LOCALVERSION"]; local != "" && version != "" && !strings.Contains(version, local) {
		report("%s has the local version %q, but the kernel is %s", file, local, version)
	}
	if salt := config.options["CONFIG_BUILD_SALT"]; series(salt) != "" && version != "" && salt != version {
		report("%s is the configuration of kernel %s (CONFIG_BUILD_SALT), but the kernel is %s", file, salt, version)
	}
	if want := architectures[img.format]; want != nil && config.arch != "" && !slices.Contains(want, config.arch) {
		report("%s is for architecture %s, but the kernel is for %s", file, config.arch, want[0])
	}
	if img.config != nil {
		if names := differing(img.config.options, config.options); len(names) > 0 {
			shown := names[:min(len(names), 5)]
			report("%s differs from the configuration inside the kernel in %s: %s", file, words.Count(len(names), "option", "options"), strings.Join(shown, ", "))
		}
	}
	return out
}

// architectures maps formats to their only architecture, by the names that the first
// line of a configuration has for it: the value of ARCH when the kernel was compiled.
var architectures = map[string][]string{"bzImage": {"x86", "x86_64", "i386"}, "Image": {"arm64"}}

func first(s string) string {
	if f := strings.Fields(s); len(f) > 0 {
		return f[0]
	}
	return ""
}

// series is the first two numbers of a version, "" if there are none.
func series(v string) string {
	major, rest, ok := strings.Cut(v, ".")
	if !ok || !digits(major) {
		return ""
	}
	minor := rest
	if i := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' }); i >= 0 {
		minor = rest[:i]
	}
	if minor == "" {
		return ""
	}
	return major + "." + minor
}

func digits(s string) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' }) < 0
}

// differing lists options whose values differ; unset and absent are equal.
func differing(a, b map[string]string) []string {
	value := func(m map[string]string, k string) string {
		if v, ok := m[k]; ok {
			return v
		}
		return "n"
	}
	var out []string
	for k := range a {
		if a[k] != value(b, k) {
			out = append(out, k)
		}
	}
	for k := range b {
		if _, ok := a[k]; !ok && b[k] != "n" {
			out = append(out, k)
		}
	}
	slices.Sort(out)
	return out
}
