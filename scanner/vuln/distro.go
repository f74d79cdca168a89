package vuln

import (
	"slices"
	"strings"

	"github.com/anchore/packageurl-go"

	"github.com/seaworthy-os/seaworthy/internal/lazyre"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// distroLooks gives the names of a distribution's package.
func (t *target) distroLooks(p packageurl.PackageURL, d *facts.Distro) {
	q := p.Qualifiers.Map()
	source, version := upstream(p.Type, q["upstream"])
	if source == "" {
		source = p.Name
	}
	own := ownVersion(p, t.pkg.Version)
	if p.Type != "deb" || version == "" {
		version = own
	}
	// As os-release writes them, in quotes or not.
	id := strings.Trim(strings.ToLower(p.Namespace), "'")
	if format := formats[id]; format != "" && format != p.Type {
		t.claimed = id
		return
	}
	release := release(id, strings.ReplaceAll(strings.ToLower(q["distro"]), "'", ""), d)
	switch p.Type {
	case "deb":
		version = rebuilt.ReplaceAllString(version, "")
		t.distroLook(id, release, source, version)
		if base, of, ok := signed(source, version, own); ok {
			t.distroLook(id, release, base, of)
			t.distroLook(id, release, base+"-unsigned", of) // so Ubuntu calls some
		}
	default:
		t.distroLook(id, release, p.Name, version)
		if source != p.Name {
			t.distroLook(id, release, source, version)
		}
	}
}

// formats are those of a distribution's packages. Another one is not the
// distribution's, whatever os-release says: its versions count otherwise.
var formats = map[string]string{
	"debian": "deb", "ubuntu": "deb", "alpine": "apk", "wolfi": "apk", "chainguard": "apk", "redhat": "rpm", "rhel": "rpm",
	"rocky": "rpm", "rockylinux": "rpm", "alma": "rpm", "almalinux": "rpm",
}

func (t *target) distroLook(id, release, source, version string) {
	major, _, _ := strings.Cut(release, ".")
	specific, general := "", ""
	switch id {
	case "debian":
		specific, general = "Debian:"+major, "Debian"
	case "ubuntu":
		specific, general = "Ubuntu:"+release, "Ubuntu"
	case "alpine":
		specific, general = "Alpine:"+alpineBranch(release), "Alpine"
	case "wolfi":
		specific = "Wolfi"
	case "chainguard":
		specific = "Chainguard"
	case "redhat", "rhel":
		specific, general = "Red Hat:"+major, "Red Hat"
	case "rocky", "rockylinux":
		specific, general = "Rocky Linux:"+major, "Rocky Linux"
	case "alma", "almalinux":
		specific, general = "AlmaLinux:"+major, "AlmaLinux"
	}
	add := func(ecosystem string, general bool) {
		if ecosystem != "" && !strings.HasSuffix(ecosystem, ":") {
			t.looks = append(t.looks, &look{name: name{ecosystem, source}, target: t, version: version, general: general})
		}
	}
	add(specific, false)
	if codename := codenames[major]; id == "debian" && codename != "" {
		add(tracker+":"+codename, false)
	}
	add(general, true)
}

// alpineBranch is what Alpine's releases have in common: v3.20 of 3.20.3.
func alpineBranch(release string) string {
	parts := strings.SplitN(strings.TrimPrefix(release, "v"), ".", 3)
	if len(parts) < 2 {
		return ""
	}
	return "v" + parts[0] + "." + parts[1]
}

// rebuilt ends the version of a Debian package that was built again from the
// same source.
var rebuilt = lazyre.New(`\+b[0-9]+$`)

// ownVersion is the package's version as its distribution counts: the name of a
// kernel's release is none.
func ownVersion(p packageurl.PackageURL, have string) string {
	v := p.Version
	if epoch := p.Qualifiers.Map()["epoch"]; v != "" && epoch != "" && epoch != "0" && !strings.Contains(v, ":") {
		v = epoch + ":" + v
	}
	if v == "" || strings.HasSuffix(have, ":"+v) {
		return have
	}
	return v
}

// bases are sources whose signed ones are not named after them.
var bases = map[string]string{"grub-efi": "grub2", "shim-helpers": "shim", "systemd-boot-efi": "systemd"}

// debianArchitectures stand in the names of signed sources.
var debianArchitectures = []string{"amd64", "arm64", "armhf", "i386", "loong64", "riscv64"}

// signed tells of which source a signed one has its programs, and of which
// version. What is known of the programs is known under that name.
//
// Debian makes the signed source of a template: linux-signed-amd64 6.1.192+3 is
// linux 6.1.192-3, and grub-efi-amd64-signed 1+2.06+13 is grub2 2.06-13. The
// packages of other signed sources have two versions in one: with the source
// grub2-signed 1.187, 1.187+2.06-2ubuntu14 is grub2 2.06-2ubuntu14. Ubuntu's
// linux-signed has the version of linux.
func signed(source, version, own string) (base, of string, ok bool) {
	parts := strings.Split(source, "-")
	at := slices.Index(parts, "signed")
	if at < 1 {
		return "", "", false
	}
	parts = slices.Delete(parts, at, at+1)
	if last := len(parts) - 1; last > 0 && slices.Contains(debianArchitectures, parts[last]) {
		parts = parts[:last]
	}
	base = strings.Join(parts, "-")
	if other := bases[base]; other != "" {
		base = other
	}
	if rest, two := strings.CutPrefix(own, version+"+"); two && strings.Contains(rest, "-") {
		return base, rest, true
	}
	if strings.Contains(version, "-") {
		return base, version, true
	}
	if base != "linux" { // the template adds an epoch or a number of its own
		if _, rest, epoch := strings.Cut(version, ":"); epoch {
			version = rest
		}
		if base == "grub2" || base == "shim" {
			version = numbered.ReplaceAllString(version, "$1")
		}
	}
	return base, templateRevision.ReplaceAllString(version, "$1-$2"), true
}

var (
	numbered         = lazyre.New(`^[0-9]+\+([0-9].*\+.*)$`)
	templateRevision = lazyre.New(`^(.*?)\+([0-9].*)$`)
)

// release is the distribution's version: as the purl says, else the image.
func release(id, qualifier string, d *facts.Distro) string {
	if id == "redhat" {
		id = "rhel" // in os-release
	}
	if v, ok := strings.CutPrefix(qualifier, id+"-"); ok {
		return v
	}
	if d != nil {
		return d.VersionID
	}
	return ""
}

// mainline are the parts of "Red Hat" that every subscriber gets, of whatever
// repository; others (EUS, and so on) mend older releases for longer. esm is
// what Ubuntu mends for subscribers: the package is the same.
var (
	mainline = lazyre.New(`^Red Hat:enterprise_linux:([0-9]+)(?:[.:].*)?$`)
	esm      = lazyre.New(`^Ubuntu:(?:Pro:)?([0-9]+\.[0-9]+)(?::LTS)?$`)
	majors   = lazyre.New(`^(Debian|Rocky Linux|AlmaLinux|Red Hat):([0-9]+)(?:\.[0-9]+)*$`)
	branch   = lazyre.New(`^Alpine:v?([0-9]+\.[0-9]+)(?:\.[0-9]+)*$`)
)

// ecosystem is an OSV ecosystem without what does not tell releases apart.
func ecosystem(s string) string {
	if m := esm.FindStringSubmatch(s); m != nil {
		return "Ubuntu:" + m[1]
	}
	if m := mainline.FindStringSubmatch(s); m != nil {
		return "Red Hat:" + m[1]
	}
	if m := majors.FindStringSubmatch(s); m != nil {
		return m[1] + ":" + m[2]
	}
	if m := branch.FindStringSubmatch(s); m != nil {
		return "Alpine:v" + m[1]
	}
	if codename, ok := strings.CutPrefix(s, "Debian:"); ok {
		for number, name := range codenames {
			if name == codename {
				return "Debian:" + number
			}
		}
	}
	return s
}
