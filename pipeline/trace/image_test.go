package trace

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/moby/profiles/seccomp"
	specs "github.com/opencontainers/runtime-spec/specs-go"
)

// defaultFilter is the default profile of a container without capabilities, for amd64.
func defaultFilter() *specs.LinuxSeccomp {
	f := &specs.LinuxSeccomp{DefaultAction: specs.ActErrno}
	for _, s := range seccomp.DefaultProfile().Syscalls {
		if s.Includes != nil && (len(s.Includes.Caps) > 0 || len(s.Includes.Arches) > 0 && !slices.Contains(s.Includes.Arches, "amd64")) {
			continue
		}
		if s.Excludes != nil && len(s.Excludes.Arches) > 0 {
			continue
		}
		f.Syscalls = append(f.Syscalls, s.LinuxSyscall)
	}
	return f
}

// passes returns the calls that a profile allows on amd64, and those that it allows only
// under conditions.
func passes(t *testing.T, data []byte) (names, conditional []string) {
	t.Helper()
	var p seccomp.Seccomp
	if err := json.Unmarshal(data, &p); err != nil {
		t.Fatalf("%v\n%s", err, data)
	}
	for _, s := range p.Syscalls {
		switch {
		case s.Comment == "":
			t.Errorf("the rule for %v has no reason", s.Names)
		case s.Action != specs.ActAllow || s.Includes != nil:
		case len(s.Args) > 0:
			conditional = append(conditional, s.Names...)
		default:
			names = append(names, s.Names...)
		}
	}
	return names, conditional
}

// The profile of an image allows what was seen, other forms of it, and what any program
// may call, but nothing that the filter before refused.
func TestImageProfile(t *testing.T) {
	t.Parallel()
	r := newReport("services/web", "amd64")
	for name, phase := range map[string]string{"open": phaseStart, "mkdir": phaseExercise, "socket": phaseStart, "execve": phaseStart, "personality": phaseStart, "unlinkat": phaseStop} {
		r.Calls = append(r.Calls, Call{Name: name, Phase: phase})
	}
	slices.SortFunc(r.Calls, func(a, b Call) int { return strings.Compare(a.Name, b.Name) })
	for i := range r.Calls {
		if r.Calls[i].Name == "socket" {
			r.Calls[i].Details = []string{"AF_INET", "AF_NETLINK"}
		}
	}
	data, err := r.imageProfile(defaultFilter())
	if err != nil {
		t.Fatal(err)
	}
	names, conditional := passes(t, data)
	for _, want := range []string{"open", "openat", "creat", "mkdir", "mkdirat", "unlink", "rmdir", "futex", "restart_syscall", "close_range", "fork"} {
		if !slices.Contains(names, want) {
			t.Errorf("%s is not allowed", want)
		}
	}
	for _, not := range []string{"mknod", "rename", "chown", "setuid", "ptrace", "process_vm_readv", "bind", "clone", "clone3", "socket", "personality"} {
		if slices.Contains(names, not) {
			t.Errorf("%s is allowed", not)
		}
	}
	for _, want := range []string{"clone", "socket", "personality"} {
		if !slices.Contains(conditional, want) {
			t.Errorf("%s is not allowed under conditions, of %v", want, conditional)
		}
	}
	for _, want := range []string{`"value":1,"op":"SCMP_CMP_EQ"`, `"value":2,"op"`, `"value":10,"op"`, `"value":16,"op"`, `"seen: ` + phaseExercise + `"`, `"names": ["clone3"],` + "\n     " + `"action":"SCMP_ACT_ERRNO","errnoRet":38`} {
		if !strings.Contains(string(data), want) {
			t.Errorf("the profile lacks %s:\n%s", want, data)
		}
	}
	if slices.Sort(names); len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Errorf("a call is named twice: %v", names)
	}
	again, err := r.imageProfile(defaultFilter())
	if err != nil || string(again) != string(data) {
		t.Errorf("the bytes differ: %v", err)
	}
	for _, line := range strings.Split(string(data), "\n") {
		if len(line) > nameWidth+20 {
			t.Errorf("a long line: %s", line)
		}
	}
}

// What is not observed is allowed by the profile of a service that makes no call at all.
func TestMarginIsAllowed(t *testing.T) {
	t.Parallel()
	filter := defaultFilter()
	data, err := newReport("services/web", "amd64").imageProfile(filter)
	if err != nil {
		t.Fatal(err)
	}
	names, _ := passes(t, data)
	quiet := margin(filter)
	for _, name := range quiet {
		if !slices.Contains(names, name) {
			t.Errorf("%s is not observed, and not allowed", name)
		}
	}
	for _, want := range []string{"read", "futex", "openat", "pread64", "epoll_wait"} {
		if !slices.Contains(quiet, want) {
			t.Errorf("%s is observed", want)
		}
	}
	for _, not := range []string{"socket", "clone", "mkdir", "fsync", "sendto"} {
		if slices.Contains(quiet, not) {
			t.Errorf("%s is not observed", not)
		}
	}
	// A filter that refuses a call, or allows it only with some arguments.
	filter.Syscalls = slices.DeleteFunc(filter.Syscalls, func(s specs.LinuxSyscall) bool { return slices.Contains(s.Names, "futex") })
	if q := margin(filter); slices.Contains(q, "futex") {
		t.Errorf("futex is not observed, but the filter before refused it")
	}
}

// A service that connects to others by address will in another system use names, and its
// syslog will be there. It may send on its sockets.
func TestProfileOfClient(t *testing.T) {
	t.Parallel()
	for call, want := range map[string]bool{"connect": true, "listen": false} {
		r := newReport("services/web", "amd64")
		r.Calls = []Call{{Name: call, Phase: phaseStart}}
		data, err := r.imageProfile(defaultFilter())
		if err != nil {
			t.Fatal(err)
		}
		names, _ := passes(t, data)
		for _, name := range []string{"sendto", "sendmmsg", "recvfrom", "recvmsg"} {
			if slices.Contains(names, name) != want {
				t.Errorf("with %s, %s is allowed: %t", call, name, !want)
			}
		}
	}
}

// With CAP_SYS_ADMIN, the default profile allows clone3. The profile of an image never does:
// the program gets the answer after which it calls clone.
func TestProfileRefusesClone3(t *testing.T) {
	t.Parallel()
	filter := defaultFilter()
	filter.Syscalls = slices.DeleteFunc(filter.Syscalls, func(s specs.LinuxSyscall) bool { return slices.Contains(s.Names, "clone3") })
	filter.Syscalls = append(filter.Syscalls, specs.LinuxSyscall{Names: []string{"clone3", "clone"}, Action: specs.ActAllow})
	r := newReport("services/web", "amd64")
	r.Calls = []Call{{Name: "clone3", Phase: phaseStart}}
	data, err := r.imageProfile(filter)
	if err != nil {
		t.Fatal(err)
	}
	names, conditional := passes(t, data)
	if slices.Contains(names, "clone3") || slices.Contains(names, "clone") || !slices.Contains(conditional, "clone") || !strings.Contains(string(data), `"names": ["clone3"],`+"\n     "+`"action":"SCMP_ACT_ERRNO","errnoRet":38`) {
		t.Errorf("%s", data)
	}
}

// The calls that every profile gets, and the forms of others, are none that the rules call
// dangerous.
func TestMarginIsHarmless(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../rules/data/params.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Params struct {
			Dangerous map[string]string `json:"dangerous_syscalls"`
		}
	}
	if err := json.Unmarshal(data, &file); err != nil || len(file.Params.Dangerous) < 10 {
		t.Fatalf("%v, %d dangerous calls", err, len(file.Params.Dangerous))
	}
	usual := slices.Concat(always, runtimes)
	for _, group := range forms {
		usual = append(usual, group...)
	}
	for _, name := range usual {
		// clone is allowed only without new namespaces.
		if need, bad := file.Params.Dangerous[name]; bad && name != "clone" {
			t.Errorf("%s is dangerous (%q)", name, need)
		}
	}
	filter := defaultFilter()
	for _, name := range usual {
		if name != "clone" && !unconditional(filter, name) {
			t.Errorf("the default profile does not allow %s", name)
		}
	}
}
