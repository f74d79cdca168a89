package kernel

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	st "github.com/seaworthy-os/seaworthy/scanner/scantest"
)

// realKernel is as large as a real one, with a banner and texts.
func realKernel(banner string, texts ...string) string {
	return strings.Repeat("\x00code", wholeKernel/5) + "\x00Linux version " + release + " (me@example.org) (" + banner + "\n\x00" +
		"log_buf_len\x00sysctl_writes_strict\x00" + strings.Join(texts, "\x00") + strings.Repeat("\x00tail", 1000)
}

const claimed = "# Linux/x86 6.1.158 Kernel Configuration\nCONFIG_INIT_ENV_ARG_LIMIT=32\nCONFIG_HZ=250\nCONFIG_PGTABLE_LEVELS=4\nCONFIG_PRINTK=y\nCONFIG_PROC_SYSCTL=y\nCONFIG_SMP=y\nCONFIG_CC_IS_GCC=y\nCONFIG_GCC_VERSION=120200\n" +
	"CONFIG_PREEMPT_DYNAMIC=y\nCONFIG_SECCOMP_FILTER=y\nCONFIG_MODULE_SIG=y\nCONFIG_BPF_SYSCALL=y\nCONFIG_KEXEC_CORE=y\n" +
	"# CONFIG_SECURITY_SELINUX is not set\nCONFIG_EXT4_FS=m\nCONFIG_OVERLAY_FS=y\n"

// A file beside a kernel is compared with the kernel and its modules.
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
			config: claimed + "CONFIG_SECURITY_LOCKDOWN_LSM=y\nCONFIG_LOCK_DOWN_KERNEL_FORCE_CONFIDENTIALITY=y\n", want: []string{"FORCE_... is set, but the kernel does not show it"}},
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
}

const gcc12 = "gcc-12 (Debian 12.2.0-14) 12.2.0, GNU ld 2.40) #1 SMP PREEMPT_DYNAMIC Debian 6.1.158-1 (2025-11-09)"

// enabled are the texts of a kernel that matches the claims.
var enabled = []string{"module.sig_enforce", "actions_logged", "unprivileged_bpf_disabled", "kexec_load_disabled"}

// inside is a configuration in the form that a kernel contains.
func inside(t *testing.T, config string) string {
	return "IKCFG_ST" + packed(t, "gzip", config) + "IKCFG_ED"
}

// mismatch is the mismatch of a kernel and files beside it.
func mismatch(t *testing.T, kernel string, more ...st.Object) (*Result, string) {
	t.Helper()
	r, err := read(t, "kernel", append([]st.Object{st.File("kernel", kernel)}, more...)...)
	if err != nil {
		t.Fatal(err)
	}
	return r, r.Config.Mismatch
}

// A configuration inside a kernel is compared with the kernel too.
func TestForgedInside(t *testing.T) {
	t.Parallel()
	with := claimed + "CONFIG_IKCONFIG=y\n"
	plain := realKernel(gcc12, enabled...)
	for name, c := range map[string]struct {
		kernel string
		claim  bool
		source string
		want   []string
	}{
		"true":                       {arm64(plain + inside(t, with)), false, "ikconfig", nil},
		"twice the same":             {arm64(plain + inside(t, with) + inside(t, with)), false, "ikconfig", nil},
		"the second differs":         {arm64(plain + inside(t, with) + inside(t, with+"CONFIG_X=y\n")), false, "ikconfig", []string{"two different configurations"}},
		"a mark before it":           {arm64("IKCFG_ST" + plain + inside(t, with)), false, "ikconfig", nil},
		"not built in":               {arm64(plain + inside(t, claimed)), false, "ikconfig", []string{"CONFIG_IKCONFIG is not set"}},
		"of a kernel with more":      {arm64(realKernel(gcc12, enabled[1:]...) + inside(t, with)), false, "ikconfig", []string{"CONFIG_MODULE_SIG is set"}},
		"marks behind it":            {arm64(inside(t, with) + plain), false, "ikconfig", nil},
		"a file in /proc":            {arm64(plain + inside(t, with+"CONFIG_IKCONFIG_PROC=y\n")), false, "ikconfig", []string{"CONFIG_IKCONFIG_PROC is set"}},
		"a driver's message first":   {arm64("needs Linux version 2.6 (or later)\x00" + plain + "Linux version 4.0\x00" + inside(t, with)), false, "ikconfig", nil},
		"in no kernel":               {plain + inside(t, with), false, "ikconfig", nil},
		"in another program":         {"MZ" + strings.Repeat("\x00", 100) + plain + inside(t, with), true, "kernel", nil},
		"two banners":                {arm64(plain + realKernel(strings.Replace(gcc12, "12.2.0,", "14.2.0,", 1)) + inside(t, with)), false, "ikconfig", []string{"two banners"}},
		"with and without its time":  {arm64(realKernel(strings.Replace(gcc12, " #1", " #", 1)) + plain + inside(t, with)), false, "ikconfig", nil},
		"in an EFI program":          {efiProgram(arm64(plain+inside(t, with)), inside(t, with+"CONFIG_X=y\n")), false, "ikconfig", nil},
		"around an EFI program":      {efiProgram(arm64(plain), inside(t, with)), false, "", nil},
		"behind what is loaded":      {loads(arm64(plain), inside(t, with)), false, "", nil},
		"packed, with a real header": {packed(t, "gzip", arm64(plain+inside(t, with))), false, "ikconfig", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, got := mismatch(t, c.kernel)
			if lone, err := ReadConfig(strings.NewReader(c.kernel), "kernel"); err == nil && lone.Config.Mismatch != got {
				t.Errorf("alone: mismatch %q, in an image %q", lone.Config.Mismatch, got)
			}
			if r.Config.Claim != c.claim || r.Config.Source != c.source || (got == "") != (c.want == nil) {
				t.Errorf("claim %v, source %q, mismatch %q, want %q", r.Config.Claim, r.Config.Source, got, c.want)
			}
			for _, w := range c.want {
				if !strings.Contains(got, w) {
					t.Errorf("mismatch %q lacks %q", got, w)
				}
			}
		})
	}
}

// efiProgram is an EFI program that contains a kernel, followed by more.
func efiProgram(kernel, more string) string {
	head := make([]byte, 0x200)
	copy(head, "MZ")
	head[0x3c] = 0x80
	copy(head[0x80:], "PE\x00\x00")
	head[0x86] = 1
	section := head[0x80+24:]
	copy(section, ".linux")
	binary.LittleEndian.PutUint32(section[16:], uint32(len(kernel)))
	binary.LittleEndian.PutUint32(section[20:], uint32(len(head)))
	return string(head) + kernel + more
}

// loads is a kernel whose header says that only its own bytes are loaded.
func loads(kernel, more string) string {
	b := []byte(kernel)
	binary.LittleEndian.PutUint64(b[16:], uint64(len(b)))
	return string(b) + more
}

// Comparison with the boot header of an x86 kernel and the code around its
// payload.
func TestBootHeader(t *testing.T) {
	t.Parallel()
	const honest = claimed + "CONFIG_KERNEL_GZIP=y\nCONFIG_RELOCATABLE=y\nCONFIG_RANDOMIZE_BASE=y\nCONFIG_X86_5LEVEL=y\nCONFIG_EFI=y\nCONFIG_EFI_STUB=y\nCONFIG_PHYSICAL_ALIGN=0x200000\n" +
		"CONFIG_LSM=\"lockdown,yama\"\nCONFIG_SECURITY=y\nCONFIG_STACKPROTECTOR=y\n"
	kernel := func(change func(head []byte), stub string) string {
		b := []byte(bzImage(release, packed(t, "gzip", realKernel(gcc12, append(enabled, "stack-protector: Kernel stack is corrupted in", "lockdown,yama")...))))
		copy(b, "MZ")
		b[0x234] = 1
		binary.LittleEndian.PutUint32(b[0x230:], 0x200000)
		binary.LittleEndian.PutUint16(b[0x236:], 0x7f)
		change(b)
		return string(b) + stub
	}
	for name, c := range map[string]struct {
		change func([]byte)
		stub   string
		config string
		want   string
	}{
		"true":            {config: honest},
		"packing":         {config: strings.Replace(honest, "KERNEL_GZIP", "KERNEL_ZSTD", 1), want: "CONFIG_KERNEL_GZIP is not set, but the kernel is compressed with gzip"},
		"EFI stub":        {config: honest, change: func(b []byte) { b[0] = 0 }, want: "CONFIG_EFI_STUB is set"},
		"not relocatable": {config: honest, change: func(b []byte) { b[0x234] = 0 }, want: "CONFIG_RELOCATABLE is set"},
		"four levels":     {config: honest, change: func(b []byte) { b[0x236] = 0x3f }, want: "CONFIG_X86_5LEVEL is set"},
		"no such option":  {config: strings.Replace(honest, "CONFIG_X86_5LEVEL=y\n", "", 1)},
		"kexec":           {config: strings.Replace(honest, "CONFIG_KEXEC_CORE=y\n", "", 1), want: "CONFIG_KEXEC_CORE is not set"},
		"alignment":       {config: strings.Replace(honest, "0x200000", "0x1000000", 1), want: "CONFIG_PHYSICAL_ALIGN is 0x1000000"},
		"KASLR":           {config: honest, stub: "nothing", want: "CONFIG_RANDOMIZE_BASE is set"},
		"KASLR unsaid":    {config: strings.Replace(honest, "CONFIG_RANDOMIZE_BASE=y\n", "", 1), want: "CONFIG_RANDOMIZE_BASE is not set"},
		"LSM":             {config: strings.Replace(honest, "lockdown,yama", "landlock,lockdown,yama", 1), want: `the text "landlock,lockdown,yama"`},
		"compiler's text": {config: honest + "CONFIG_CC_VERSION_TEXT=\"gcc-12 (Mine) 12.2.0\"\n", want: `the compiler "gcc-12 (Mine) 12.2.0"`},
		"stack protector": {config: strings.Replace(honest, "CONFIG_STACKPROTECTOR=y\n", "", 1), want: "CONFIG_STACKPROTECTOR is not set"},
		"32 bits":         {config: strings.Replace(honest, "CONFIG_X86_5LEVEL=y", "CONFIG_KEXEC=y", 1), change: func(b []byte) { b[0x236] = 0 }},
		"no messages":     {config: strings.Replace(honest, "CONFIG_PRINTK=y", "# CONFIG_PRINTK is not set", 1), want: "CONFIG_PRINTK is not set"},
		"IKCONFIG":        {config: honest + "CONFIG_IKCONFIG=y\n", want: "CONFIG_IKCONFIG is set"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if c.change == nil {
				c.change = func([]byte) {}
			}
			if c.stub == "" {
				c.stub = kaslr.text
			}
			_, got := mismatch(t, kernel(c.change, c.stub), st.File("config", c.config))
			if !strings.Contains(got, c.want) || c.want == "" && got != "" || name != "kexec" && strings.Contains(got, "; ") {
				t.Errorf("mismatch %q, want %q", got, c.want)
			}
		})
	}
}

// signedBy is the end of a signed module with a hash, as sign-file writes it.
func signedBy(oid string) string {
	pkcs7 := "\x30\x82" + oid + strings.Repeat("k", 400)
	return pkcs7 + string(binary.BigEndian.AppendUint32([]byte("\x00\x00\x02\x00\x00\x00\x00\x00"), uint32(len(pkcs7)))) + signature
}

// Modules, including compressed ones, are compared with the kernel and its
// configuration.
func TestModuleContradictions(t *testing.T) {
	t.Parallel()
	plain := "\x7fELF" + realKernel(gcc12, append(enabled, "disagrees about version of symbol")...)
	config := claimed + "CONFIG_MODULE_UNLOAD=y\nCONFIG_MODVERSIONS=y\nCONFIG_PREEMPT_BUILD=y\nCONFIG_MODULE_SIG_HASH=\"sha512\"\n"
	const folder = "lib/modules/" + release + "/"
	const magic = "\x00vermagic=" + release + " SMP preempt mod_unload modversions \x00"
	ko := func(magic, end string) string {
		return strings.Repeat("code", 9000) + magic + strings.Repeat("code", 9000) + end
	}
	sha512, sha256, sha1 := signedBy(signatureHashes[4].oid), signedBy(signatureHashes[2].oid), signedBy(signatureHashes[0].oid)
	in := func(name, text string) st.Object { return st.Nested("kernel.tar", st.File(folder+name, text)) }
	for name, c := range map[string]struct {
		config string
		files  []st.Object
		want   string
	}{
		"true":                {config, []st.Object{in("kernel/a.ko", ko(magic, sha512))}, ""},
		"packed":              {config, []st.Object{in("kernel/a.ko.xz", packed(t, "xz", ko(magic, sha512))), in("kernel/b.ko.gz", packed(t, "gzip", ko(magic, sha512))), in("kernel/c.ko.zst", packed(t, "zstd", ko(magic, sha512)))}, ""},
		"hash":                {config, []st.Object{in("kernel/a.ko", ko(magic, sha1))}, "CONFIG_MODULE_SIG_HASH is sha512, but the modules are signed with sha1"},
		"hash, packed":        {config, []st.Object{in("kernel/a.ko.xz", packed(t, "xz", ko(magic, sha1)))}, "signed with sha1"},
		"signed again":        {config, []st.Object{in("kernel/a.ko", ko(magic, sha256))}, ""},
		"another's module":    {config, []st.Object{in("updates/dkms/a.ko", ko(strings.Replace(magic, "6.1", "6.2", 1), sha1))}, ""},
		"another's driver":    {config + "CONFIG_MODULE_SIG_ALL=y\n", []st.Object{in("extra/overlay.ko", ko(magic, ""))}, ""},
		"another signs":       {strings.Replace(config, "CONFIG_MODULE_SIG=y", "# CONFIG_MODULE_SIG is not set", 1), []st.Object{in("extra/a.ko", ko(magic, sha256))}, ""},
		"signed all the same": {strings.Replace(config, "CONFIG_MODULE_SIG=y", "# CONFIG_MODULE_SIG is not set", 1), []st.Object{in("kernel/a.ko", ko(magic, sha256))}, "but modules are signed"},
		"forced, packed":      {config + "CONFIG_MODULE_SIG_FORCE=y\n", []st.Object{in("kernel/a.ko.zst", packed(t, "zstd", ko(magic, "")))}, "CONFIG_MODULE_SIG_FORCE is set"},
		"forced, the last":    {config + "CONFIG_MODULE_SIG_FORCE=y\n", append(many(in, ko(magic, sha512)), in("kernel/z.ko", ko(magic, ""))), "CONFIG_MODULE_SIG_FORCE is set"},
		"damaged":             {config + "CONFIG_MODULE_SIG_FORCE=y\n", []st.Object{in("kernel/a.ko.xz", "\xfd7zXZ\x00")}, ""},
		"of another kernel":   {config, []st.Object{in("kernel/a.ko", ko(strings.Replace(magic, "6.1.0", "6.1.9", 1), sha512))}, "modules are built for 6.1.9-41-cloud-amd64"},
		"no versions":         {strings.Replace(config, "CONFIG_MODVERSIONS=y", "", 1) + "CONFIG_MODVERSIONS=n\n", []st.Object{in("kernel/a.ko", ko(magic, sha512))}, "CONFIG_MODVERSIONS is not set"},
		"no unloading":        {strings.Replace(config, "CONFIG_MODULE_UNLOAD=y", "", 1), []st.Object{in("kernel/a.ko", ko(magic, sha512))}, "CONFIG_MODULE_UNLOAD is not set, but the modules"},
		"preemption":          {strings.Replace(config, "CONFIG_PREEMPT_BUILD=y", "", 1), []st.Object{in("kernel/a.ko", ko(magic, sha512))}, "CONFIG_PREEMPT_BUILD is not set, but the modules"},
		"RANDSTRUCT":          {config + "CONFIG_RANDSTRUCT=y\n", []st.Object{in("kernel/a.ko", ko(magic, sha512))}, "CONFIG_RANDSTRUCT is set, but the modules"},
		"RANDSTRUCT, true":    {config + "CONFIG_RANDSTRUCT=y\n", []st.Object{in("kernel/a.ko", ko(strings.Replace(magic, "modversions ", "modversions RANDSTRUCT_0a1b", 1), sha512))}, ""},
		"another tree first": {config, []st.Object{st.Nested("kernel.tar", st.File("lib/modules/6.0.0-fake/modules.builtin", "kernel/fs/ext4/ext4.ko\n")),
			in("modules.builtin", "kernel/fs/overlayfs/overlay.ko\n"), in("kernel/fs/ext4/ext4.ko", ko(magic, sha512))}, ""},
		"two lists": {config, []st.Object{st.File(folder+"modules.builtin", "kernel/fs/overlayfs/overlay.ko\n"), in("modules.builtin", "kernel/fs/overlayfs/overlay.ko\nkernel/fs/ext4/ext4.ko\n")}, "the image has two different files modules.builtin"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, got := mismatch(t, plain, append(c.files, st.File("config", c.config))...)
			if !strings.Contains(got, c.want) || c.want == "" && got != "" {
				t.Errorf("mismatch %q, want %q", got, c.want)
			}
		})
	}
}

// many equal modules
func many(in func(name, text string) st.Object, text string) (out []st.Object) {
	for n := range maxPacked {
		out = append(out, in(fmt.Sprintf("kernel/m%d.ko", n), text))
	}
	return out
}

// Combinations of options and texts in honest kernels.
func TestHonestKernels(t *testing.T) {
	t.Parallel()
	of := func(version, gcc string, texts ...string) string {
		return arm64(strings.ReplaceAll(realKernel(gcc, texts...), release, version))
	}
	for name, c := range map[string]struct{ kernel, config string }{
		"a module holds the configuration": {of(release, gcc12, enabled...), claimed + "CONFIG_IKCONFIG=m\nCONFIG_IKCONFIG_PROC=y\n"},
		"banners before 5.18":              {of("5.16.12", strings.Replace(gcc12, "_DYNAMIC", "", 1), enabled...), claimed},
		"texts before 5.10":                {of("4.9.337", strings.Replace(gcc12, "_DYNAMIC", "", 1)), claimed + "CONFIG_RANDOMIZE_BASE=y\n"},
		"a parameter without its option":   {of(release, gcc12, enabled...), strings.Replace(claimed, "CONFIG_MODULE_SIG=y", "# CONFIG_MODULE_SIG is not set", 1)},
		"a compiler named cc":              {of(release, strings.Replace(gcc12, "gcc-12", "cc", 1), enabled...), claimed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, config, _ := strings.Cut(c.config, "\n") // the header is of 6.1 for x86
			if _, got := mismatch(t, c.kernel, st.File("config", config)); got != "" {
				t.Error(got)
			}
		})
	}
}

// A module comes in writes of any size. Its version magic is found wherever it is cut.
func TestMagicAcrossWrites(t *testing.T) {
	t.Parallel()
	for _, magic := range []string{"6.1.0 SMP ", strings.Repeat("x", maxMagic)} {
		content := strings.Repeat("\x01", 700) + "vermagic=" + magic + "\x00" + strings.Repeat("\x02", 900)
		for _, size := range []int{1, 7, carried - 1, carried, carried + 1, len(content)} {
			for first := 1; first <= len(content); first += 13 {
				m := &module{tree: newTree()}
				for p := []byte(content); len(p) > 0; {
					n := min(size, len(p))
					if len(p) == len(content) {
						n = first
					}
					if _, err := m.Write(p[:n]); err != nil {
						t.Fatal(err)
					}
					p = p[n:]
				}
				if m.magic != magic {
					t.Fatalf("writes of %d bytes after %d: %q", size, first, m.magic)
				}
				if len(m.carry) > 2*carried {
					t.Fatalf("%d bytes are kept", len(m.carry))
				}
			}
		}
	}
}
