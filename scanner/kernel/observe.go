package kernel

import (
	"fmt"
	"path"
	"strings"
)

// A configuration beside a kernel is a claim, and a configuration inside a
// kernel can be forged. Both are compared here with what the kernel and its
// modules show.

// claim is an option in a configuration and in the kernel. how describes the
// kernel if the option is on.
type claim struct {
	option            string
	configured, shown bool
	how               string
}

// contradictions lists the options that differ between a configuration and the
// kernel. confirmed are the options that the kernel confirms. Only combinations
// that no real kernel has count: kernels before 5.10 have other texts.
func (i *image) contradictions(config *parsed) (out, confirmed []string) {
	report := func(c claim) {
		switch {
		case c.configured == c.shown:
			confirmed = append(confirmed, c.option)
		case c.shown:
			out = append(out, fmt.Sprintf("%s is not set, but %s", c.option, c.how))
		default:
			out = append(out, fmt.Sprintf("%s is set, but the kernel does not show it: with the option, %s", c.option, c.how))
		}
	}
	if i.size < wholeKernel || i.format == "" && i.banner == "" || config.fragment() {
		return nil, nil // too little to compare
	}
	on := func(name string) bool { return config.options[name] == "y" }
	if _, build, ok := strings.Cut(i.banner, " #"); ok {
		words := strings.Fields(build)
		has := func(word string) bool { return strings.Contains(" "+strings.Join(words, " ")+" ", " "+word+" ") }
		report(claim{"CONFIG_SMP", on("CONFIG_SMP"), has("SMP"), "the kernel's banner contains SMP"})
		rt := on("CONFIG_PREEMPT_RT")
		report(claim{"CONFIG_PREEMPT_RT", rt, has("PREEMPT_RT") || has("PREEMPT RT"), "the kernel's banner contains PREEMPT_RT"})
		// Banners before 5.18 contain only PREEMPT.
		if dynamic := on("CONFIG_PREEMPT_DYNAMIC"); !rt && dynamic != has("PREEMPT_DYNAMIC") && (!dynamic || !before(i.banner, 5, 18)) {
			report(claim{"CONFIG_PREEMPT_DYNAMIC", dynamic, !dynamic, "the kernel's banner contains PREEMPT_DYNAMIC"})
		}
		out = append(out, i.compiler(config)...)
	}
	report(claim{"CONFIG_IKCONFIG", on("CONFIG_IKCONFIG"), i.config != nil, "the kernel contains its configuration"})
	if !before(i.version(), 5, 10) {
		out = append(out, i.boot(config, report)...)
		i.texts(config, report)
	}
	return out, confirmed
}

// compiler compares the configuration's compiler with the banner
// (scripts/mkcompile_h).
func (i *image) compiler(config *parsed) []string {
	for _, c := range []struct{ is, number, word string }{{"CONFIG_CC_IS_GCC", "CONFIG_GCC_VERSION", "gcc"}, {"CONFIG_CC_IS_CLANG", "CONFIG_CLANG_VERSION", "clang"}} {
		var n int
		if config.options[c.is] != "y" {
			continue
		}
		if _, err := fmt.Sscan(config.options[c.number], &n); err != nil || n < 10000 {
			continue
		}
		text := fmt.Sprintf("%d.%d.%d", n/10000, n/100%100, n%100)
		if !strings.Contains(i.banner, text) || strings.Contains(i.banner, "clang version") != (c.word == "clang") {
			return []string{fmt.Sprintf("the configuration is for the compiler %s %s, but the kernel's banner has another compiler", c.word, text)}
		}
	}
	if text := config.options["CONFIG_CC_VERSION_TEXT"]; text != "" && strings.Contains(i.banner, ", ") && !strings.Contains(i.banner, text) && !before(i.banner, 5, 10) {
		return []string{fmt.Sprintf("the configuration is for the compiler %q, but the kernel's banner has another compiler", text)}
	}
	return nil
}

// driver is an option and the module that it builds. Each option can be "m" in
// every kernel, because modules.builtin lists only code that could be a module.
// IPv6 cannot be a module in 7.2, nor KVM on arm64.
type driver struct{ option, module string }

var drivers = []driver{
	{"CONFIG_EXT4_FS", "ext4"}, {"CONFIG_XFS_FS", "xfs"}, {"CONFIG_BTRFS_FS", "btrfs"}, {"CONFIG_OVERLAY_FS", "overlay"},
	{"CONFIG_SQUASHFS", "squashfs"}, {"CONFIG_FUSE_FS", "fuse"}, {"CONFIG_TUN", "tun"}, {"CONFIG_VETH", "veth"},
	{"CONFIG_BRIDGE", "bridge"}, {"CONFIG_NF_TABLES", "nf_tables"}, {"CONFIG_VIRTIO_NET", "virtio_net"}, {"CONFIG_VIRTIO_BLK", "virtio_blk"},
	{"CONFIG_DM_VERITY", "dm_verity"}, {"CONFIG_DM_CRYPT", "dm_crypt"}, {"CONFIG_BINFMT_MISC", "binfmt_misc"},
	{"CONFIG_IP_SCTP", "sctp"}, {"CONFIG_TIPC", "tipc"}, {"CONFIG_X86_MSR", "msr"}, {"CONFIG_X86_CPUID", "cpuid"}, {"CONFIG_BLK_DEV_NVME", "nvme"},
}

// moduleContradictions lists contradictions between a configuration and the modules,
// including those in modules.builtin. Options that are missing from the
// configuration are skipped: a module of that name may not belong to them.
func moduleContradictions(config *parsed, modules, builtin map[string]bool) []string {
	var out []string
	for _, d := range drivers {
		value, named := config.options[d.option]
		switch {
		case !named:
		case modules[d.module] && value != "m":
			out = append(out, fmt.Sprintf("%s is %s, but there is a module %s", d.option, value, d.module))
		case len(builtin) > 0 && builtin[d.module] != (value == "y"):
			out = append(out, fmt.Sprintf("%s is %s, but modules.builtin contradicts it", d.option, value))
		}
	}
	return out
}

// builtinModules reads modules.builtin: one path on each line.
func builtinModules(text []byte) map[string]bool {
	out := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		if name := moduleName(path.Base(strings.TrimSpace(line))); name != "" {
			out[name] = true
		}
	}
	return out
}
