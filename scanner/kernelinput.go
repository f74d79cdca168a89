package scanner

import (
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
	// maxCmdline bounds a command line; kernels take 4096 bytes at most.
	maxCmdline = 64 << 10
	// maxSettings bounds a file of sysctls; `sysctl -a` prints 100 KiB.
	maxSettings = 8 << 20
)

// KernelInput is a kernel without a system around it.
type KernelInput struct {
	// File is a configuration or a kernel, Name what it is called.
	File io.Reader
	Name string
	// Arch and Version are taken instead of what the file says, unless "".
	Arch, Version string
	// Cmdline is nil where no command line is known.
	Cmdline *Text
	// Sysctls are files in the form of sysctl.conf, or of what sysctl -a
	// prints, in the order in which they are applied.
	Sysctls []Text
}

// Text is one that was given: by a file, or without one where File is "".
type Text struct {
	File    string
	Content io.Reader
}

// KernelFacts are the facts of a kernel alone. Errors are *system.Error, and
// joined: ErrInput for what is malformed, ErrUnusable for a kernel that says
// nothing.
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
		Components: []facts.Component{}, Files: []facts.File{}, SBOM: facts.SystemSBOM{Components: []string{}},
		Kernel:  facts.Kernel{Present: true, Version: found.Version, Config: found.Config, Modules: []string{}},
		Cmdline: cmdline, Sysctl: sysctl, Scope: scope,
	}, nil
}

// read finds the configuration, and what else must be known of it.
func (k KernelInput) read() (*kernel.File, error) {
	found, err := kernel.ReadConfig(k.File, k.Name)
	switch {
	case errors.Is(err, kernel.ErrMalformed):
		return nil, system.BadInput("%s", k.Name).Because(err).
			Suggest("give a .config, as it is or compressed, or a kernel that was built with CONFIG_IKCONFIG")
	case errors.Is(err, kernel.ErrNoConfig):
		return nil, system.Unusable("kernel %s (%s) carries no configuration", k.Name, found.Version).
			Suggest("give its configuration instead: distributions ship it as /boot/config-%s", found.Version)
	case errors.As(err, new(*fs.PathError)):
		return nil, system.NotRead(k.Name, err)
	case err != nil:
		return nil, system.Unusable("kernel %s cannot be read", k.Name).Because(err).Suggest("give its configuration instead")
	}
	if err := k.arch(found); err != nil {
		return nil, err
	}
	if k.Version != "" {
		found.Version = k.Version
	}
	return found, nil
}

// arch settles for which architecture the kernel is.
func (k KernelInput) arch(found *kernel.File) error {
	known := strings.Join(slices.Sorted(maps.Keys(lineLimits)), ", ")
	switch {
	case found.Arch != "" && lineLimits[found.Arch] == 0:
		return system.BadInput("%s is for %s, for whose kernels there are no rules", k.Name, found.Arch).
			Suggest("give a kernel or its configuration for one of %s", known)
	case k.Arch != "" && found.Arch != "" && k.Arch != found.Arch:
		return system.BadInput("%s is for %s, not for %s", k.Name, found.Arch, k.Arch).Suggest("leave --arch out")
	case found.Arch == "":
		found.Arch = k.Arch
	}
	if found.Arch == "" {
		return system.BadInput("%s does not say for which architecture it is", k.Name).
			Suggest("a whole .config does; where its header is gone, give --arch amd64, arm64 or riscv64")
	}
	return nil
}

// builtInHolds: the kernel's configuration alone says what stands on the
// command line.
func builtInHolds(b facts.BuiltIn) bool {
	return b.Mode != "" && b.Mode != facts.BuiltInDefault
}

// cmdline reads the command line, which a kernel takes as one line.
func (k KernelInput) cmdline(found *kernel.File) (facts.Cmdline, error) {
	none := facts.Cmdline{Params: []facts.Param{}}
	if found == nil {
		found = &kernel.File{} // its error is reported with those of the line
	}
	if k.Cmdline == nil {
		if built := builtIn(found.Arch, found.Config.Options); builtInHolds(built) {
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
		return none, system.BadInput("command line: more than one line").Suggest("give it as /proc/cmdline shows it")
	}
	origin := facts.Origin{Layer: "cmdline", File: k.Cmdline.File}
	if origin.File != "" {
		origin.Line, origin.Column = 1, 1
	}
	line := kernelLine(text, found.Arch, found.Config)
	line.Origin = origin
	return line, nil
}

// sysctl reads the settings: those of the command line are made first.
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
			errs = append(errs, system.BadInput("%s sets nothing", t.File).
				Suggest("lines of the form KEY = VALUE are wanted, as in sysctl.conf, or as sysctl -a prints them"))
		}
		for _, s := range settings {
			s.Source, s.Order = t.File, len(out.Settings)
			out.Settings = append(out.Settings, s)
		}
	}
	out.Settings = withInterfaces(out.Settings, excepted)
	return out, errors.Join(errs...)
}

// withInterfaces puts for "*" in a place for a network interface, as in
// net.ipv4.conf.*.rp_filter, the two that every kernel has; which others there
// are no file says. A pattern is for no key that is set by its own name, in
// whatever order, nor for one that is excepted (sysctl.d(5)).
func withInterfaces(settings []facts.Setting, excepted []string) []facts.Setting {
	named := map[string]bool{}
	for _, key := range excepted {
		named[key] = true
	}
	for _, s := range settings {
		if s.Component != "cmdline" { // made before any file is read
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
		return "", system.BadInput("%s is no text", what)
	}
	return string(data), nil
}
