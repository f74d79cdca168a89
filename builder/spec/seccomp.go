package spec

import (
	"fmt"
	"slices"
	"strings"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"go.yaml.in/yaml/v3"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/lazyre"
)

// The fixed values of `seccomp`. Every other value is the path of a profile.
const (
	SeccompDefault    = "default"
	SeccompUnconfined = "unconfined"
)

// Seccomp is the value of `seccomp`: default, unconfined or the path of a profile. A
// label cannot name a file. It can have a profile itself, in the form of config.json.
type Seccomp struct {
	Text    string
	Profile *specs.LinuxSeccomp
}

// IsFile reports whether the value is the path of a profile.
func (s *Seccomp) IsFile() bool {
	return s.Profile == nil && s.Text != SeccompDefault && s.Text != SeccompUnconfined
}

func (s *Seccomp) fromNode(d *decoder, n *yaml.Node) {
	before := d.reported
	switch label := d.origin(n).Layer == system.LayerLabel; {
	case n.Kind != yaml.MappingNode:
		s.Text, _ = d.text(n)
	case !label:
		d.errorf(n, "write the profile into a file, and the path of the file here", "expected text, found a mapping")
	default:
		s.Profile = &specs.LinuxSeccomp{}
		d.fill(n, s.Profile)
	}
	if d.reported > before { // what was not read is not checked
		*s = Seccomp{Text: SeccompDefault}
	}
}

// What a profile of an image can have. SCMP_ACT_TRACE and SCMP_ACT_NOTIFY are missing:
// with them, another program decides about a call.
var (
	profileActions = []specs.LinuxSeccompAction{specs.ActAllow, specs.ActLog, specs.ActErrno, specs.ActTrap, specs.ActKill, specs.ActKillThread, specs.ActKillProcess}
	profileOps     = []specs.LinuxSeccompOperator{specs.OpEqualTo, specs.OpNotEqual, specs.OpMaskedEqual, specs.OpLessThan, specs.OpLessEqual, specs.OpGreaterThan, specs.OpGreaterEqual}
	callName       = lazyre.New(`^[a-z_][a-z0-9_]{0,63}$`)
	archName       = lazyre.New(`^SCMP_ARCH_[A-Z0-9_]{1,32}$`)
)

const (
	// maxErrno is the highest error number that the kernel returns.
	maxErrno = 4095
	// maxProfileNames limits the names of all rules: an architecture has fewer than
	// 500 system calls, and a call can have rules for several arguments.
	maxProfileNames = 5000
)

// CheckProfile reports what is wrong with the profile of an image.
func CheckProfile(p *specs.LinuxSeccomp) (errs []string) {
	fail := func(format string, args ...any) { errs = append(errs, fmt.Sprintf(format, args...)) }
	action := func(where string, a specs.LinuxSeccompAction, errno *uint) {
		switch {
		case a == "":
			fail("%s: the action is missing", where)
		case !slices.Contains(profileActions, a):
			fail("%s: the profile of an image cannot have the action %q", where, a)
		case errno != nil && a != specs.ActErrno:
			fail("%s: only %s has an error number", where, specs.ActErrno)
		case errno != nil && *errno > maxErrno:
			fail("%s: the error number %d is above %d", where, *errno, maxErrno)
		}
	}
	action("default", p.DefaultAction, p.DefaultErrnoRet)
	if len(p.Flags) > 0 || p.ListenerPath != "" || p.ListenerMetadata != "" {
		fail("the profile of an image cannot have flags or a listener")
	}
	for _, a := range p.Architectures {
		if !archName.MatchString(string(a)) {
			fail("architecture %q is unknown", a)
		}
	}
	names := 0
	for i, rule := range p.Syscalls {
		where := fmt.Sprintf("rule %d", i+1)
		if len(rule.Names) > 0 {
			where += fmt.Sprintf(" (%s)", strings.Join(rule.Names[:1], ""))
		} else {
			fail("%s names no system call", where)
		}
		action(where, rule.Action, rule.ErrnoRet)
		names += len(rule.Names)
		for _, name := range rule.Names {
			if !callName.MatchString(name) {
				fail("%s: %q is not the name of a system call", where, name)
			}
		}
		for _, arg := range rule.Args {
			if arg.Index > 5 || !slices.Contains(profileOps, arg.Op) {
				fail("%s: argument %d with the comparison %q is unknown", where, arg.Index, arg.Op)
			}
		}
	}
	if names > maxProfileNames {
		fail("it has more than %d names of system calls", maxProfileNames)
	}
	return errs
}
