package kernel

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/ulikunitz/xz"
	"github.com/ulikunitz/xz/lzma"

	st "github.com/seaworthy-os/seaworthy/scanner/scantest"
	"github.com/seaworthy-os/seaworthy/scanner/tree"
)

const release = "6.1.0-41-cloud-amd64"

const configText = `#
# Automatically generated file; DO NOT EDIT.
# Linux/x86 6.1.158 Kernel Configuration
#
CONFIG_CC_VERSION_TEXT="gcc-12 \"quoted\" a\\b"
CONFIG_A=y
CONFIG_B=m
CONFIG_B=y
CONFIG_NR_CPUS=512
CONFIG_HEX=0x1000
CONFIG_EMPTY=""
CONFIG_IKCONFIG=y
CONFIG_C=y
CONFIG_D=y
# CONFIG_KEXEC is not set (it is gone)
# CONFIG_SPACED  is not set
# comment CONFIG_NOT=y
CONFIG_BAD-NAME=y
NOT_CONFIG=y
`

func packed(t testing.TB, kind, data string) string {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	var err error
	switch kind {
	case "gzip":
		w = gzip.NewWriter(&b)
	case "xz":
		w, err = xz.NewWriter(&b)
	case "zstd":
		w, err = zstd.NewWriter(&b)
	case "lz4":
		z := lz4.NewWriter(&b)
		err = z.Apply(lz4.LegacyOption(true))
		w = z
	case "lzma":
		w, err = lzma.NewWriter(&b)
	case "lzo":
		return lzopOf(data)
	}
	if err == nil {
		_, err = io.WriteString(w, data)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// lzopOf is an lzop file. Blocks that repeat themselves are compressed and
// others stored, as lzop does with blocks that would grow. Checksums are
// arbitrary.
func lzopOf(data string) string {
	const block, flags = 4096, lzopAdlerPlain | lzopAdlerPacked
	out := []byte("\x89LZO\x00\r\n\x1a\n\x10\x30\x20\xa0\x09\x40\x01\x05")
	out = binary.BigEndian.AppendUint32(out, flags)
	out = append(out, make([]byte, 12)...)
	out = append(out, "\x01kSUMS"...)
	for ; data != ""; data = data[min(block, len(data)):] {
		plain := data[:min(block, len(data))]
		packed := lzoRepeat(plain)
		out = binary.BigEndian.AppendUint32(out, uint32(len(plain)))
		if packed == nil {
			out = binary.BigEndian.AppendUint32(out, uint32(len(plain)))
			out = append(append(out, "ADLR"...), plain...)
			continue
		}
		out = binary.BigEndian.AppendUint32(out, uint32(len(packed)))
		out = append(append(out, "ADLRADLR"...), packed...)
	}
	return string(binary.BigEndian.AppendUint32(out, 0))
}

// lzoRepeat compresses a block that repeats its first five bytes; nil for other
// blocks.
func lzoRepeat(plain string) []byte {
	const period = 5
	if len(plain) < 1000 || plain[period:] != plain[:len(plain)-period] {
		return nil
	}
	out := append([]byte{17 + period}, plain[:period]...) // literals
	out = append(out, 0x20)                               // a match, with its length
	n := len(plain) - period - 2 - 31
	for ; n > 255; n -= 255 {
		out = append(out, 0)
	}
	out = append(out, byte(n), (period-1)<<2, 0) // and its distance
	return append(out, 0x11, 0, 0)
}

// vmlinux is an unpacked kernel, with the parts that this package reads.
func vmlinux(t testing.TB, release, config string) string {
	s := strings.Repeat("\x00code", 100_000) + "Linux version %s\x00" + "Linux version " + release + " (nobody@example.org) (gcc) #1 SMP\n\x00"
	if config != "" {
		s += strings.Repeat("\x00data", 90_000) + "IKCFG_ST" + packed(t, "gzip", config) + "IKCFG_ED"
	}
	return s + strings.Repeat("\x00tail", 1000)
}

// bzImage wraps a payload as the x86 boot protocol requires.
func bzImage(release, payload string) string {
	setup := make([]byte, 4*512+512)
	setup[0x1f1] = 4
	copy(setup[0x202:], "HdrS")
	binary.LittleEndian.PutUint16(setup[0x206:], 0x20f)
	text := release + " (nobody@example.org) #1 SMP PREEMPT_DYNAMIC Debian 6.1.158-1"
	binary.LittleEndian.PutUint16(setup[0x20e:], 0x400-0x200)
	copy(setup[0x400:], text)
	binary.LittleEndian.PutUint32(setup[0x248:], 100)
	binary.LittleEndian.PutUint32(setup[0x24c:], uint32(len(payload)))
	return string(setup) + strings.Repeat("s", 100) + payload + strings.Repeat("\x00", 512)
}

func zboot(payload string) string {
	head := make([]byte, 256)
	copy(head, "MZ\x00\x00zimg")
	binary.LittleEndian.PutUint32(head[8:], 256)
	binary.LittleEndian.PutUint32(head[12:], uint32(len(payload)))
	return string(head) + payload
}

func arm64(body string) string {
	head := make([]byte, 64)
	copy(head[0x38:], "ARM\x64")
	return string(head) + body
}

func riscv(body string) string {
	head := make([]byte, 64)
	copy(head[0x38:], "RSC\x05")
	return string(head) + body
}

// The architecture of a configuration takes precedence over the format.
func TestArchitecture(t *testing.T) {
	t.Parallel()
	for option, want := range map[string]string{"CONFIG_X86_64": "amd64", "CONFIG_ARM64": "arm64", "CONFIG_RISCV": "riscv64", "CONFIG_PPC": ""} {
		f, err := ReadConfig(strings.NewReader(configText+option+"=y\n"), "config")
		if err != nil || f.Arch != want {
			t.Errorf("%s: %q, %v", option, f.Arch, err)
		}
	}
}

func TestReadConfig(t *testing.T) {
	t.Parallel()
	inside := vmlinux(t, release, configText)
	for name, data := range map[string]string{
		"text":         configText,
		"text.gz":      packed(t, "gzip", configText),
		"text.xz":      packed(t, "xz", configText),
		"text.zst":     packed(t, "zstd", configText),
		"text.lz4":     packed(t, "lz4", configText),
		"text.lzma":    packed(t, "lzma", configText),
		"text.lzo":     packed(t, "lzo", configText),
		"vmlinux":      "\x7fELF" + inside,
		"bzImage.gzip": bzImage(release, packed(t, "gzip", inside)),
		"bzImage.xz":   bzImage(release, packed(t, "xz", inside)+"\x40\x42\x0f\x00"),
		"bzImage.zstd": bzImage(release, packed(t, "zstd", inside)+"\x40\x42\x0f\x00"),
		"bzImage.lz4":  bzImage(release, packed(t, "lz4", inside)+"\x40\x42\x0f\x00"),
		"bzImage.lzma": bzImage(release, packed(t, "lzma", inside)+"\x40\x42\x0f\x00"),
		"bzImage.lzo":  bzImage(release, packed(t, "lzo", inside)+"\x40\x42\x0f\x00"),
		"bzImage.raw":  bzImage(release, inside),
		"riscv":        riscv(inside),
		"zboot.zstd":   zboot(packed(t, "zstd", inside)),
		"Image":        arm64(inside),
		"Image.gz":     packed(t, "gzip", arm64(inside)),
		"zboot":        zboot(packed(t, "gzip", inside)),
		"unknown":      inside,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, err := ReadConfig(strings.NewReader(data), "boot/config")
			if err != nil {
				t.Fatal(err)
			}
			c, version := f.Config, f.Version
			source, wantVersion := "ikconfig", release
			if strings.HasPrefix(name, "text") {
				source, wantVersion = "boot/config", "6.1.158"
			}
			if text := source == "boot/config"; text != (c.Lines["CONFIG_KEXEC"] == 15) || text != (c.Lines["CONFIG_B"] == 8) || !text && c.Lines != nil {
				t.Errorf("lines %v", c.Lines)
			}
			if want := map[string]string{"Image": "arm64", "Image.gz": "", "riscv": "riscv64", "vmlinux": "", "zboot": "", "unknown": ""}; strings.HasPrefix(name, "bzImage") && f.Arch != "amd64" || want[name] != "" && f.Arch != want[name] {
				t.Errorf("architecture %q", f.Arch)
			}
			if !c.Present || c.Source != source || version != wantVersion || c.Mismatch != "" {
				t.Errorf("source %q, version %q", c.Source, version)
			}
			want := map[string]string{
				"CONFIG_CC_VERSION_TEXT": `gcc-12 "quoted" a\b`, "CONFIG_A": "y", "CONFIG_B": "y", "CONFIG_NR_CPUS": "512", "CONFIG_HEX": "0x1000",
				"CONFIG_EMPTY": "", "CONFIG_IKCONFIG": "y", "CONFIG_C": "y", "CONFIG_D": "y", "CONFIG_KEXEC": "n",
			}
			for k, v := range want {
				if got, ok := c.Options[k]; !ok || got != v {
					t.Errorf("%s = %q, want %q", k, got, v)
				}
			}
			if len(c.Options) != len(want) {
				t.Errorf("%d options: %v", len(c.Options), c.Options)
			}
			if c.Digest != "sha256:"+sum(configText) {
				t.Errorf("digest %s", c.Digest)
			}
		})
	}
}

func TestNoConfig(t *testing.T) {
	t.Parallel()
	for name, data := range map[string]string{
		"empty": "", "few options": "CONFIG_A=y\n", "a shell script": "#!/bin/sh\necho\n",
		"kernel without":    bzImage(release, packed(t, "gzip", vmlinux(t, release, ""))),
		"marks only":        arm64(strings.Repeat("IKCFG_ST", 100_000)),
		"mark, no gzip":     arm64("IKCFG_STnothingIKCFG_ED"),
		"random":            strings.Repeat("\x00\x01\x02", 50_000),
		"setup with no end": bzImage(release, "")[:0x300],
	} {
		f, err := ReadConfig(strings.NewReader(data), "x")
		if err == nil {
			t.Errorf("%s: %+v", name, f)
		}
		switch without := name == "kernel without"; {
		case errors.Is(err, ErrNoConfig) != without, without && (f.Version != release || f.Config.Present || f.Config.Options == nil):
			t.Errorf("%s: %+v, %v", name, f, err)
		case errors.Is(err, ErrMalformed) != (!without && name != "setup with no end"):
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	bomb := packed(t, "gzip", strings.Repeat("CONFIG_A=y\n", maxConfig/10))
	many := new(strings.Builder)
	for i := range maxOptions + 1 {
		fmt.Fprintf(many, "CONFIG_A%d=y\n", i)
	}
	for name, data := range map[string]string{
		"packed bomb": bomb, "many options": many.String(), "long text": strings.Repeat("CONFIG_A=y\n", maxConfig/10),
		"bomb inside": arm64("IKCFG_ST" + bomb + "IKCFG_ED"),
		// A window of 4 GiB, and blocks of 2 GiB.
		"lzma window": bzImage(release, "\x5d\x00\x00\x00\xf0"+strings.Repeat("\xff", 8)+strings.Repeat("\x00", 100)),
		"lzo block":   bzImage(release, packed(t, "lzo", "")[:39]+"\x7f\xff\xff\xff\x7f\xff\xff\xff"+strings.Repeat("\x00", 100)),
	} {
		if _, err := ReadConfig(strings.NewReader(data), "x"); err == nil || errors.Is(err, ErrNoConfig) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func read(t *testing.T, binary string, objects ...st.Object) (*Result, error) {
	t.Helper()
	tr := tree.New()
	s := NewSink(tr, binary, t.TempDir())
	defer s.Close()
	if err := st.Feed(objects, st.InTree{Tree: tr}, s); err != nil {
		t.Fatal(err)
	}
	return s.Read()
}

func TestSink(t *testing.T) {
	t.Parallel()
	plain := bzImage(release, packed(t, "gzip", vmlinux(t, release, "")))
	full := bzImage(release, packed(t, "gzip", vmlinux(t, release, configText)))
	other := strings.Replace(configText, "CONFIG_C=y", "# CONFIG_C is not set", 1)
	module := st.Nested("kernel.tar", st.File("lib/modules/"+release+"/kernel/drivers/virtio-net.ko.xz", "x"))
	dep := st.Nested("kernel.tar", st.File("lib/modules/"+release+"/modules.dep", "x"))
	for name, c := range map[string]struct {
		objects          []st.Object
		source, mismatch string
		version          string
	}{
		"config beside":       {[]st.Object{st.File("kernel", plain), st.File("config", configText), module, dep}, "config", "", release},
		"kernel-config":       {[]st.Object{st.File("kernel", plain), st.File("kernel-config", configText)}, "kernel-config", "", release},
		"kernel_config":       {[]st.Object{st.File("kernel", plain), st.File("kernel_config", configText)}, "kernel_config", "", release},
		"packed":              {[]st.Object{st.File("kernel", plain), st.File("config.gz", packed(t, "gzip", configText))}, "config.gz", "", release},
		"boot":                {[]st.Object{st.File("kernel", plain), st.File("boot/config-"+release, configText)}, "boot/config-" + release, "", release},
		"boot in the tarball": {[]st.Object{st.File("kernel", plain), st.Nested("kernel.tar", st.File("boot/config-"+release, configText))}, "kernel.tar!/boot/config-" + release, "", release},
		"modules' folder":     {[]st.Object{st.File("kernel", plain), st.Nested("kernel.tar", st.File("lib/modules/"+release+"/config", configText))}, "kernel.tar!/lib/modules/" + release + "/config", "", release},
		"of that version first": {[]st.Object{st.File("kernel", plain), st.File("config", other), st.File("boot/config-"+release, configText)},
			"boot/config-" + release, "", release},
		"another file of that name": {[]st.Object{st.File("kernel", plain), st.File("config", "editor = vi\n"), st.File("boot/config-x", configText)}, "boot/config-x", "", release},
		"inside":                    {[]st.Object{st.File("kernel", full)}, "ikconfig", "", release},
		"inside and beside":         {[]st.Object{st.File("kernel", full), st.File("config", configText)}, "ikconfig", "", release},
		"a lie beside": {[]st.Object{st.File("kernel", full), st.File("config", other)}, "ikconfig",
			"config differs from the configuration inside the kernel in 1 option: CONFIG_C", release},
		"none":     {[]st.Object{st.File("kernel", plain)}, "", "", release},
		"shadowed": {[]st.Object{st.File("kernel", plain), st.Shadowed(st.File("config", configText))}, "", "", release},
		"modules of another": {[]st.Object{st.File("kernel", plain), st.Nested("kernel.tar", st.File("lib/modules/5.10.0/modules.dep", "x"))}, "",
			"the modules are for 5.10.0, but the kernel is " + release, release},
		"config of another": {[]st.Object{st.File("kernel", plain), st.File("config", strings.Replace(configText, "6.1.158", "5.10.1", 1))}, "config",
			"config is the configuration of kernel 5.10.1, but the kernel is " + release, release},
		"config of another architecture": {[]st.Object{st.File("kernel", plain), st.File("config", strings.Replace(configText, "Linux/x86", "Linux/arm64", 1))}, "config",
			"config is for architecture arm64, but the kernel is for x86", release},
		"config compiled with ARCH=x86_64": {[]st.Object{st.File("kernel", plain), st.File("config", strings.Replace(configText, "Linux/x86", "Linux/x86_64", 1))}, "config", "", release},
		"another local version": {[]st.Object{st.File("kernel", plain), st.File("config", configText+"CONFIG_LOCALVERSION=\"-other\"\n")}, "config",
			`config has the local version "-other", but the kernel is ` + release, release},
		"header and payload": {[]st.Object{st.File("kernel", bzImage(release, packed(t, "gzip", vmlinux(t, "6.1.0-evil", ""))))}, "",
			"the boot header is of kernel " + release + ", but the kernel inside is 6.1.0-evil", release},
		"no kernel inside": {[]st.Object{st.File("kernel", "hello"), st.File("config", configText), dep}, "config", "", release},
		"cut short": {[]st.Object{st.File("kernel", full[:4000]), st.File("config", configText)}, "config",
			"the kernel cannot be read: ", release},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := read(t, "kernel", c.objects...)
			if err != nil {
				t.Fatal(err)
			}
			if !r.Present || r.Version != c.version || r.Config.Source != c.source || r.Config.Present != (c.source != "") {
				t.Errorf("version %q, source %q, present %v", r.Version, r.Config.Source, r.Config.Present)
			}
			if m := r.Config.Mismatch; m != c.mismatch && (name != "cut short" || !strings.HasPrefix(m, c.mismatch)) {
				t.Errorf("mismatch %q, want %q", m, c.mismatch)
			}
			if r.Config.Options == nil || r.Modules == nil {
				t.Error("a list is nil")
			}
			if name == "config beside" {
				if !slices.Equal(r.Modules, []string{"virtio_net"}) || r.Digest != "sha256:"+sum(plain) {
					t.Errorf("modules %q, digest %s", r.Modules, r.Digest)
				}
				want := []string{"/config", "/kernel", "/kernel.tar!/lib/modules/" + release + "/kernel/drivers/virtio-net.ko.xz", "/kernel.tar!/lib/modules/" + release + "/modules.dep"}
				if !slices.Equal(r.Owned, want) {
					t.Errorf("owned %q", r.Owned)
				}
			}
		})
	}
	r, err := read(t, "kernel", st.File("kernel", plain), st.File("kernel.sources", "a.c\n"), st.Symlink("kernel.build.json", "kernel.sources"))
	if err != nil || !slices.Equal(r.Evidence, []string{"/kernel.sources"}) || !slices.Equal(r.Owned, []string{"/kernel", "/kernel.sources"}) {
		t.Errorf("evidence %q, owned %q, %v", r.Evidence, r.Owned, err)
	}
	if _, err := read(t, "kernel", st.Symlink("kernel", "/boot/vmlinuz")); err == nil {
		t.Error("a link is accepted as a kernel")
	}
	if r, err := read(t, "boot/vmlinuz", st.File("boot/vmlinuz", plain)); err != nil || r.Binary != "/boot/vmlinuz" {
		t.Errorf("binary elsewhere: %v", err)
	}
}

func FuzzReadConfig(f *testing.F) {
	f.Add([]byte(configText))
	f.Add([]byte(packed(f, "gzip", configText)))
	f.Add([]byte("IKCFG_ST" + packed(f, "gzip", configText) + "IKCFG_ED"))
	f.Fuzz(func(t *testing.T, data []byte) {
		found, err := ReadConfig(bytes.NewReader(data), "x")
		if found == nil {
			if err == nil {
				t.Fatal("neither a configuration nor an error")
			}
			return
		}
		c := found.Config
		if c.Options == nil || c.Present != (err == nil) || c.Present && len(c.Options) < fewOptions {
			t.Fatalf("%+v, %v", c, err)
		}
		for k := range c.Options {
			if !isOption(k) {
				t.Fatalf("option %q", k)
			}
		}
	})
}

func FuzzImage(f *testing.F) {
	small := "Linux version " + release + " (x)\x00IKCFG_ST" + packed(f, "gzip", configText) + "IKCFG_ED"
	for _, k := range []string{"gzip", "xz", "zstd", "lz4", "lzma", "lzo"} {
		f.Add([]byte(bzImage(release, packed(f, k, small))))
	}
	f.Add([]byte(zboot(packed(f, "gzip", small))))
	f.Add([]byte(arm64(small)))
	f.Add([]byte(riscv(small)))
	f.Fuzz(func(t *testing.T, data []byte) {
		img, err := readImage(bytes.NewReader(data))
		if err == nil && img == nil {
			t.Fatal("neither image nor error")
		}
		if img != nil && (!utf8Printable(img.header) || !utf8Printable(img.banner)) {
			t.Fatalf("header %q, banner %q", img.header, img.banner)
		}
	})
}

func utf8Printable(s string) bool { return s == "" || printable([]byte(s)) }

func sum(s string) string {
	h := sha256.Sum256([]byte(s))
	return hex.EncodeToString(h[:])
}

// An architecture without rules still has its name. A part of a configuration
// is recognised by missing options that every complete one has.
func TestOtherArchitectures(t *testing.T) {
	t.Parallel()
	some := "CONFIG_A=y\nCONFIG_B=y\nCONFIG_C=y\nCONFIG_D=y\nCONFIG_E=y\nCONFIG_F=y\nCONFIG_G=y\nCONFIG_H=y\nCONFIG_I=y\n"
	whole := "CONFIG_INIT_ENV_ARG_LIMIT=32\nCONFIG_HZ=250\nCONFIG_PGTABLE_LEVELS=4\n"
	for text, want := range map[string]string{
		"# Linux/arm 7.1.0 Kernel Configuration\nCONFIG_ARM=y\n":                     "arm (32-bit)",
		"# Linux/x86 6.1.0 Kernel Configuration\nCONFIG_X86_32=y\n":                  "386 (32-bit x86)",
		"# Linux/riscv 6.1.0 Kernel Configuration\nCONFIG_RISCV=y\nCONFIG_32BIT=y\n": "riscv32",
		"# Linux/mips 6.1.0 Kernel Configuration\nCONFIG_MIPS=y\n":                   "mips",
		"# Linux/x86_64 6.1.0 Kernel Configuration\nCONFIG_Z=y\n":                    "amd64",
		"# Linux/x86 6.1.0 Kernel Configuration\nCONFIG_Z=y\n":                       "",
	} {
		if f, err := ReadConfig(strings.NewReader(text+whole+some), "config"); err != nil || f.Arch != want || f.Config.Fragment {
			t.Errorf("%q: %+v, %v", text, f, err)
		}
	}
	for text, want := range map[string]bool{
		"CONFIG_X86_64=y\n":              true,
		"CONFIG_INIT_ENV_ARG_LIMIT=32\n": true,
		whole:                            false,
		// A fragment may keep its header.
		"# Linux/x86 6.1.0 Kernel Configuration\nCONFIG_HZ=250\n": true,
		"# CONFIG_X is not set\nCONFIG_Y=m\n":                     true,
	} {
		if f, err := ReadConfig(strings.NewReader(text+some), "config"); err != nil || f.Config.Fragment != want {
			t.Errorf("%q: %v, %v", text, f.Config.Fragment, err)
		}
	}
}
