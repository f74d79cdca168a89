package trace

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/moby/profiles/seccomp"
	specs "github.com/opencontainers/runtime-spec/specs-go"

	"github.com/seaworthy-os/seaworthy/builder/spec"
	"github.com/seaworthy-os/seaworthy/builder/spec/edit"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// Images traces several containers of one system in one boot: services one after the other,
// and containers of onboot and onshutdown when they run. It makes a seccomp profile for the
// image of each. Containers with one image get one profile, for all that they did; it has the
// name of the first one. Nothing else is proposed. The containers run with the default
// profile: that of an image would hide what it refuses. A container that os.yml lets run
// unconfined stays so, for images that need calls which the default profile refuses. The
// result has the reports of those that worked.
func Images(ctx context.Context, o Options, targets []Target) (reports []*Report, err error) {
	dir, err := os.MkdirTemp(o.Build.TempDir, "seaworthy-trace-")
	if err != nil {
		return nil, system.Unusable("cannot make a temporary folder").Because(err)
	}
	defer os.RemoveAll(dir)
	o.Target = targets[0]
	t := &tracer{Options: o, dir: dir, images: targets}
	unconfined, err := unconfinedIn(o.Build.Resolve.Files)
	if err != nil {
		return nil, err
	}
	var edits []decision.Edit
	for _, s := range targets {
		if !unconfined[s] {
			edits = append(edits, decision.Edit{Op: "set", Component: s.ID(), Path: "/seccomp", Value: spec.SeccompDefault})
		}
	}
	sources, err := edit.Apply(t.Sources, edits)
	if err != nil {
		return nil, err
	}
	t.Say("building the traced system")
	built, err := t.build(ctx, sources, false)
	if err != nil {
		return nil, err
	}
	traced := make([]*tracer, len(targets))
	for i, s := range targets {
		traced[i] = &tracer{Options: o}
		traced[i].Target = s
		if err := traced[i].find(built.OS); err != nil {
			return nil, err
		}
	}
	images := &imageReports{arch: built.OS.Arch}
	if o.Target.runsOnce() {
		a, all := t.throughBoot(ctx, built, nil, t.Patience)
		if a.err != nil {
			return nil, a.err
		}
		var failed error
		if a.failed != "" {
			failed, all = notBooted(a.failed), worked(all)
		}
		var bad []string
		for _, t := range traced {
			r := images.of(t)
			switch err := r.addEnded(all, t.Target); {
			case failed != nil && err != nil:
				bad = append(bad, r.image)
			case err != nil:
				return nil, err
			}
		}
		images.all = slices.DeleteFunc(images.all, func(r *imageReport) bool { return slices.Contains(bad, r.image) })
		reports, err = images.finish()
		return reports, errors.Join(failed, err)
	}
	var errs []error
	err = t.boot(ctx, built, func(ctx context.Context, g *guest) error {
		images, errs = &imageReports{arch: built.OS.Arch}, nil // the machine may be started again
		for _, t := range traced {
			t.Say("running " + t.Target.ID())
			g.service, g.checks, g.callsOnly, g.quiet = t.Target.Name, t.Checks, true, margin(t.spec.Linux.Seccomp)
			r := newReport(t.Target.ID(), built.OS.Arch)
			a := t.image(ctx, g, r)
			if a.err != nil {
				return a.err
			}
			if a.failed != "" {
				errs = append(errs, system.Unusable("%s does not work in the traced system: %s", t.Target.ID(), a.failed))
				continue
			}
			images.of(t).merge(r)
		}
		return nil
	})
	if err != nil {
		return nil, errors.Join(append(errs, err)...)
	}
	reports, err = images.finish()
	return reports, errors.Join(append(errs, err)...)
}

// image runs a service, and uses it. If it keeps files, it is then killed, and starts again
// with them: the second run shows how it recovers, and how it ends.
func (t *tracer) image(ctx context.Context, g *guest, r *Report) attempt {
	g.crash, g.again = keepsFiles(t.spec), false
	a := t.once(ctx, g, r, nil, t.Patience)
	if !g.crash || a.err != nil || a.failed != "" {
		return a
	}
	t.Say("starting " + t.Target.ID() + " again after a crash")
	g.crash, g.again = false, true
	return t.once(ctx, g, r, nil, t.Patience)
}

// keepsFiles reports whether a container finds files of an earlier run again: it can write
// to a folder of the system.
func keepsFiles(s *specs.Spec) bool {
	return slices.ContainsFunc(s.Mounts, func(m specs.Mount) bool {
		return m.Type == "bind" && !strings.HasPrefix(m.Destination, "/dev") && !slices.Contains(m.Options, "ro")
	})
}

// worked are the containers that ended with success in a boot or a shutdown that failed. How
// an onboot container has ended is not always known, so the last one may have failed.
func worked(all []ended) []ended {
	if n := len(all); n > 0 && strings.HasPrefix(all[n-1].Container, string(system.SectionOnboot)+"/") {
		all = all[:n-1]
	}
	return slices.DeleteFunc(slices.Clone(all), func(e ended) bool { return e.Failed != "" })
}

// unconfinedIn are the containers with `seccomp: unconfined` in os.yml files.
func unconfinedIn(files []string) (map[Target]bool, error) {
	c, err := spec.Load(files)
	if err != nil {
		return nil, err
	}
	out := map[Target]bool{}
	for section, list := range map[system.Section][]spec.Container{system.SectionServices: c.Services, system.SectionOnboot: c.Onboot, system.SectionOnshutdown: c.Onshutdown} {
		for i := range list {
			if value := list[i].Seccomp.Get(); value.Text == spec.SeccompUnconfined {
				out[Target{section, list[i].Name.Get()}] = true
			}
		}
	}
	return out, nil
}

// imageReports are the reports of images, in the order of the targets.
type imageReports struct {
	arch string
	all  []*imageReport
}

type imageReport struct {
	*Report
	image string
	// before has the filters of all its containers: a call is allowed if one allows it.
	before specs.LinuxSeccomp
}

// of returns the report of a target's image.
func (i *imageReports) of(t *tracer) *imageReport {
	image := t.component.Image.Manifest
	at := slices.IndexFunc(i.all, func(r *imageReport) bool { return r.image == image })
	if at < 0 {
		at = len(i.all)
		i.all = append(i.all, &imageReport{Report: newReport(t.Target.ID(), i.arch), image: image})
	}
	r := i.all[at]
	if f := t.spec.Linux.Seccomp; f == nil {
		r.before.DefaultAction = specs.ActAllow
	} else {
		r.before.Syscalls = append(r.before.Syscalls, f.Syscalls...)
	}
	return r
}

// merge adds the calls and the runs of another report.
func (r *Report) merge(other *Report) {
	r.Runs = append(r.Runs, other.Runs...)
	for _, c := range other.Calls {
		i := slices.IndexFunc(r.Calls, func(o Call) bool { return o.Name == c.Name })
		if i < 0 {
			r.Calls = append(r.Calls, c)
			continue
		}
		details := slices.Concat(r.Calls[i].Details, c.Details)
		slices.Sort(details)
		r.Calls[i].Details = slices.Compact(details)
	}
	slices.SortFunc(r.Calls, func(a, b Call) int { return cmp.Compare(a.Name, b.Name) })
}

// finish makes the profiles.
func (i *imageReports) finish() (reports []*Report, err error) {
	for _, r := range i.all {
		if r.Profile, err = r.imageProfile(&r.before); err != nil {
			return nil, err
		}
		reports = append(reports, r.Report)
	}
	return reports, nil
}

// The profile of an image is for every system that uses the image: with other settings,
// another OCI runtime, another architecture or a newer C library. What was seen in one
// trace is too little for that. So the profile also has the calls of these lists. None of
// them gives a service a power that it did not show, except over itself.

// always are calls that a program may make at any time, whatever it does: the C library
// and the runtimes of Go and Python make them when memory, time or a signal asks for it.
var always = strings.Fields(`
	brk mmap mprotect munmap mremap madvise membarrier
	rt_sigaction rt_sigprocmask rt_sigreturn rt_sigtimedwait sigaltstack tgkill restart_syscall
	futex set_robust_list get_robust_list rseq set_tid_address sched_yield sched_getaffinity getcpu
	clock_gettime clock_getres clock_nanosleep nanosleep gettimeofday time
	getpid gettid getppid getuid geteuid getgid getegid getrandom getrusage getrlimit uname sysinfo times
	read readv write writev lseek close fstat poll ppoll exit exit_group`)

// runtimes are calls that an OCI runtime makes between the start of the filter and the
// program, besides clone. A trace shows only those of crun.
var runtimes = strings.Fields(`execve close_range fcntl getdents64 openat newfstatat statfs fstatfs prctl pipe2 eventfd2 epoll_create1 epoll_ctl epoll_pwait`)

// forms are calls that can do the same. If a service makes one of them, its profile allows
// all: other architectures have only the newer ones, C libraries change from one to the
// other, and a program chooses by the size of its data.
var forms = [][]string{
	strings.Fields(`read readv pread64 preadv preadv2`),
	strings.Fields(`write writev pwrite64 pwritev pwritev2`),
	strings.Fields(`open openat creat`),
	strings.Fields(`stat lstat fstat newfstatat statx access faccessat faccessat2`),
	strings.Fields(`statfs fstatfs`),
	strings.Fields(`readlink readlinkat`),
	strings.Fields(`getdents getdents64`),
	strings.Fields(`chdir fchdir`),
	strings.Fields(`mkdir mkdirat`),
	strings.Fields(`unlink rmdir unlinkat`),
	strings.Fields(`rename renameat renameat2`),
	strings.Fields(`link linkat`),
	strings.Fields(`symlink symlinkat`),
	strings.Fields(`mknod mknodat`),
	strings.Fields(`chmod fchmod fchmodat fchmodat2`),
	strings.Fields(`chown lchown fchown fchownat`),
	strings.Fields(`utime utimes futimesat utimensat`),
	strings.Fields(`truncate ftruncate`),
	strings.Fields(`fsync fdatasync`),
	strings.Fields(`getxattr lgetxattr fgetxattr listxattr llistxattr flistxattr`),
	strings.Fields(`setxattr lsetxattr fsetxattr`),
	strings.Fields(`dup dup2 dup3`),
	strings.Fields(`pipe pipe2`),
	strings.Fields(`eventfd eventfd2`),
	strings.Fields(`signalfd signalfd4`),
	strings.Fields(`inotify_init inotify_init1`),
	strings.Fields(`inotify_add_watch inotify_rm_watch`),
	strings.Fields(`epoll_create epoll_create1`),
	strings.Fields(`poll ppoll select pselect6 epoll_wait epoll_pwait epoll_pwait2`),
	strings.Fields(`accept accept4`),
	strings.Fields(`recvfrom recvmsg recvmmsg`),
	strings.Fields(`sendto sendmsg sendmmsg`),
	strings.Fields(`getsockname getpeername getsockopt setsockopt shutdown`),
	strings.Fields(`clone fork vfork`),
	strings.Fields(`wait4 waitid`),
	strings.Fields(`getpgrp getpgid`),
	strings.Fields(`setrlimit prlimit64`),
	strings.Fields(`alarm getitimer setitimer`),
	strings.Fields(`timer_create timer_settime timer_gettime timer_getoverrun timer_delete`),
	strings.Fields(`timerfd_create timerfd_settime timerfd_gettime`),
	strings.Fields(`mlock mlock2 munlock`),
	strings.Fields(`mlockall munlockall`),
	strings.Fields(`shmget shmat shmctl shmdt`),
	strings.Fields(`semget semop semctl semtimedop`),
	strings.Fields(`io_setup io_submit io_getevents io_pgetevents io_cancel io_destroy`),
}

// The texts of the rules.
const (
	whyAlways   = "any program may make these at any time"
	whyLimits   = "the C library asks for its limits with it"
	whyRuntimes = "an OCI runtime may make these before it starts the program"
	whyForms    = "other forms of the calls above: for other architectures, newer C libraries, and other sizes of data"
	whyFamilies = "both versions of IP, and AF_UNIX, which the C library uses for names and logs"
	whyNoClone3 = "with this answer, the C library uses clone"
	whyConnect  = "a program that connects to others: the C library asks for names and writes logs with these"
	whyRISCV64  = "the C library of riscv64"
)

// imageProfile makes a seccomp profile for the image of the service. before is the filter
// of the trace: the profile allows no call that it refused.
func (r *Report) imageProfile(before *specs.LinuxSeccomp) ([]byte, error) {
	denied := uint(1) // EPERM
	p := seccomp.Seccomp{}
	p.DefaultAction, p.DefaultErrnoRet = specs.ActErrno, &denied
	rule := func(names []string, args []specs.LinuxSeccompArg, why string) {
		p.Syscalls = append(p.Syscalls, &seccomp.Syscall{LinuxSyscall: specs.LinuxSyscall{Names: names, Action: specs.ActAllow, Args: args}, Comment: why})
	}
	allowed := map[string]bool{}
	// more adds calls without conditions on their arguments.
	more := func(names []string, why string) {
		var fresh []string
		for _, name := range names {
			if !allowed[name] && unconditional(before, name) {
				allowed[name] = true
				fresh = append(fresh, name)
			}
		}
		if slices.Sort(fresh); len(fresh) > 0 {
			rule(fresh, nil, why)
		}
	}
	more(always, whyAlways)
	more(runtimes, whyRuntimes)
	var plain []Call
	for _, c := range r.Calls {
		// A filter cannot see the namespaces of clone3.
		if allowed[c.Name] || c.Name == "clone3" {
			continue
		}
		why := ""
		if c.Name == "socket" && (slices.Contains(c.Details, "AF_INET") || slices.Contains(c.Details, "AF_INET6")) {
			c.Details = append(slices.Clone(c.Details), "AF_INET", "AF_INET6", "AF_UNIX")
			why = "; " + whyFamilies
		}
		rules := c.conditions()
		if rules == nil && !unconditional(before, c.Name) {
			rules = rulesOf(before, c.Name)
		}
		if rules == nil {
			plain = append(plain, c)
			continue
		}
		allowed[c.Name] = true
		for _, one := range rules {
			rule([]string{c.Name}, one.Args, "seen"+why)
		}
	}
	for _, phase := range []string{phaseStart, phaseExercise, phaseAgain, phaseStop, string(system.SectionOnboot), string(system.SectionOnshutdown)} {
		var names []string
		for _, c := range plain {
			if c.Phase == phase {
				names = append(names, c.Name)
			}
		}
		more(names, "seen: "+phase)
	}
	if !allowed["clone"] {
		allowed["clone"] = true
		rule([]string{"clone"}, (&Call{Name: "clone"}).conditions()[0].Args, whyRuntimes)
	}
	if allowed["connect"] {
		more([]string{"recvfrom", "sendto"}, whyConnect)
	}
	var others []string
	for _, group := range forms {
		if slices.ContainsFunc(group, func(name string) bool { return allowed[name] }) {
			others = append(others, group...)
		}
	}
	more(others, whyForms)
	p.Syscalls = append(p.Syscalls, limits(before, allowed)...)
	rule([]string{"riscv_flush_icache", "riscv_hwprobe"}, nil, whyRISCV64)
	p.Syscalls[len(p.Syscalls)-1].Includes = &seccomp.Filter{Arches: []string{"riscv64"}}
	if !allowed["clone3"] && unconditional(before, "clone3") {
		none := uint(38) // ENOSYS: the C library then uses clone
		p.Syscalls = append(p.Syscalls, &seccomp.Syscall{LinuxSyscall: specs.LinuxSyscall{Names: []string{"clone3"}, Action: specs.ActErrno, ErrnoRet: &none}, Comment: whyNoClone3})
	}
	for _, refused := range refusals(before, allowed) {
		// Several containers of one image have the same ones.
		if !slices.ContainsFunc(p.Syscalls, func(s *seccomp.Syscall) bool { return reflect.DeepEqual(s, refused) }) {
			p.Syscalls = append(p.Syscalls, refused)
		}
	}
	return wrapProfile(&p)
}

// margin are the calls that the profile of any image allows with all arguments. Whether a
// service makes them is of no interest. before is the filter of the trace.
func margin(before *specs.LinuxSeccomp) []string {
	usual := slices.Concat(always, runtimes)
	out := slices.Clone(usual)
	for _, group := range forms {
		if slices.ContainsFunc(group, func(name string) bool { return slices.Contains(usual, name) }) {
			out = append(out, group...)
		}
	}
	slices.Sort(out)
	return slices.DeleteFunc(slices.Compact(out), func(name string) bool { return !unconditional(before, name) })
}

// nameWidth is how long a line with names of calls is.
const nameWidth = 120

// wrapProfile writes a profile for reading: the reason of each rule, and below it its calls.
func wrapProfile(p *seccomp.Seccomp) ([]byte, error) {
	var out bytes.Buffer
	head := *p
	head.Syscalls = nil
	data, err := json.MarshalIndent(&head, "", "  ")
	if err != nil {
		return nil, err
	}
	before, _, _ := bytes.Cut(data, []byte(`"syscalls"`))
	out.Write(before)
	out.WriteString("\"syscalls\": [")
	for i, rule := range p.Syscalls {
		if i > 0 {
			out.WriteByte(',')
		}
		// What the rule has besides its names and its comment.
		rest := *rule
		rest.Names, rest.Comment = nil, ""
		comment, err := json.Marshal(rule.Comment)
		if err != nil {
			return nil, err
		}
		fields, err := json.Marshal(&rest)
		if err != nil {
			return nil, err
		}
		_, fields, _ = bytes.Cut(fields, []byte(`"names":null,`))
		out.WriteString("\n    {\"comment\": " + string(comment) + ",\n     \"names\": [")
		width := 0
		for j, name := range rule.Names {
			text := `"` + name + `"`
			if j < len(rule.Names)-1 {
				text += ","
			}
			switch width += len(text) + 1; {
			case width > nameWidth:
				out.WriteString("\n       ")
				width = len(text)
			case j > 0:
				out.WriteByte(' ')
			}
			out.WriteString(text)
		}
		out.WriteString("],\n     " + string(fields))
	}
	out.WriteString("\n  ]\n}\n")
	return out.Bytes(), nil
}
