package kernel

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// mark is a text that a kernel contains if, and only if, an option is on.
type mark struct {
	option, text, source string
	// promised: the text may also be in a kernel without the option.
	promised bool
	// former is the option's name in older kernels, arch the only architecture
	// that has the text, and with an option that must be set too.
	former, arch, with string
}

// marks are searched for in the unpacked kernel. Each was compared with kernels
// of Debian and Ubuntu from 5.10 to 7.2. The first two must come first: in a
// kernel without them, many others are missing too.
var marks = []mark{
	{option: "CONFIG_PRINTK", text: "log_buf_len\x00", source: "kernel/printk/printk.c"},
	{option: "CONFIG_PROC_SYSCTL", text: "sysctl_writes_strict\x00", source: "kernel/sysctl.c"},
	{option: "CONFIG_SECURITY_LOCKDOWN_LSM", text: "Kernel is locked down from ", source: "security/lockdown/lockdown.c"},
	{option: "CONFIG_SECURITY_APPARMOR", text: "AppArmor initialized", source: "security/apparmor/lsm.c"},
	{option: "CONFIG_SECURITY_SELINUX", text: "SELinux:  Initializing", source: "security/selinux/hooks.c"},
	{option: "CONFIG_SECURITY_SMACK", text: "Smack:  Initializing", source: "security/smack/smack_lsm.c"},
	{option: "CONFIG_SECURITY_TOMOYO", text: "TOMOYO Linux initialized", source: "security/tomoyo/tomoyo.c"},
	{option: "CONFIG_SECURITY_LANDLOCK", text: "landlock: Up and running", source: "security/landlock/setup.c"},
	{option: "CONFIG_SECURITY_YAMA", text: "ptrace_scope", source: "security/yama/yama_lsm.c"},
	{option: "CONFIG_IMA", text: "No TPM chip found, activating TPM-bypass", source: "security/integrity/ima/ima_init.c"},
	{option: "CONFIG_MODULES", text: "modules_disabled\x00", source: "kernel/module/main.c"},
	{option: "CONFIG_MODULE_SIG", text: "module.sig_enforce", source: "kernel/module/signing.c", promised: true},
	{option: "CONFIG_MODVERSIONS", text: "disagrees about version of symbol", source: "kernel/module/version.c"},
	{option: "CONFIG_SECCOMP_FILTER", text: "actions_logged", source: "kernel/seccomp.c"},
	{option: "CONFIG_BPF_SYSCALL", text: "unprivileged_bpf_disabled", source: "kernel/bpf/syscall.c"},
	{option: "CONFIG_KEXEC_CORE", text: "kexec_load_disabled", source: "kernel/kexec_core.c"},
	{option: "CONFIG_KEXEC_SIG", text: "kernel signature verification failed", source: "kernel/kexec_file.c", promised: true},
	{option: "CONFIG_HIBERNATION", text: "resumewait\x00", source: "kernel/power/hibernate.c"},
	{option: "CONFIG_KGDB", text: "kgdbwait\x00", source: "kernel/debug/debug_core.c"},
	{option: "CONFIG_MAGIC_SYSRQ", text: "sysrq_always_enabled", source: "drivers/tty/sysrq.c"},
	{option: "CONFIG_IKCONFIG_PROC", text: "config.gz\x00", source: "kernel/configs.c", with: "CONFIG_IKCONFIG", promised: true},
	{option: "CONFIG_STACKPROTECTOR", text: "stack-protector: Kernel stack is corrupted", source: "kernel/panic.c"},
	{option: "CONFIG_HARDENED_USERCOPY", text: "emory %s attempt detected", source: "mm/usercopy.c"},
	{option: "CONFIG_FORTIFY_SOURCE", text: "detected buffer overflow", source: "lib/string_helpers.c", promised: true},
	{option: "CONFIG_DEBUG_WX", text: "hecked W+X mappings", source: "mm/ptdump.c", promised: true},
	{option: "CONFIG_MITIGATION_PAGE_TABLE_ISOLATION", former: "CONFIG_PAGE_TABLE_ISOLATION", text: "Kernel/User page tables isolation", source: "arch/x86/mm/pti.c", promised: true},
	{option: "CONFIG_UNMAP_KERNEL_AT_EL0", text: "Kernel page table isolation (KPTI)", source: "arch/arm64/kernel/cpufeature.c", promised: true},
	{option: "CONFIG_RANDOMIZE_BASE", text: "KASLR disabled", source: "arch/arm64/kernel/kaslr.c", arch: "arm64", promised: true},
	{option: "CONFIG_X86_KERNEL_IBT", text: "Missing ENDBR", source: "arch/x86/kernel/cet.c", promised: true},
	{option: "CONFIG_ARM64_PTR_AUTH", text: "ddress authentication", source: "arch/arm64/kernel/cpufeature.c", promised: true},
	{option: "CONFIG_ARM64_BTI", text: "Branch Target Identification", source: "arch/arm64/kernel/cpufeature.c", promised: true},
	{option: "CONFIG_ARM64_MTE", text: "Memory Tagging Extension", source: "arch/arm64/kernel/cpufeature.c", promised: true},
	{option: "CONFIG_KFENCE", text: "initialized - using %lu bytes for %d objects", source: "mm/kfence/core.c"},
	{option: "CONFIG_RANDOMIZE_KSTACK_OFFSET", text: "randomize_kstack_offset\x00", source: "init/main.c", promised: true},
	{option: "CONFIG_INIT_STACK_ALL_ZERO", text: "all(zero)\x00", source: "mm/mm_init.c"},
	{option: "CONFIG_INIT_STACK_ALL_PATTERN", text: "all(pattern)\x00", source: "mm/mm_init.c"},
	{option: "CONFIG_SHUFFLE_PAGE_ALLOCATOR", text: "page_alloc.shuffle", source: "mm/shuffle.c"},
	{option: "CONFIG_SLAB_FREELIST_RANDOM", text: "Unable to initialize free list for", source: "mm/slub.c", with: "CONFIG_SLUB", promised: true},
	{option: "CONFIG_SCHED_STACK_END_CHECK", text: "corrupted stack end detected inside scheduler", source: "kernel/sched/core.c"},
	{option: "CONFIG_LIST_HARDENED", former: "CONFIG_DEBUG_LIST", text: "list_add corruption", source: "lib/list_debug.c"},
	{option: "CONFIG_PAGE_POISONING", text: "page_poison\x00", source: "mm/page_poison.c", promised: true},
}

// forced is a text in a kernel that its configuration locks down
// (security/lockdown/lockdown.c), with either of the two options.
var forced = mark{text: "Kernel configuration\x00"}

// values are options whose text value is part of the kernel.
var values = []struct{ option, with string }{
	{"CONFIG_LSM", "CONFIG_SECURITY"}, {"CONFIG_CMDLINE", "CONFIG_CMDLINE_BOOL"}, {"CONFIG_STATIC_USERMODEHELPER_PATH", "CONFIG_STATIC_USERMODEHELPER"},
}

// wholeKernel is less than the unpacked size of any kernel with one of the
// marks. In a smaller file, a missing mark shows nothing.
const wholeKernel = 2 << 20

// look records the marks in a part of the kernel.
func (i *image) look(part []byte) {
	see := func(text string) {
		if !i.seen[text] && bytes.Contains(part, []byte(text)) {
			i.seen[text] = true
		}
	}
	for _, m := range marks {
		see(m.text)
	}
	see(forced.text)
	for _, text := range i.wanted {
		see(text)
	}
}

// wants lists the texts that a kernel of this configuration contains.
func wants(config *parsed) (out []string) {
	for _, v := range values {
		text, isSet := config.options[v.option]
		if with, named := config.options[v.with]; isSet && len(text) > 3 && len(text) < 1000 && (!named || with == "y") {
			out = append(out, text)
		}
	}
	return out
}

// texts compares a configuration with the texts in the kernel.
func (i *image) texts(config *parsed, report func(claim)) {
	on := func(name string) bool { return name != "" && config.options[name] == "y" }
	if on("CONFIG_PRINTK") != i.seen[marks[0].text] || on("CONFIG_PROC_SYSCTL") != i.seen[marks[1].text] {
		// Without messages and settings, the other texts are missing too.
		for _, m := range marks[:2] {
			report(claim{m.option, on(m.option), i.seen[m.text], m.shown()})
		}
		return
	}
	silent := !on("CONFIG_PRINTK") || !on("CONFIG_PROC_SYSCTL")
	for _, m := range marks {
		configured, shown := on(m.option) || on(m.former), i.seen[m.text]
		switch {
		case m.arch != "" && m.arch != architecture(config), m.with != "" && !on(m.with), silent && !shown, m.promised && !configured:
			continue
		}
		report(claim{m.option, configured, shown, m.shown()})
	}
	for _, text := range wants(config) {
		if slices.Contains(i.wanted, text) && !i.seen[text] {
			report(claim{option: fmt.Sprintf("an option with the text %q", text), configured: true, how: "the kernel contains this text"})
		}
	}
	if locked := on("CONFIG_LOCK_DOWN_KERNEL_FORCE_INTEGRITY") || on("CONFIG_LOCK_DOWN_KERNEL_FORCE_CONFIDENTIALITY"); locked && !i.seen[forced.text] {
		report(claim{"CONFIG_LOCK_DOWN_KERNEL_FORCE_...", true, false, "the kernel locks itself down"})
	}
}

func (m mark) shown() string {
	return fmt.Sprintf("the kernel contains %q (%s)", strings.Trim(m.text, "\x00"), m.source)
}
