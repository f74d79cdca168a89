package kernel

import (
	"strings"
	"testing"

	st "github.com/seaworthy-os/seaworthy/internal/scantest"
)

// realKernel is as large as a real one, with a banner and texts.
func realKernel(banner string, texts ...string) string {
	return strings.Repeat("\x00code", wholeKernel/5) + "\x00Linux version " + release + " (me@example.org) (" + banner + "\n\x00" +
		strings.Join(texts, "\x00") + strings.Repeat("\x00tail", 1000)
}

const claimed = "# Linux/x86 6.1.158 Kernel Configuration\nCONFIG_INIT_ENV_ARG_LIMIT=32\nCONFIG_HZ=250\nCONFIG_PGTABLE_LEVELS=4\nCONFIG_PRINTK=y\nCONFIG_SYSCTL=y\nCONFIG_SMP=y\nCONFIG_CC_IS_GCC=y\nCONFIG_GCC_VERSION=120200\n" +
	"CONFIG_PREEMPT_DYNAMIC=y\nCONFIG_SECCOMP_FILTER=y\nCONFIG_MODULE_SIG=y\nCONFIG_BPF_SYSCALL=y\nCONFIG_KEXEC_CORE=y\n" +
	"# CONFIG_SECURITY_SELINUX is not set\nCONFIG_EXT4_FS=m\nCONFIG_OVERLAY_FS=y\n"

// A file beside a kernel is held against what kernel and modules show.
func TestClaims(t *testing.T) {
	t.Parallel()
	shown := []string{"module.sig_enforce", "actions_logged", "unprivileged_bpf_disabled", "kexec_load_disabled"}
	const gcc = "gcc-12 (Debian 12.2.0-14) 12.2.0, GNU ld 2.40) #1 SMP PREEMPT_DYNAMIC Debian 6.1.158-1 (2025-11-09)"
	plain := realKernel(gcc, shown...)
	folder := "lib/modules/" + release + "/"
	for name, c := range map[string]struct {
		kernel, config string
		more           []st.Object
		want           []string
	}{
		"true": {kernel: plain, config: claimed, more: []st.Object{st.Nested("kernel.tar", st.File(folder+"kernel/fs/ext4/ext4.ko", "x"+signature)),
			st.Nested("kernel.tar", st.File(folder+"modules.builtin", "kernel/fs/overlayfs/overlay.ko\n"))}},
		"small kernels show nothing": {kernel: "Linux version " + release + " (gcc) #1\x00", config: claimed},
		"lockdown":                   {kernel: plain, config: claimed + "CONFIG_SECURITY_LOCKDOWN_LSM=y\nCONFIG_LOCK_DOWN_KERNEL_FORCE_INTEGRITY=y\n", want: []string{"CONFIG_SECURITY_LOCKDOWN_LSM is set", "FORCE_... is set"}},
		"lockdown without force": {kernel: realKernel(gcc, append(shown, "Kernel is locked down from %s")...),
			config: claimed + "CONFIG_SECURITY_LOCKDOWN_LSM=y\nCONFIG_LOCK_DOWN_KERNEL_FORCE_CONFIDENTIALITY=y\n", want: []string{"does not lock itself down"}},
		"a module of more": {kernel: realKernel(gcc, append(shown, "SELinux:  Initializing.")...), config: claimed, want: []string{"CONFIG_SECURITY_SELINUX is not set"}},
		"no signatures":    {kernel: realKernel(gcc, shown[1:]...), config: claimed, want: []string{"CONFIG_MODULE_SIG is set"}},
		"real time":        {kernel: plain, config: strings.Replace(claimed, "PREEMPT_DYNAMIC", "PREEMPT_RT", 1), want: []string{"CONFIG_PREEMPT_RT is set"}},
		"not real time": {kernel: realKernel(strings.Replace(gcc, "PREEMPT_DYNAMIC", "PREEMPT_RT", 1), shown...), config: claimed,
			want: []string{"CONFIG_PREEMPT_RT is not set", "CONFIG_PREEMPT_DYNAMIC is set"}},
		"one processor":        {kernel: realKernel(strings.Replace(gcc, "SMP ", "", 1), shown...), config: claimed, want: []string{"CONFIG_SMP is set"}},
		"another compiler":     {kernel: plain, config: strings.Replace(claimed, "120200", "130300", 1), want: []string{"gcc 13.3.0"}},
		"salt of another":      {kernel: plain, config: claimed + "CONFIG_BUILD_SALT=\"6.1.0-41-rt-amd64\"\n", want: []string{"CONFIG_BUILD_SALT"}},
		"built in as a module": {kernel: plain, config: claimed, more: []st.Object{st.Nested("kernel.tar", st.File(folder+"modules.builtin", "kernel/fs/ext4/ext4.ko\n"))}, want: []string{"CONFIG_EXT4_FS is m", "CONFIG_OVERLAY_FS is y"}},
		"a module that is built in": {kernel: plain, config: claimed, more: []st.Object{st.Nested("kernel.tar", st.File(folder+"kernel/fs/overlayfs/overlay.ko", "x"))},
			want: []string{"CONFIG_OVERLAY_FS is y, but there is a module overlay"}},
		"forced signatures": {kernel: plain, config: claimed + "CONFIG_MODULE_SIG_FORCE=y\nCONFIG_MODULE_SIG_ALL=y\n",
			more: []st.Object{st.Nested("kernel.tar", st.File(folder+"kernel/a.ko", "a"))}, want: []string{"CONFIG_MODULE_SIG_FORCE is set"}},
		"all signed": {kernel: plain, config: claimed + "CONFIG_MODULE_SIG_ALL=y\n",
			more: []st.Object{st.Nested("kernel.tar", st.File(folder+"kernel/a.ko", "a"))}, want: []string{"no module is signed"}},
		"signed all the same": {kernel: realKernel(gcc, shown[1:]...), config: strings.Replace(claimed, "CONFIG_MODULE_SIG=y", "# CONFIG_MODULE_SIG is not set", 1),
			more: []st.Object{st.Nested("kernel.tar", st.File(folder+"kernel/a.ko", strings.Repeat("a", 100)+signature))}, want: []string{"but modules are signed"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := read(t, "kernel", append([]st.Object{st.File("kernel", c.kernel), st.File("config", c.config)}, c.more...)...)
			if err != nil {
				t.Fatal(err)
			}
			got := r.Config.Mismatch
			if !r.Config.Claim || strings.Count(got, "; ") != max(0, len(c.want)-1) || (got == "") != (c.want == nil) {
				t.Errorf("claim %v, mismatch %q, want %q", r.Config.Claim, got, c.want)
			}
			for _, w := range c.want {
				if !strings.Contains(got, w) {
					t.Errorf("mismatch %q lacks %q", got, w)
				}
			}
		})
	}
	r, err := read(t, "kernel", st.File("kernel", vmlinux(t, release, claimed)))
	if err != nil || r.Config.Claim || r.Config.Source != "ikconfig" {
		t.Errorf("%+v, %v", r, err)
	}
}
