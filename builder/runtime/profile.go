package runtime

import (
	"fmt"
	"slices"
	"strings"

	specs "github.com/opencontainers/runtime-spec/specs-go"

	"github.com/seaworthy-os/seaworthy/builder/spec"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

// noteProfile tells the user that os.yml changes the user or the capabilities, but not
// the seccomp profile that the label has for others: a program makes other system calls
// then. As root, a server changes its own user first. The default profile needs no note,
// because it is made for the capabilities that the container has.
func (b *build) noteProfile(p *specs.Process) {
	if b.yaml.Seccomp != nil || b.label.Seccomp == nil || b.label.Seccomp.V.Profile == nil {
		return
	}
	alone := &build{Input: b.Input, yaml: &spec.Settings{}, label: b.label, out: &Output{Origins: map[string]system.Origin{}}}
	was := alone.process()
	var keys []string
	var at []system.Origin
	if was.User.UID != p.User.UID {
		keys, at = append(keys, "`uid`"), append(at, b.yaml.UID.Origin)
	}
	if !slices.Equal(was.Capabilities.Bounding, p.Capabilities.Bounding) || !slices.Equal(was.Capabilities.Ambient, p.Capabilities.Ambient) {
		keys = append(keys, "`capabilities`")
		for _, l := range []*spec.List[spec.Capability]{b.yaml.Capabilities, b.yaml.CapabilitiesAdd, b.yaml.Ambient} {
			if l != nil {
				at = append(at, l.Origin)
			}
		}
	}
	if len(keys) == 0 {
		return
	}
	b.remark(at[0], "seccomp", privileges(p), "it runs as %s, but the seccomp profile in the label of image %s is for %s, and may refuse system calls that the program needs now: remove %s, or write `seccomp: default` and measure a profile with `seaworthy trace`",
		privileges(p), b.Image.Reference, privileges(was), strings.Join(keys, " and "))
}

// privileges describes the user and the capabilities of a process.
func privileges(p *specs.Process) string {
	const most = 5
	caps := p.Capabilities.Bounding
	text := strings.Join(caps[:min(len(caps), most)], ", ")
	switch {
	case len(caps) == 0:
		text = "no capabilities"
	case slices.Equal(caps, slices.Sorted(slices.Values(spec.Capabilities()))):
		text = "all capabilities"
	case len(caps) > most:
		text += fmt.Sprintf(" and %d more", len(caps)-most)
	}
	if n := len(p.Capabilities.Ambient); n > 0 {
		text += fmt.Sprintf(" (%d ambient)", n)
	}
	return fmt.Sprintf("user %d with %s", p.User.UID, text)
}
