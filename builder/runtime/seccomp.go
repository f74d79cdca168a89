package runtime

import (
	"errors"
	"fmt"
	"slices"

	"github.com/moby/profiles/seccomp"
	specs "github.com/opencontainers/runtime-spec/specs-go"

	"github.com/seaworthy-os/seaworthy/builder/spec"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/strictjson"
)

// ProfilePath returns the path of the profile that a container's `seccomp`
// names, or nil. The content of the file must be in Input.Profile.
func ProfilePath(c *spec.Container) *spec.Value[string] {
	if v := c.Seccomp; v != nil && v.V.IsFile() {
		return &spec.Value[string]{V: v.V.Text, Origin: v.Origin}
	}
	return nil
}

// seccomp makes the filter for the capabilities that the container has. Without
// the key there is no filter, as in LinuxKit.
func (b *build) seccomp(bounding []string) *specs.LinuxSeccomp {
	v := pick(b, "/linux/seccomp", b.yaml.Seccomp, b.label.Seccomp)
	if v == nil {
		return nil
	}
	profile, text := seccomp.DefaultProfile(), v.V.Text
	switch {
	case v.V.Profile != nil:
		if !slices.Contains(v.V.Profile.Architectures, architectures[b.Arch]) {
			b.fail(v.Origin, "build the image for "+b.Arch+", or set seccomp in os.yml", "seccomp: the profile is not for %s", b.Arch)
		}
		return v.V.Profile
	case text == spec.SeccompUnconfined:
		return nil
	case text == spec.SeccompDefault:
	case v.Origin.Layer == system.LayerLabel:
		b.fail(v.Origin, "set seccomp in os.yml", "seccomp: %q: a label can only have %s, %s or a profile itself", text, spec.SeccompDefault, spec.SeccompUnconfined)
		return nil
	default:
		var err error
		if profile, err = parseProfile(b.Profile); err != nil {
			b.fail(v.Origin, "write a seccomp profile in Docker's format", "seccomp profile %q: %v", text, err)
			return nil
		}
	}
	filter, err := filterProfile(profile, bounding, b.Arch)
	if err != nil {
		b.fail(v.Origin, "", "seccomp profile %q: %v", text, err)
	}
	return filter
}

// ImageProfile makes the profile of an image for one architecture, from a file in
// Docker's format. The profile is checked as the builder of a system checks a label.
// Calls of other architectures stay in it: OCI runtimes ignore names that the system's
// architecture does not have. They are the same for all images of a component.
func ImageProfile(data []byte, arch string) (*specs.LinuxSeccomp, error) {
	p, err := parseProfile(data)
	if err != nil {
		return nil, err
	}
	if architectures[arch] == "" {
		return nil, fmt.Errorf("seccomp has no name for the architecture %s", arch)
	}
	for _, call := range p.Syscalls {
		if call != nil && (depends(call.Includes) || depends(call.Excludes)) {
			return nil, fmt.Errorf("the rule for %v depends on capabilities, which an os.yml can change: write the rule without a condition, or remove it", call.Names)
		}
	}
	filter, err := filterProfile(p, nil, arch)
	if err != nil {
		return nil, err
	}
	if len(filter.Architectures) == 0 {
		filter.Architectures = []specs.Arch{architectures[arch]}
	}
	var errs []error
	for _, bad := range spec.CheckProfile(filter) {
		errs = append(errs, errors.New(bad))
	}
	return filter, errors.Join(errs...)
}

func depends(f *seccomp.Filter) bool { return f != nil && len(f.Caps) > 0 }

func parseProfile(data []byte) (*seccomp.Seccomp, error) {
	var p seccomp.Seccomp
	if err := strictjson.DecodeKnown(data, &p); err != nil {
		return nil, err
	}
	if p.DefaultAction == "" {
		return nil, errors.New("defaultAction is missing")
	}
	return &p, nil
}

// architectures maps our names to seccomp's names.
var architectures = map[string]specs.Arch{
	"amd64": specs.ArchX86_64, "arm64": specs.ArchAARCH64, "riscv64": specs.ArchRISCV64,
}

var actions = []specs.LinuxSeccompAction{
	specs.ActKill, specs.ActKillProcess, specs.ActKillThread, specs.ActTrap, specs.ActErrno,
	specs.ActTrace, specs.ActAllow, specs.ActLog, specs.ActNotify,
}

// newestAssumed is the lowest major version of the kernels that we build for.
// Every kernel meets a condition up to this version.
const newestAssumed = 4

// filterProfile keeps the rules of a profile that apply to the capabilities and
// the architecture. The result does not depend on the build machine and its
// kernel.
func filterProfile(p *seccomp.Seccomp, caps []string, arch string) (*specs.LinuxSeccomp, error) {
	out := p.LinuxSeccomp
	out.Syscalls = nil
	if len(p.Architectures) > 0 && len(p.ArchMap) > 0 {
		return nil, errors.New("architectures and archMap cannot be combined")
	}
	if !slices.Contains(actions, p.DefaultAction) {
		return nil, fmt.Errorf("unknown action %q", p.DefaultAction)
	}
	if len(p.ArchMap) > 0 {
		for _, a := range p.ArchMap {
			if a.Arch == architectures[arch] {
				out.Architectures = append([]specs.Arch{a.Arch}, a.SubArches...)
			}
		}
		if len(out.Architectures) == 0 {
			return nil, fmt.Errorf("archMap has no entry for %s", arch)
		}
	}
	for _, call := range p.Syscalls {
		if call == nil {
			return nil, errors.New("a rule is empty")
		}
		rule := call.LinuxSyscall
		if name := call.Name; name != "" { //nolint:staticcheck // old profiles have one name
			if len(rule.Names) > 0 {
				return nil, fmt.Errorf("a rule has both name %q and names", name)
			}
			rule.Names = []string{name}
		}
		if !slices.Contains(actions, rule.Action) {
			return nil, fmt.Errorf("unknown action %q for %v", rule.Action, rule.Names)
		}
		for _, f := range []*seccomp.Filter{call.Includes, call.Excludes} {
			if f != nil && f.MinKernel != nil && f.MinKernel.Kernel > newestAssumed {
				return nil, fmt.Errorf("the rule for %v depends on kernel version %s, which is not known when a system is built", rule.Names, f.MinKernel.String())
			}
		}
		if holds(call.Includes, caps, arch, true) && !holds(call.Excludes, caps, arch, false) {
			out.Syscalls = append(out.Syscalls, rule)
		}
	}
	return &out, nil
}

// holds reports whether a condition is met. With all, every listed item must
// match, and an empty condition is met. Without it, one match is enough.
func holds(f *seccomp.Filter, caps []string, arch string, all bool) bool {
	if f == nil {
		return all
	}
	has := func(c string) bool { return slices.Contains(caps, c) }
	if !all {
		return slices.Contains(f.Arches, arch) || slices.ContainsFunc(f.Caps, has) || f.MinKernel != nil
	}
	lacks := func(c string) bool { return !has(c) }
	return (len(f.Arches) == 0 || slices.Contains(f.Arches, arch)) && !slices.ContainsFunc(f.Caps, lacks)
}
