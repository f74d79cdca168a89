package trace

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/moby/profiles/seccomp"
	specs "github.com/opencontainers/runtime-spec/specs-go"

	"github.com/seaworthy-os/seaworthy/internal/tracing"
)

var seccompArch = map[string]specs.Arch{"amd64": specs.ArchX86_64, "arm64": specs.ArchAARCH64}

// profile makes a seccomp profile that allows only the calls that were seen, and those that
// any program may make when memory, time or a signal asks for it: one trace does not show
// them all. before is the filter that the container had, or nil: its conditions stay, and
// so do its answers to other calls, because a program may depend on them (without clone3,
// for example, the C library uses clone only if the answer is ENOSYS).
func (r *Report) profile(before *specs.LinuxSeccomp) ([]byte, error) {
	denied := uint(1) // EPERM
	p := seccomp.Seccomp{}
	p.DefaultAction, p.DefaultErrnoRet = specs.ActErrno, &denied
	p.ArchMap = []seccomp.Architecture{{Arch: seccompArch[r.Arch], SubArches: []specs.Arch{}}}
	allowed := map[string]bool{}
	for _, c := range r.Calls {
		allowed[c.Name] = true
		comment := c.seen()
		rules := c.conditions()
		if rules == nil && before != nil && before.DefaultAction != specs.ActAllow {
			rules = rulesOf(before, c.Name)
		}
		if rules == nil {
			rules = []specs.LinuxSyscall{{Action: specs.ActAllow}}
		}
		for _, rule := range rules {
			rule.Names = []string{c.Name}
			p.Syscalls = append(p.Syscalls, &seccomp.Syscall{LinuxSyscall: rule, Comment: comment})
		}
	}
	var more []string
	for _, name := range always {
		if !allowed[name] && unconditional(before, name) {
			allowed[name] = true
			more = append(more, name)
		}
	}
	if slices.Sort(more); len(more) > 0 {
		p.Syscalls = append(p.Syscalls, &seccomp.Syscall{LinuxSyscall: specs.LinuxSyscall{Names: more, Action: specs.ActAllow}, Comment: whyAlways})
	}
	p.Syscalls = append(p.Syscalls, limits(before, allowed)...)
	if before != nil {
		p.Syscalls = append(p.Syscalls, refusals(before, allowed)...)
	}
	return encodeProfile(&p)
}

// limits is a rule for questions about limits, if prlimit64 is not allowed already. It adds
// the call to allowed.
func limits(before *specs.LinuxSeccomp, allowed map[string]bool) []*seccomp.Syscall {
	const name = "prlimit64"
	if allowed[name] || !unconditional(before, name) {
		return nil
	}
	allowed[name] = true
	return []*seccomp.Syscall{{Comment: whyLimits, LinuxSyscall: specs.LinuxSyscall{Names: []string{name}, Action: specs.ActAllow,
		// Argument 2 has new limits, or is 0.
		Args: []specs.LinuxSeccompArg{{Index: 2, Value: 0, Op: specs.OpEqualTo}}}}}
}

// unconditional reports whether a filter allows a call with all arguments. nil is no filter.
func unconditional(f *specs.LinuxSeccomp, name string) bool {
	if f == nil {
		return true
	}
	named := func(rule specs.LinuxSyscall) bool { return slices.Contains(rule.Names, name) }
	if allows(f.DefaultAction) && !slices.ContainsFunc(f.Syscalls, named) {
		return true
	}
	return slices.ContainsFunc(f.Syscalls, func(rule specs.LinuxSyscall) bool {
		return allows(rule.Action) && len(rule.Args) == 0 && named(rule)
	})
}

// encodeProfile writes one line for each rule.
func encodeProfile(p *seccomp.Seccomp) ([]byte, error) {
	var lines []string
	for _, s := range p.Syscalls {
		line, err := json.Marshal(s)
		if err != nil {
			return nil, err
		}
		lines = append(lines, "    "+string(line))
	}
	head := *p
	head.Syscalls = []*seccomp.Syscall{}
	data, err := json.MarshalIndent(&head, "", "  ")
	if err != nil {
		return nil, err
	}
	rules := "\"syscalls\": [\n" + strings.Join(lines, ",\n") + "\n  ]"
	return append(bytes.Replace(data, []byte(`"syscalls": []`), []byte(rules), 1), '\n'), nil
}

// rulesOf are the rules with which a filter allows a call.
func rulesOf(f *specs.LinuxSeccomp, name string) (out []specs.LinuxSyscall) {
	for _, rule := range f.Syscalls {
		if allows(rule.Action) && slices.Contains(rule.Names, name) {
			out = append(out, rule)
		}
	}
	return out
}

func allows(a specs.LinuxSeccompAction) bool { return a == specs.ActAllow || a == specs.ActLog }

// refusals are the rules of a filter that refuse calls with a particular answer.
func refusals(before *specs.LinuxSeccomp, allowed map[string]bool) (out []*seccomp.Syscall) {
	for _, rule := range before.Syscalls {
		if allows(rule.Action) {
			continue
		}
		names := slices.DeleteFunc(slices.Clone(rule.Names), func(n string) bool { return allowed[n] })
		if rule.Names = names; len(names) > 0 {
			out = append(out, &seccomp.Syscall{LinuxSyscall: rule, Comment: "refused as before"})
		}
	}
	return out
}

// seen says who made the call.
func (c *Call) seen() string {
	text := fmt.Sprintf("seen: %s, %s", c.Program, c.Phase)
	if len(c.Details) > 0 {
		text += ": " + strings.Join(c.Details, ", ")
	}
	return text
}

// conditions are rules for the arguments that were seen. They are nil for calls whose
// arguments were not looked at.
func (c *Call) conditions() (out []specs.LinuxSyscall) {
	allow := func(arg specs.LinuxSeccompArg) {
		out = append(out, specs.LinuxSyscall{Action: specs.ActAllow, Args: []specs.LinuxSeccompArg{arg}})
	}
	switch {
	case c.Name == "clone" && len(c.Details) == 0:
		allow(specs.LinuxSeccompArg{Index: 0, Value: tracing.NewNamespaces, ValueTwo: 0, Op: specs.OpMaskedEqual})
	case c.Name == "socket":
		numbers := map[uint64]bool{}
		for _, d := range c.Details {
			n, ok := tracing.SocketFamily(d)
			if !ok {
				return nil
			}
			numbers[n] = true
		}
		for _, n := range slices.Sorted(maps.Keys(numbers)) {
			allow(specs.LinuxSeccompArg{Index: 0, Value: n, Op: specs.OpEqualTo})
		}
	}
	return out
}
