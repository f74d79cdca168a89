package vuln

import (
	"slices"
	"strings"

	"github.com/anchore/packageurl-go"

	"github.com/seaworthy-os/seaworthy/internal/lazyre"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// distroCandidates finds the names of a distribution's package.
func (t *target) distroCandidates(p packageurl.PackageURL, d *facts.Distro) {
	q := p.Qualifiers.Map()
	source, version := upstream(p.Type, q["upstream"])
	if source == "" {
		source = p.Name
	}
	own := ownVersion(p, t.pkg.Version)
	if p.Type != "deb" || version == "" {
		version = own
	}
	// os-release values may have quotes.
	id := strings.Trim(strings.ToLower(p.Namespace), "'")
	if format := formats[id]; format != "" && format != p.Type {
		t.claimed = id
		return
	}
	release := release(id, strings.ReplaceAll(strings.ToLower(q["distro"]), "'", ""), d)
	switch p.Type {
	case "deb":
		version = rebuilt.ReplaceAllString(version, "")
		t.distroCandidate(id, release, source, version)
		if base, of, ok := signed(source, version, own); ok {
			t.distroCandidate(id, release, base, of)
			t.distroCandidate(id, release, base+"-unsigned", of) // Ubuntu uses this name for some
		}
	default:
		t.distroCandidate(id, release, p.Name, version)
		if source != p.Name {
			t.distroCandidate(id, release, source, version)
		}
	}
}

// formats are the package types of each distribution. A package of another type
// is not from the distribution, whatever os-release says, and its versions have
// another order.
var formats = map[string]string{
	"debian": "deb", "ubuntu": "deb", "alpine": "apk", "wolfi": "apk", "chainguard": "apk", "redhat": "rpm", "rhel": "rpm",
	"rocky": "rpm", "rockylinux": "rpm", "alma": "rpm", "almalinux": "rpm",
}

func (t *target) distroCandidate(id, release, source, version string) {
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
			t.candidates = append(t.candidates, &candidate{name: name{ecosystem, source}, target: t, version: version, general: general})
		}
	}
	add(specific, false)
	if codename := codenames[major]; id == "debian" && codename != "" {
		add(tracker+":"+codename, false)
	}
	add(general, true)
}

// alpineBranch is the branch of an Alpine release: v3.20 for 3.20.3.
func alpineBranch(release string) string {
	parts := strings.SplitN(strings.TrimPrefix(release, "v"), ".", 3)
	if len(parts) < 2 {
		return ""
	}
	return "v" + parts[0] + "." + parts[1]
}

// rebuilt matches the suffix of a Debian version that was built again from the
// same source.
var rebuilt = lazyre.New(`\+b[0-9]+$`)

// ownVersion is the package's version in the order of its distribution. A
// kernel's release name is not one.
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

// bases are sources whose signed source has another name.
var bases = map[string]string{"grub-efi": "grub2", "shim-helpers": "shim", "systemd-boot-efi": "systemd"}

// debianArchitectures are parts of the names of signed sources.
var debianArchitectures = []string{"amd64", "arm64", "armhf", "i386", "loong64", "riscv64"}

// signed returns the source, and its version, from which a signed source has
// its programs. Databases list vulnerabilities under that name.
//
// Debian generates the signed source from a template: linux-signed-amd64
// 6.1.192+3 is linux 6.1.192-3, and grub-efi-amd64-signed 1+2.06+13 is grub2
// 2.06-13. The packages of other signed sources combine two versions: with the
// source grub2-signed 1.187, the version 1.187+2.06-2ubuntu14 is grub2
// 2.06-2ubuntu14. Ubuntu's linux-signed has the version of linux.
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
	if base != "linux" { // the template adds an epoch or its own number
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

// release is the distribution's version, from the purl or from the image.
func release(id, qualifier string, d *facts.Distro) string {
	if id == "redhat" {
		id = "rhel" // the id in os-release
	}
	if v, ok := strings.CutPrefix(qualifier, id+"-"); ok {
		return v
	}
	if d != nil {
		return d.VersionID
	}
	return ""
}

// mainline are the parts of "Red Hat" that every subscriber gets, from any
// repository. Others, such as EUS, fix older releases for longer. esm matches
// fixes of Ubuntu for subscribers: the package is the same.
var (
	mainline = lazyre.New(`^Red Hat:enterprise_linux:([0-9]+)(?:[.:].*)?$`)
	esm      = lazyre.New(`^Ubuntu:(?:Pro:)?([0-9]+\.[0-9]+)(?::LTS)?$`)
	majors   = lazyre.New(`^(Debian|Rocky Linux|AlmaLinux|Red Hat):([0-9]+)(?:\.[0-9]+)*$`)
	branch   = lazyre.New(`^Alpine:v?([0-9]+\.[0-9]+)(?:\.[0-9]+)*$`)
)

// ecosystem is an OSV ecosystem without parts that do not distinguish releases.
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
