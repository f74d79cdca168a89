package kernel

import (
	"bytes"
	"fmt"
	"path"
	"strings"
)

// A configuration beside a kernel is a claim. What of it the kernel and its
// modules show is held against it here.

// mark is a text that a kernel holds where an option is on, and only there.
type mark struct{ option, text, source string }

// marks are looked for in the unpacked kernel.
var marks = []mark{
	{"CONFIG_SECURITY_LOCKDOWN_LSM", "Kernel is locked down from ", "security/lockdown/lockdown.c"},
	{"CONFIG_SECURITY_APPARMOR", "AppArmor initialized", "security/apparmor/lsm.c"},
	{"CONFIG_SECURITY_SELINUX", "SELinux:  Initializing", "security/selinux/hooks.c"},
	{"CONFIG_SECURITY_YAMA", "ptrace_scope", "security/yama/yama_lsm.c"},
	{"CONFIG_MODULE_SIG", "module.sig_enforce", "kernel/module/signing.c"},
	{"CONFIG_SECCOMP_FILTER", "actions_logged", "kernel/seccomp.c"},
	{"CONFIG_BPF_SYSCALL", "unprivileged_bpf_disabled", "kernel/bpf/syscall.c"},
	{"CONFIG_KEXEC_CORE", "kexec_load_disabled", "kernel/kexec_core.c"},
}

// forced is the text of a kernel that is locked down by its configuration
// (security/lockdown/lockdown.c), whichever of the two options asks for it.
var forced = mark{text: "Kernel configuration\x00"}

// wholeKernel is less than a kernel unpacks to that has any of the marks: what
// is smaller shows nothing by lacking one.
const wholeKernel = 2 << 20

// look notes the marks that stand in a part of the kernel.
func (i *image) look(part []byte) {
	if i.seen == nil {
		i.seen = map[string]bool{}
	}
	for _, m := range append(marks[:len(marks):len(marks)], forced) {
		if !i.seen[m.text] && bytes.Contains(part, []byte(m.text)) {
			i.seen[m.text] = true
		}
	}
}

// contradictions says where the kernel shows otherwise than a configuration
// says; confirmed are the options that it shows as they are said to be.
func (i *image) contradictions(config *parsed) (out, confirmed []string) {
	on := func(name string) bool { return config.options[name] == "y" }
	hold := func(option string, said, shown bool, how string) {
		switch {
		case said == shown:
			confirmed = append(confirmed, option)
		case shown:
			out = append(out, fmt.Sprintf("%s is not set, but %s", option, how))
		default:
			out = append(out, fmt.Sprintf("%s is set, and the kernel does not show it: not so that %s", option, how))
		}
	}
	if _, build, ok := strings.Cut(i.banner, " #"); ok && i.size >= wholeKernel {
		words := strings.Fields(build)
		has := func(word string) bool { return strings.Contains(" "+strings.Join(words, " ")+" ", " "+word+" ") }
		hold("CONFIG_SMP", on("CONFIG_SMP"), has("SMP"), "the kernel's banner says SMP")
		rt := on("CONFIG_PREEMPT_RT")
		hold("CONFIG_PREEMPT_RT", rt, has("PREEMPT_RT") || has("PREEMPT RT"), "the kernel's banner says PREEMPT_RT")
		if !rt && on("CONFIG_PREEMPT_DYNAMIC") != has("PREEMPT_DYNAMIC") {
			hold("CONFIG_PREEMPT_DYNAMIC", on("CONFIG_PREEMPT_DYNAMIC"), has("PREEMPT_DYNAMIC"), "the kernel's banner says PREEMPT_DYNAMIC")
		}
		out = append(out, i.compiler(config)...)
	}
	if i.size < wholeKernel || !on("CONFIG_PRINTK") || !on("CONFIG_SYSCTL") {
		return out, confirmed
	}
	for _, m := range marks {
		hold(m.option, on(m.option), i.seen[m.text], fmt.Sprintf("%q stands in the kernel (%s)", m.text, m.source))
	}
	if locked := on("CONFIG_LOCK_DOWN_KERNEL_FORCE_INTEGRITY") || on("CONFIG_LOCK_DOWN_KERNEL_FORCE_CONFIDENTIALITY"); locked && !i.seen[forced.text] {
		out = append(out, "CONFIG_LOCK_DOWN_KERNEL_FORCE_... is set, but the kernel does not lock itself down")
	}
	return out, confirmed
}

// compiler holds the compiler's number against the banner.
func (i *image) compiler(config *parsed) []string {
	for _, c := range []struct{ is, number, word string }{{"CONFIG_CC_IS_GCC", "CONFIG_GCC_VERSION", "gcc"}, {"CONFIG_CC_IS_CLANG", "CONFIG_CLANG_VERSION", "clang"}} {
		var n int
		if config.options[c.is] != "y" {
			continue
		}
		if _, err := fmt.Sscan(config.options[c.number], &n); err != nil || n < 10000 {
			continue
		}
		if text := fmt.Sprintf("%d.%d.%d", n/10000, n/100%100, n%100); !strings.Contains(i.banner, text) {
			return []string{fmt.Sprintf("the configuration is of %s %s, the kernel's banner names another compiler", c.word, text)}
		}
	}
	return nil
}

// driver is an option and the module that it builds.
type driver struct{ option, module string }

var drivers = []driver{
	{"CONFIG_EXT4_FS", "ext4"}, {"CONFIG_XFS_FS", "xfs"}, {"CONFIG_BTRFS_FS", "btrfs"}, {"CONFIG_OVERLAY_FS", "overlay"},
	{"CONFIG_SQUASHFS", "squashfs"}, {"CONFIG_FUSE_FS", "fuse"}, {"CONFIG_IPV6", "ipv6"}, {"CONFIG_TUN", "tun"}, {"CONFIG_VETH", "veth"},
	{"CONFIG_BRIDGE", "bridge"}, {"CONFIG_NF_TABLES", "nf_tables"}, {"CONFIG_VIRTIO_NET", "virtio_net"}, {"CONFIG_VIRTIO_BLK", "virtio_blk"},
	{"CONFIG_KVM", "kvm"}, {"CONFIG_DM_VERITY", "dm_verity"}, {"CONFIG_DM_CRYPT", "dm_crypt"}, {"CONFIG_BINFMT_MISC", "binfmt_misc"},
	{"CONFIG_IP_SCTP", "sctp"}, {"CONFIG_TIPC", "tipc"}, {"CONFIG_X86_MSR", "msr"}, {"CONFIG_X86_CPUID", "cpuid"}, {"CONFIG_BLK_DEV_NVME", "nvme"},
}

// modulesShow says where modules and the list of those that are built in show
// otherwise than a configuration says. Options that it does not name are left
// aside: whether a module of that name is theirs nothing tells.
func modulesShow(config *parsed, modules, builtin map[string]bool) []string {
	var out []string
	for _, d := range drivers {
		said, named := config.options[d.option]
		switch {
		case !named:
		case modules[d.module] && said != "m":
			out = append(out, fmt.Sprintf("%s is %s, but there is a module %s", d.option, said, d.module))
		case len(builtin) > 0 && builtin[d.module] != (said == "y"):
			out = append(out, fmt.Sprintf("%s is %s, and modules.builtin says otherwise", d.option, said))
		}
	}
	return out
}

// builtinModules reads modules.builtin: a path on each line.
func builtinModules(text []byte) map[string]bool {
	out := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		if name := moduleName(path.Base(strings.TrimSpace(line))); name != "" {
			out[name] = true
		}
	}
	return out
}

// signature is how a module ends that is signed (kernel/module_signature.c).
const signature = "~Module signature appended~\n"

// tail keeps the end of what is written.
type tail struct {
	last []byte
	done func(signed bool)
}

func (t *tail) Write(p []byte) (int, error) {
	t.last = append(t.last, p[max(0, len(p)-len(signature)):]...)
	t.last = t.last[max(0, len(t.last)-len(signature)):]
	return len(p), nil
}

func (t *tail) Close() error {
	t.done(string(t.last) == signature)
	return nil
}

// signaturesShow says where the modules' signatures contradict a configuration.
func signaturesShow(config *parsed, signed, unsigned int) []string {
	on := func(name string) bool { return config.options[name] == "y" }
	switch {
	case unsigned > 0 && on("CONFIG_MODULE_SIG_FORCE"):
		return []string{"CONFIG_MODULE_SIG_FORCE is set, but modules without a signature are there"}
	case unsigned > 0 && signed == 0 && on("CONFIG_MODULE_SIG_ALL"):
		return []string{"CONFIG_MODULE_SIG_ALL is set, but no module is signed"}
	case signed > 0 && config.options["CONFIG_MODULE_SIG"] == "n":
		return []string{"CONFIG_MODULE_SIG is not set, but modules are signed"}
	}
	return nil
}
