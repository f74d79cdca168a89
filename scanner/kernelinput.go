package scanner

import (
	"cmp"
	"errors"
	"io"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
	"github.com/seaworthy-os/seaworthy/scanner/files"
	"github.com/seaworthy-os/seaworthy/scanner/kernel"
)

const (
	// maxCmdline is the largest size of a command line. Kernels accept at most
	// 4096 bytes.
	maxCmdline = 64 << 10
	// maxSettings is the largest size of a sysctl file. The output of `sysctl
	// -a` has 100 KiB.
	maxSettings = 8 << 20
)

// KernelInput is a kernel without a system.
type KernelInput struct {
	// File is a configuration or a kernel, Name its name in messages.
	File io.Reader
	Name string
	// Arch and Version replace the values in the file, unless they are "".
	Arch, Version string
	// Cmdline is nil if the command line is unknown.
	Cmdline *Text
	// Beside finds the configuration beside a kernel that does not contain it. It may be nil.
	Beside func() (facts.Kernel, error)
	// Sysctls are files in the form of sysctl.conf, or output of sysctl -a, in
	// the order in which they are applied.
	Sysctls []Text
}

// Text is a text from the user: the content of File, or Text itself if File is
// "".
type Text struct {
	File    string
	Content io.Reader
}

// KernelFacts are the facts of a kernel alone. Errors are *system.Error, and
// joined: ErrInput for malformed input, ErrUnusable for a kernel without a
// configuration.
func KernelFacts(k KernelInput) (*facts.Facts, error) {
	found, configErr := k.read()
	cmdline, cmdlineErr := k.cmdline(found)
	sysctl, sysctlErr := k.sysctl(cmdline.Params)
	if err := errors.Join(configErr, cmdlineErr, sysctlErr); err != nil {
		return nil, err
	}
	scope := &facts.Scope{Given: []string{"kernel config"}, Missing: []string{}}
	for _, in := range []struct {
		name  string
		given bool
	}{{"command line", k.Cmdline != nil}, {"sysctls", len(k.Sysctls) > 0}} {
		if in.given {
			scope.Given = append(scope.Given, in.name)
		} else {
			scope.Missing = append(scope.Missing, in.name)
		}
	}
	stem := strings.TrimSuffix(path.Base(filepath.ToSlash(k.Name)), ".gz")
	return &facts.Facts{
		SchemaVersion: facts.SchemaVersion, Name: stem, Arch: found.Arch,
		Sources:    []facts.Source{{Path: k.Name, Digest: found.Config.Digest}},
		Components: []facts.Component{}, Files: []facts.File{}, SBOM: facts.SystemSBOM{Components: []string{}, Inside: []string{}},
		Kernel:  facts.Kernel{Present: true, Version: found.Version, Config: found.Config, Modules: []string{}},
		Cmdline: cmdline, Sysctl: sysctl, Scope: scope,
	}, nil
}

// read finds the configuration, the architecture and the version.
func (k KernelInput) read() (*kernel.File, error) {
	found, err := kernel.ReadConfig(k.File, k.Name)
	if errors.Is(err, kernel.ErrNoConfig) && k.Beside != nil {
		beside, besideErr := k.Beside()
		if besideErr != nil {
			return nil, besideErr
		}
		if beside.Config.Present {
			found.Config, err = beside.Config, nil
			found.Arch = cmp.Or(kernel.ArchOf(beside.Config.Options), found.Arch)
		}
	}
	switch {
	case errors.Is(err, kernel.ErrMalformed):
		return nil, system.BadInput("%s", k.Name).Because(err).
			Suggest("give a .config, plain or compressed, or a kernel that was built with CONFIG_IKCONFIG")
	case errors.Is(err, kernel.ErrNoConfig):
		return nil, system.Unusable("kernel %s (%s) does not contain its configuration", k.Name, found.Version).
			Suggest("give its configuration instead: distributions ship it as /boot/config-%s", found.Version)
	case errors.As(err, new(*fs.PathError)):
		return nil, system.NotRead(k.Name, err)
	case err != nil:
		return nil, system.Unusable("kernel %s cannot be read", k.Name).Because(err).Suggest("give its configuration (.config) instead")
	}
	if err := k.arch(found); err != nil {
		return nil, err
	}
	if k.Version != "" {
		found.Version = k.Version
	}
	return found, nil
}

// arch determines the architecture of the kernel.
func (k KernelInput) arch(found *kernel.File) error {
	known := strings.Join(slices.Sorted(maps.Keys(lineLimits)), ", ")
	switch {
	case found.Arch != "" && lineLimits[found.Arch] == 0:
		return system.BadInput("%s is for architecture %s, and no rules exist for its kernels", k.Name, found.Arch).
			Suggest("give a kernel or its configuration for one of %s", known)
	case k.Arch != "" && found.Arch != "" && k.Arch != found.Arch:
		return system.BadInput("%s is for architecture %s, but --arch is %s", k.Name, found.Arch, k.Arch).Suggest("remove --arch")
	case found.Arch == "":
		found.Arch = k.Arch
	}
	if found.Arch == "" {
		return system.BadInput("the architecture of %s is unknown", k.Name).
			Suggest("give a complete .config with its header, or add --arch amd64, arm64 or riscv64")
	}
	return nil
}

// builtInIsComplete reports whether the kernel's configuration determines the
// whole command line.
func builtInIsComplete(b facts.BuiltIn) bool {
	return b.Mode != "" && b.Mode != facts.BuiltInDefault
}

// cmdline reads the command line, which must be one line.
func (k KernelInput) cmdline(found *kernel.File) (facts.Cmdline, error) {
	none := facts.Cmdline{Params: []facts.Param{}}
	if found == nil {
		found = &kernel.File{} // the error for the file is reported with the errors for the line
	}
	if k.Cmdline == nil {
		if built := builtIn(found.Arch, found.Config.Options); builtInIsComplete(built) {
			return kernelLine("", found.Arch, found.Config), nil
		}
		return none, nil
	}
	text, err := k.Cmdline.read("command line", maxCmdline)
	if err != nil {
		return none, err
	}
	text = strings.TrimRight(text, "\r\n")
	if strings.ContainsAny(text, "\r\n\x00") {
		return none, system.BadInput("the command line has more than one line").Suggest("give one line, as in /proc/cmdline")
	}
	origin := facts.Origin{Layer: "cmdline", File: k.Cmdline.File}
	if origin.File != "" {
		origin.Line, origin.Column = 1, 1
	}
	line := kernelLine(text, found.Arch, found.Config)
	line.Origin = origin
	return line, nil
}

// sysctl reads the settings. Settings on the command line are applied first.
func (k KernelInput) sysctl(params []facts.Param) (facts.Sysctl, error) {
	out := facts.Sysctl{Applied: len(k.Sysctls) > 0, Settings: cmdlineSettings(params)}
	var errs []error
	var excepted []string
	for _, t := range k.Sysctls {
		text, err := t.read("sysctls", maxSettings)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		settings, except := files.ParseSysctlLines(text)
		excepted = append(excepted, except...)
		if len(settings) == 0 {
			errs = append(errs, system.BadInput("%s contains no settings", t.File).
				Suggest("use lines of the form KEY = VALUE, as in sysctl.conf or in the output of sysctl -a"))
		}
		for _, s := range settings {
			s.Source, s.Order = t.File, len(out.Settings)
			out.Settings = append(out.Settings, s)
		}
	}
	out.Settings = withInterfaces(out.Settings, excepted)
	return out, errors.Join(errs...)
}

// withInterfaces expands "*" in the place of a network interface, as in
// net.ipv4.conf.*.rp_filter, to the two interfaces that every kernel has. Other
// interfaces are unknown. A pattern does not set a key that is set by its full
// name, in any order, or that is excepted (sysctl.d(5)).
func withInterfaces(settings []facts.Setting, excepted []string) []facts.Setting {
	named := map[string]bool{}
	for _, key := range excepted {
		named[key] = true
	}
	for _, s := range settings {
		if s.Component != "cmdline" { // applied before any file is read
			named[s.Key] = true
		}
	}
	out := make([]facts.Setting, 0, len(settings))
	for _, s := range settings {
		before, behind, ok := strings.Cut(s.Key, ".conf.*.")
		if !ok {
			out = append(out, s)
			continue
		}
		for _, name := range []string{"all", "default"} {
			if s.Key = before + ".conf." + name + "." + behind; !named[s.Key] {
				out = append(out, s)
			}
		}
	}
	for i := range out {
		out[i].Order = i
	}
	return out
}

func (t Text) read(what string, most int64) (string, error) {
	if t.File != "" {
		what = t.File
	}
	data, err := bounded.Read(t.Content, most)
	switch {
	case errors.As(err, new(bounded.TooLarge)):
		return "", system.BadInput("%s", what).Because(err)
	case err != nil:
		return "", system.Unusable("%s cannot be read", what).Because(err)
	case !utf8.Valid(data) || slices.Contains(data, 0):
		return "", system.BadInput("%s is not a text file", what)
	}
	return string(data), nil
}
