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

// command is one run of the program sysctl.
type command struct {
	sets []facts.Setting
	// files to read, in order. standard means /etc/sysctl.d and
	// /etc/sysctl.conf.
	files    []string
	standard bool
	// patterns says whether keys may be patterns, nil if that is unknown.
	patterns *bool
	// unknown says why the effect of the run is unknown, "" if it is known.
	unknown string
}

// ownProgram is the package that syft finds in our own sysctl program, which
// accepts only file names.
const ownProgram = "github.com/seaworthy-os/seaworthy"

// runs reports whether the component runs sysctl, or is a sysctl image that may
// run it. asked describes the run.
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
			asked.standard = asked.standard && len(args) > 1 // without arguments it prints its usage
		}
		return asked, true
	case named && (len(usual) == 0 || slices.Equal(args, usual)):
		return command{standard: true, patterns: patterns}, true
	case named:
		return command{unknown: fmt.Sprintf("its command is %q, which is not the program of its image", strings.Join(args, " "))}, true
	}
	return command{}, false
}

// Options of sysctl (procps, busybox) that do not change which values are set,
// and options with which sysctl sets nothing.
var (
	neutral = []string{"-w", "--write", "-e", "--ignore", "-q", "--quiet", "-n", "--values", "-N", "--names", "-b", "--binary", "-i"}
	mute    = []string{"-a", "--all", "-A", "-X", "-d", "-h", "--help", "-V", "--version", "--dry-run", "--deprecated", "-o", "-x"}
)

// parseSysctl reads the arguments of sysctl as procps and busybox do. A path
// without an option is a file for programs that accept file names.
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
			return command{unknown: fmt.Sprintf("the effect of its argument %q on the settings is unknown", a)}
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

// settings are the values that the run sets from the files that the component
// sees. unknown says why the list is incomplete.
func (c command) settings(seen map[string][]facts.Setting) (out []facts.Setting, unknown string) {
	out, unknown = c.read(seen)
	for _, set := range out {
		if unknown == "" && c.patterns == nil && isPattern(set.Key) {
			unknown = fmt.Sprintf("it is unknown whether its program reads %q as a pattern", set.Key)
		}
	}
	return out, unknown
}

// isPattern reports whether the key may match several keys (sysctl.d(5)).
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
			return nil, fmt.Sprintf("it reads %s, whose settings are unknown", f)
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

// needed are the capabilities that the kernel requires for writing a key, in
// addition to user 0: kernel/printk/sysctl.c, kernel/bpf/syscall.c,
// net/core/sysctl_net_core.c, security/yama/yama_lsm.c, security/min_addr.c.
var needed = map[string]string{
	"kernel.kptr_restrict": "CAP_SYS_ADMIN", "kernel.dmesg_restrict": "CAP_SYS_ADMIN",
	"kernel.unprivileged_bpf_disabled": "CAP_SYS_ADMIN", "net.core.bpf_jit_harden": "CAP_SYS_ADMIN",
	"kernel.yama.ptrace_scope": "CAP_SYS_PTRACE", "vm.mmap_min_addr": "CAP_SYS_RAWIO",
}

// refused says why the kernel refuses a setting of the component, or why the
// setting is not one of the host; "" if it is set in the host.
func (sp *spec) refused(key string, c command) string {
	file := "/proc/sys/" + strings.ReplaceAll(key, ".", "/")
	switch {
	case isPattern(key) && c.patterns != nil && !*c.patterns:
		return "its program does not accept patterns"
	case sp.Process.User.UID != 0:
		return fmt.Sprintf("it runs as user %d, but only root may write sysctls", sp.Process.User.UID)
	case sp.own("user"):
		return "root of its user namespace is not root of the host"
	case !sp.sharesHost(key):
		return fmt.Sprintf("it has its own %s namespace", namespaceOf(key))
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

// hidden says which mount prevents writing a file below /proc/sys. The last
// mount that covers the file counts.
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
			why = fmt.Sprintf("its mount at %s hides the kernel's sysctls", dest)
		case slices.Contains(m.Options, "ro") || slices.Contains(m.Options, "rro"):
			why = dest + " is read-only there"
		default:
			why = ""
		}
	}
	return why
}
