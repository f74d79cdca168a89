package scanner

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
	"github.com/seaworthy-os/seaworthy/scanner/files"
)

// command is what a run of the program sysctl is asked to do.
type command struct {
	sets []facts.Setting
	// files to read, in order; standard: those of /etc/sysctl.d and
	// /etc/sysctl.conf.
	files    []string
	standard bool
	// patterns says whether keys may be patterns, where that is known.
	patterns *bool
	// unknown says why nobody can tell what it does, "" where that is known.
	unknown string
}

// ownProgram is the package that syft finds in the sysctl that we build: it
// takes files and nothing else.
const ownProgram = "github.com/seaworthy-os/seaworthy"

// runs: the component runs sysctl, or is an image of that name that may do the
// same; asked is what for.
func runs(c *system.Component, args []string, packages []facts.Package) (asked command, ok bool) {
	_, repository, _ := splitName(c.Image.Name)
	named := path.Base(repository) == "sysctl"
	usual := slices.Concat(c.Image.Config.Entrypoint, c.Image.Config.Cmd)
	has := func(names ...string) bool {
		return slices.ContainsFunc(packages, func(p facts.Package) bool { return slices.Contains(names, p.Name) })
	}
	own, procps := has(ownProgram), has("procps", "procps-ng")
	var patterns *bool
	if own || procps || has("busybox") {
		takes := own || procps
		patterns = &takes
	}
	switch {
	case len(args) > 0 && path.Base(args[0]) == "sysctl" && own:
		return command{files: args[1:], standard: len(args) == 1, patterns: patterns}, true
	case len(args) > 0 && path.Base(args[0]) == "sysctl":
		asked = parseSysctl(args[1:])
		asked.patterns = patterns
		if procps {
			asked.standard = asked.standard && len(args) > 1 // alone it prints its usage
		}
		return asked, true
	case named && (len(usual) == 0 || slices.Equal(args, usual)):
		return command{standard: true, patterns: patterns}, true
	case named:
		return command{unknown: fmt.Sprintf("its command is %q, and not what its image is for", strings.Join(args, " "))}, true
	}
	return command{}, false
}

// Options of sysctl (procps, busybox) that change nothing about what is set,
// and those with which it sets nothing.
var (
	neutral = []string{"-w", "--write", "-e", "--ignore", "-q", "--quiet", "-n", "--values", "-N", "--names", "-b", "--binary", "-i"}
	mute    = []string{"-a", "--all", "-A", "-X", "-d", "-h", "--help", "-V", "--version", "--dry-run", "--deprecated", "-o", "-x"}
)

// parseSysctl reads the arguments of sysctl as procps and busybox take them; a
// path without an option is a file for those that take files.
func parseSysctl(args []string) command {
	var c command
	load, options := false, true
	for i := 0; i < len(args); i++ {
		a := args[i]
		key, value, assigns := strings.Cut(a, "=")
		switch {
		case options && a == "--":
			options = false
		case options && a == "--system":
			c.standard = true
		case options && (a == "-p" || a == "-f" || a == "--load"):
			load = true
		case options && strings.HasPrefix(a, "--load="):
			load = true
			c.files = append(c.files, strings.TrimPrefix(a, "--load="))
		case options && (strings.HasPrefix(a, "-p") || strings.HasPrefix(a, "-f")) && strings.Contains(a, "/"):
			load = true
			c.files = append(c.files, a[2:])
		case options && slices.Contains(neutral, a):
		case options && slices.Contains(mute, a):
			return command{}
		case options && strings.HasPrefix(a, "-") && a != "-":
			return command{unknown: fmt.Sprintf("nobody knows what its argument %q makes of the settings", a)}
		case load || strings.HasPrefix(a, "/") && !assigns:
			c.files = append(c.files, a)
		case assigns && key != "":
			c.sets = append(c.sets, facts.Setting{Key: files.SysctlKey(strings.TrimSpace(key)), Value: strings.TrimSpace(value), Source: "spec"})
		}
	}
	switch {
	case load && len(c.files) == 0:
		c.files = []string{"/etc/sysctl.conf"}
	case !load && len(c.files) == 0 && len(c.sets) == 0 && !slices.ContainsFunc(args, func(a string) bool { return !slices.Contains(neutral, a) }):
		c.standard = true
	}
	return c
}

// settings are what the run makes of the files that the component sees; unknown
// says why that is not all.
func (c command) settings(seen map[string][]facts.Setting) (out []facts.Setting, unknown string) {
	out, unknown = c.read(seen)
	for _, set := range out {
		if unknown == "" && c.patterns == nil && isPattern(set.Key) {
			unknown = fmt.Sprintf("nobody knows whether its program takes %q for a pattern", set.Key)
		}
	}
	return out, unknown
}

// isPattern: the key may stand for several (sysctl.d(5)).
func isPattern(key string) bool { return strings.ContainsAny(key, "*?[") }

func (c command) read(seen map[string][]facts.Setting) (out []facts.Setting, unknown string) {
	if c.unknown != "" {
		return nil, c.unknown
	}
	out = slices.Clone(c.sets)
	for _, f := range c.files {
		p := path.Clean("/" + f)
		sets, ok := seen[p]
		switch {
		case ok:
			out = append(out, from(p, sets)...)
		case f == "-" || !within(p, "/dev"):
			return nil, fmt.Sprintf("it reads %s, whose settings were not looked at", f)
		}
	}
	if !c.standard {
		return out, ""
	}
	for _, p := range sortedKeys(seen) {
		if isSysctlD(p) {
			out = append(out, from(p, seen[p])...)
		}
	}
	return append(out, from("/etc/sysctl.conf", seen["/etc/sysctl.conf"])...), ""
}

// needed are the capabilities that the kernel asks for beside root's number
// when a key is written: kernel/printk/sysctl.c, kernel/bpf/syscall.c,
// net/core/sysctl_net_core.c, security/yama/yama_lsm.c, security/min_addr.c.
var needed = map[string]string{
	"kernel.kptr_restrict": "CAP_SYS_ADMIN", "kernel.dmesg_restrict": "CAP_SYS_ADMIN",
	"kernel.unprivileged_bpf_disabled": "CAP_SYS_ADMIN", "net.core.bpf_jit_harden": "CAP_SYS_ADMIN",
	"kernel.yama.ptrace_scope": "CAP_SYS_PTRACE", "vm.mmap_min_addr": "CAP_SYS_RAWIO",
}

// refused says why the kernel does not take a setting of the component, or why
// it is not one of the host's; "" where it is.
func (sp *spec) refused(key string, c command) string {
	file := "/proc/sys/" + strings.ReplaceAll(key, ".", "/")
	switch {
	case isPattern(key) && c.patterns != nil && !*c.patterns:
		return "its program takes no patterns"
	case sp.Process.User.UID != 0:
		return fmt.Sprintf("it runs as user %d, and only root may", sp.Process.User.UID)
	case sp.own("user"):
		return "root of its user namespace is not root of the host"
	case !sp.sharesHost(key):
		return fmt.Sprintf("it has a %s namespace of its own", namespaceOf(key))
	}
	for _, p := range slices.Concat(sp.Linux.MaskedPaths, sp.Linux.ReadonlyPaths) {
		if within(file, path.Clean("/"+p)) {
			return p + " is read-only there"
		}
	}
	if why := sp.hidden(file); why != "" {
		return why
	}
	if caps := sp.Process.Capabilities; caps != nil {
		want := needed[key]
		if strings.HasPrefix(key, "user.") {
			want = "CAP_SYS_RESOURCE" // kernel/ucount.c
		}
		if want != "" && !slices.Contains(caps.Effective, want) {
			return "it lacks " + want
		}
	}
	return ""
}

// hidden says which mount keeps a file below /proc/sys from being written; the
// last one that covers it counts.
func (sp *spec) hidden(file string) string {
	why := ""
	for _, m := range sp.Mounts {
		dest := path.Clean("/" + m.Destination)
		if !within(file, dest) {
			continue
		}
		source := path.Clean("/" + m.Source)
		switch {
		case m.Type != "proc" && dest != "/" && !within(source, "/proc"):
			why = fmt.Sprintf("its mount at %s is not the kernel's", dest)
		case slices.Contains(m.Options, "ro") || slices.Contains(m.Options, "rro"):
			why = dest + " is read-only there"
		default:
			why = ""
		}
	}
	return why
}
