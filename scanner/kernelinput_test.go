package scanner_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/scanner"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// aloneConfig is a small, complete configuration.
const aloneConfig = "# Linux/riscv 6.12.3 Kernel Configuration\nCONFIG_RISCV=y\n# CONFIG_KEXEC is not set\n" +
	"CONFIG_A=y\nCONFIG_B=y\nCONFIG_C=y\nCONFIG_D=y\nCONFIG_E=y\nCONFIG_F=y\nCONFIG_G=y\nCONFIG_H=y\n" +
	"CONFIG_INIT_ENV_ARG_LIMIT=32\nCONFIG_HZ=250\nCONFIG_PGTABLE_LEVELS=4\n"

func text(file, content string) scanner.Text {
	return scanner.Text{File: file, Content: strings.NewReader(content)}
}

func TestKernelFacts(t *testing.T) {
	t.Parallel()
	cmdline := text("cmdline", "quiet sysctl.kernel.kptr_restrict=0\n")
	f, err := scanner.KernelFacts(scanner.KernelInput{
		File: strings.NewReader(aloneConfig), Name: "boot/config.gz", Cmdline: &cmdline,
		Sysctls: []scanner.Text{text("a.conf", "# first\nkernel.kptr_restrict = 1\n"), text("b.conf", "net/ipv4/tcp_syncookies=1\n-kernel.kptr_restrict=2")},
	})
	if err != nil {
		t.Fatal(err)
	}
	if f.Name != "config" || f.Arch != "riscv64" || f.Kernel.Version != "6.12.3" || !f.Kernel.Present || f.Kernel.Config.Lines["CONFIG_KEXEC"] != 3 {
		t.Errorf("%+v", f)
	}
	if want := (facts.Origin{Layer: "cmdline", File: "cmdline", Line: 1, Column: 1}); f.Cmdline.Origin != want || len(f.Cmdline.Params) != 2 || f.Cmdline.Raw != "quiet sysctl.kernel.kptr_restrict=0" {
		t.Errorf("command line %+v", f.Cmdline)
	}
	want := []facts.Setting{
		{Key: "kernel.kptr_restrict", Value: "0", Component: "cmdline", Source: "cmdline", Order: 0},
		{Key: "kernel.kptr_restrict", Value: "1", Source: "a.conf", Order: 1, Line: 2},
		{Key: "net.ipv4.tcp_syncookies", Value: "1", Source: "b.conf", Order: 2, Line: 1},
		{Key: "kernel.kptr_restrict", Value: "2", Source: "b.conf", Order: 3, Line: 2},
	}
	if !slices.Equal(f.Sysctl.Settings, want) || !f.Sysctl.Applied {
		t.Errorf("sysctls %+v", f.Sysctl)
	}
	if !slices.Equal(f.Scope.Given, []string{"kernel config", "command line", "sysctls"}) || len(f.Scope.Missing) != 0 {
		t.Errorf("scope %+v", f.Scope)
	}

	f, err = scanner.KernelFacts(scanner.KernelInput{File: strings.NewReader(aloneConfig), Name: "config", Arch: "riscv64", Version: "6.1"})
	if err != nil || f.Kernel.Version != "6.1" {
		t.Fatal(f, err)
	}
	if !slices.Equal(f.Scope.Given, []string{"kernel config"}) || !slices.Equal(f.Scope.Missing, []string{"command line", "sysctls"}) {
		t.Errorf("scope %+v", f.Scope)
	}
}

// A pattern sets the interfaces that every kernel has, except for keys that a
// file sets by their full name or excepts.
func TestSysctlPatterns(t *testing.T) {
	t.Parallel()
	cmdline := text("", "sysctl.net.ipv4.conf.default.rp_filter=0")
	f, err := scanner.KernelFacts(scanner.KernelInput{
		File: strings.NewReader(aloneConfig), Name: "config", Cmdline: &cmdline,
		Sysctls: []scanner.Text{
			text("a.conf", "net.ipv4.conf.all.log_martians = 0\nnet.ipv4.conf.*.rp_filter = 2\n-net.ipv4.conf.all.rp_filter\n"),
			text("b.conf", "net/ipv4/conf/*/log_martians = 1\nnet.ipv6.conf.*.accept_ra = 0\n"),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for i, s := range f.Sysctl.Settings {
		if s.Order != i {
			t.Errorf("%s has the place %d, not %d", s.Key, s.Order, i)
		}
		got = append(got, s.Key+"="+s.Value)
	}
	want := []string{
		"net.ipv4.conf.default.rp_filter=0", "net.ipv4.conf.all.log_martians=0", "net.ipv4.conf.default.rp_filter=2",
		"net.ipv4.conf.default.log_martians=1", "net.ipv6.conf.all.accept_ra=0", "net.ipv6.conf.default.accept_ra=0",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestKernelFactsRefuses(t *testing.T) {
	t.Parallel()
	fragment := strings.ReplaceAll(aloneConfig, "CONFIG_RISCV", "CONFIG_Z")
	good := func() scanner.KernelInput {
		return scanner.KernelInput{File: strings.NewReader(aloneConfig), Name: "config"}
	}
	for name, c := range map[string]struct {
		alone scanner.KernelInput
		kind  error
		want  string
	}{
		"empty":            {scanner.KernelInput{File: strings.NewReader(""), Name: "config"}, system.ErrInput, "config: this is not a kernel configuration: the file is empty"},
		"text":             {scanner.KernelInput{File: strings.NewReader("hello\n"), Name: "config"}, system.ErrInput, "fewer than 10 options"},
		"binary":           {scanner.KernelInput{File: strings.NewReader("\x00\x01\x02"), Name: "x"}, system.ErrInput, "neither a configuration nor a kernel"},
		"kernel without":   {scanner.KernelInput{File: strings.NewReader("\x7fELF\x00Linux version 6.1.0-x (me)\n\x00"), Name: "vmlinux"}, system.ErrUnusable, "kernel vmlinux (6.1.0-x) does not contain its configuration"},
		"cut gzip":         {scanner.KernelInput{File: strings.NewReader("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x00"), Name: "x.gz"}, system.ErrUnusable, "x.gz cannot be read"},
		"which arch":       {scanner.KernelInput{File: strings.NewReader(fragment), Name: "config"}, system.ErrInput, "the architecture of config is unknown"},
		"another arch":     {scanner.KernelInput{File: strings.NewReader(aloneConfig), Name: "config", Arch: "amd64"}, system.ErrInput, "config is for architecture riscv64, but --arch is amd64"},
		"two lines":        {with(good(), text("", "a\nb")), system.ErrInput, "the command line has more than one line"},
		"long line":        {with(good(), text("c", strings.Repeat("a ", 40<<10))), system.ErrInput, "c: larger than 64 KiB"},
		"binary line":      {with(good(), text("c", "\xff")), system.ErrInput, "c is not a text file"},
		"no sysctls":       {with(good(), text("", "quiet"), text("s", "# nothing\n")), system.ErrInput, "s contains no settings"},
		"sysctls too long": {with(good(), text("", "quiet"), text("s", strings.Repeat("a=1\n", 3<<20))), system.ErrInput, "s: larger than 8 MiB"},
	} {
		f, err := scanner.KernelFacts(c.alone)
		if f != nil || !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	f, err := scanner.KernelFacts(with(scanner.KernelInput{File: strings.NewReader("x"), Name: "config"}, text("c", "\xff"), text("s", "")))
	if f != nil || !strings.Contains(err.Error(), "c is not a text file") || !strings.Contains(err.Error(), "s contains no settings") || !strings.Contains(err.Error(), "config:") {
		t.Errorf("not all errors are reported: %v", err)
	}
}

func with(k scanner.KernelInput, cmdline scanner.Text, sysctls ...scanner.Text) scanner.KernelInput {
	k.Cmdline, k.Sysctls = &cmdline, sysctls
	return k
}
