package statement

import (
	"fmt"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// The functions below are called twice: when a seal is written, and when it is
// verified. The verifier compares their results with the seal.

// BuilderOf names this program, as the builder of a provenance and the verifier
// of a summary.
func BuilderOf(version string) Builder {
	b := Builder{ID: BuilderID}
	if version != "" {
		b.Version = map[string]string{"seaworthy": version}
	}
	return b
}

// ResourceURI is the package URL of an image: its name and the digest
// (sha256:HEX) of its OCI manifest.
func ResourceURI(name, manifest string) string {
	return fmt.Sprintf("pkg:oci/%s@%s", url.PathEscape(strings.ToLower(name)), url.QueryEscape(manifest))
}

// ImageURI is a component's image as a package URL: its full name with a tag or
// digest, the digest that the name resolved to, and the architecture.
func ImageURI(name, digest, arch string) string {
	name, _, _ = strings.Cut(name, "@")
	tag := ""
	if i := strings.LastIndexByte(name, ':'); i > strings.LastIndexByte(name, '/') {
		name, tag = name[:i], name[i+1:]
	}
	q := url.Values{"arch": {arch}, "repository_url": {name}}
	if tag != "" {
		q.Set("tag", tag)
	}
	base := strings.ToLower(path.Base(name))
	return fmt.Sprintf("pkg:oci/%s@%s?%s", url.PathEscape(base), url.QueryEscape(digest), q.Encode())
}

// Formats are the suffixes of the files that a build writes in each format. The
// suffix follows the image's name.
var Formats = map[string][]string{
	"aws":               {".raw"},
	"docker":            {"-docker.tar"},
	"dynamic-vhd":       {".vhd"},
	"gcp":               {".img.tar.gz"},
	"iso-bios":          {".iso"},
	"iso-efi":           {"-efi.iso"},
	"iso-efi-initrd":    {"-efi-initrd.iso"},
	"kernel+erofs":      {"-kernel", "-cmdline", "-erofs.img", "-initrd.img"},
	"kernel+initrd":     {"-kernel", "-initrd.img", "-cmdline"},
	"kernel+iso":        {"-kernel", "-cmdline", ".iso", "-initrd.img"},
	"kernel+squashfs":   {"-kernel", "-cmdline", "-squashfs.img", "-initrd.img"},
	"qcow2-bios":        {".qcow2"},
	"qcow2-efi":         {"-efi.qcow2"},
	"qcow2-efi-verity":  {"-efi-verity.qcow2"},
	"raw-bios":          {"-bios.img"},
	"raw-efi":           {"-efi.img"},
	"raw-efi-verity":    {"-efi-verity.img"},
	"rpi3":              {".tar"},
	"tar":               {".tar"},
	"tar-kernel-initrd": {"-initrd.tar"},
	"uki":               {".efi"},
	"vhd":               {".vhd"},
	"vmdk":              {".vmdk"},
}

// Levels are a summary's verified levels: SEAWORTHY_ and the policy's name in
// capital letters, or FAILED.
func Levels(result, policy string) []string {
	if result != Passed {
		return []string{Failed}
	}
	return []string{"SEAWORTHY_" + strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
			return r
		}
		return '_'
	}, path.Base(policy))}
}

// Inputs are the inputs of a summary, by the digests (sha256:HEX, "" if
// missing) of decision.json, the waivers and the lock.
func Inputs(decision, waivers, lock string) ([]Input, error) {
	out := []Input{}
	for _, in := range []struct{ uri, digest string }{
		{InputDecision, decision}, {DependencyWaivers, waivers}, {DependencyLock, lock},
	} {
		if in.digest == "" {
			continue
		}
		set, err := DigestSet(in.digest)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", in.uri, err)
		}
		out = append(out, Input{URI: in.uri, Digest: set})
	}
	return out, nil
}

// DecidedAt is the time of the decision: the time of --now, or
// SOURCE_DATE_EPOCH, or "". The clock's time is never used, so that outputs are
// reproducible.
func (p *Parameters) DecidedAt() string {
	switch {
	case p.Now != "":
		return p.Now
	case p.SourceDateEpoch > 0:
		return Time(time.Unix(p.SourceDateEpoch, 0))
	}
	return ""
}

// Time is the form of a time in statements.
func Time(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// ParseTime reads the form that Time writes, and nothing else.
func ParseTime(s string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, s)
	if err == nil && Time(t) != s {
		err = fmt.Errorf("time %q is not written in UTC as %q", s, Time(t))
	}
	return t, err
}

// Judged is the policy of a decision in the form of the statements.
func Judged(d *decision.Decision) (Policy, error) {
	set, err := DigestSet(d.Policy.Digest)
	if err == nil && d.Policy.Name == "" {
		err = fmt.Errorf("the policy does not have a name")
	}
	return Policy{URI: PolicyURI(d.Policy.Name), Digest: set}, err
}

// Configuration says, in a test result, which policy the tests belong to.
func Configuration(name string, p Policy) []Descriptor {
	return []Descriptor{{Name: name, URI: p.URI, Digest: p.Digest}}
}
