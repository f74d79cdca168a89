package kbuild

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/internal/lazyre"
)

// revision is the version of the code that makes kernels from inputs. A change that makes
// other bytes from the same inputs needs a new revision.
const revision = 2

// Inputs are all that a kernel is made from, but the source and the tools.
type Inputs struct {
	// Arch is the Go name of the architecture.
	Arch string
	// Base is what the kernel needs. A line replaces that of an earlier file for the
	// same option.
	Base   []Config
	Policy Config
	// Compiler is the name of the compiler: gcc-12 or clang-16, or a newer one.
	Compiler string
}

// Kernel is a compiled kernel.
type Kernel struct {
	// Release is what uname -r prints.
	Release string `json:"release"`
	// Inputs is the digest (sha256:HEX) of everything that the kernel was made from.
	Inputs string `json:"inputs"`
	// Tools are the versions of the programs that made it.
	Tools []string `json:"tools"`
	// Dropped are the options of the policy that this kernel does not have.
	Dropped []string `json:"dropped"`

	// Image is the file that a boot loader starts.
	Image []byte `json:"-"`
	// Config is the whole configuration.
	Config []byte `json:"-"`
	// Builtin and Modinfo are modules.builtin and modules.builtin.modinfo: the names
	// and the parameters of the drivers.
	Builtin, Modinfo []byte `json:"-"`
	// Sources are the files of the source that the compiler read, one a line.
	Sources []byte `json:"-"`
	// Code are all C, assembler and header files of the source, compiled or not, one a line.
	Code []byte `json:"-"`
}

// target is how the kernel's own build names an architecture, and what it makes.
type target struct{ arch, folder, goal, image string }

var targets = map[string]target{
	"amd64": {"x86_64", "x86", "bzImage", "arch/x86/boot/bzImage"},
	"arm64": {"arm64", "arm64", "Image", "arch/arm64/boot/Image"},
}

// Project is a kernel that can be compiled: its inputs agree, and the tools are there.
type Project struct {
	in    Inputs
	parts *parts
	tools *toolchain
}

// Prepare checks the inputs, and looks for all tools. It compiles nothing.
func Prepare(ctx context.Context, in Inputs) (*Project, error) {
	p, err := in.parts()
	if err != nil {
		return nil, err
	}
	tools, err := findTools(ctx, in.Compiler, in.Arch)
	if err != nil {
		return nil, err
	}
	return &Project{in, p, tools}, nil
}

// parts are the options, if the inputs are valid and agree.
func (in Inputs) parts() (*parts, error) {
	if _, ok := targets[in.Arch]; !ok {
		return nil, system.BadInput("a kernel cannot be compiled for %s", in.Arch).Suggest("use amd64 or arm64")
	}
	if !CompilerRE.MatchString(in.Compiler) {
		return nil, system.BadInput("compiler %q must be gcc-12 or clang-16, or newer", in.Compiler)
	}
	return join(in.Base, in.Policy)
}

// Key is the digest (sha256:HEX) of everything that the kernel is made from: the options, but
// not their comments, and also the versions of the tools. source is the digest of the package
// that has the source.
func (p *Project) Key(source string) string {
	return p.in.key(p.parts, source, p.tools.versions)
}

// Key is the digest that a project with these inputs has where the tools have these versions.
// The tools need not be there.
func (in Inputs) Key(source string, tools []string) (string, error) {
	p, err := in.parts()
	if err != nil {
		return "", err
	}
	return in.key(p, source, tools), nil
}

func (in Inputs) key(p *parts, source string, tools []string) string {
	data, err := json.Marshal(struct {
		Revision                           int
		Source, Arch, Base, Policy, Compil string
		Tools                              []string
	}{revision, source, in.Arch, digests.Of(text(p.base)), digests.Of(text(p.policy)), in.Compiler, tools})
	if err != nil {
		panic(err) // texts and numbers can be written as JSON
	}
	return digests.Of(data)
}

// Build returns the kernel of the project. If the folder cache has it, nothing is compiled.
// Otherwise it is compiled from the archive, a tar.xz, and put into the cache. source is the
// digest of the package that has the archive.
func (p *Project) Build(ctx context.Context, archive io.Reader, source, cache string, progress func(string)) (*Kernel, error) {
	key := p.Key(source)
	dir := filepath.Join(cache, digests.Hex(key))
	if k, err := load(dir); err == nil && k.Inputs == key {
		progress("the kernel " + k.Release + " was compiled before")
		return k, nil
	}
	k, err := p.compile(ctx, archive, source, progress)
	if err != nil {
		return nil, err
	}
	if err := k.store(dir); err != nil {
		return nil, system.Unusable("the kernel cannot be kept in %s", cache).Because(err)
	}
	return k, nil
}

func (p *Project) compile(ctx context.Context, archive io.Reader, sourceDigest string, progress func(string)) (*Kernel, error) {
	tmp, err := os.MkdirTemp("", "seaworthy-kernel-")
	if err != nil {
		return nil, system.Unusable("a temporary folder cannot be created").Because(err)
	}
	defer os.RemoveAll(tmp)
	to, home := targets[p.in.Arch], filepath.Join(tmp, "home")
	source := filepath.Join(tmp, "source")
	if err := errors.Join(os.Mkdir(source, 0o755), os.Mkdir(home, 0o755)); err != nil {
		return nil, err
	}
	progress("unpacking the source")
	files, err := unpack(ctx, archive, source, to.folder)
	if err != nil {
		return nil, system.Unusable("the source cannot be unpacked").Because(err)
	}
	all := filepath.Join(home, "all.config")
	if err := errors.Join(os.WriteFile(all, p.parts.text(), 0o644), fixLayout(source, p.seed(sourceDigest))); err != nil {
		return nil, system.Unusable("the source cannot be prepared").Because(err)
	}
	// A message of the kernel with the name of a file must not have the folder.
	flags := "-ffile-prefix-map=" + source + "/="
	if strings.HasPrefix(p.in.Compiler, "gcc") {
		flags += " -frandom-seed=" + p.seed(sourceDigest) // otherwise, the plugin for entropy takes random numbers
	}
	m := maker{dir: source, env: environment(home), args: append([]string{"-s", "-j" + strconv.Itoa(runtime.NumCPU()), "ARCH=" + to.arch,
		"KCFLAGS=" + flags, "KAFLAGS=" + flags}, p.tools.args...)}
	progress("configuring")
	if _, err := m.run(ctx, "KCONFIG_ALLCONFIG="+all, "allnoconfig"); err != nil {
		return nil, system.Unusable("Kconfig failed").Because(err)
	}
	k := &Kernel{Inputs: p.Key(sourceDigest), Tools: p.tools.versions}
	if k.Config, err = bounded.ReadFile(filepath.Join(source, ".config"), maxConfig); err != nil {
		return nil, system.Unusable("Kconfig wrote no configuration").Because(err)
	}
	if k.Dropped, err = p.parts.check(k.Config); err != nil {
		return nil, err
	}
	progress(fmt.Sprintf("compiling with %s: this takes some minutes", p.in.Compiler))
	began := time.Now()
	if _, err := m.run(ctx, to.goal); err != nil {
		return nil, system.Unusable("the kernel cannot be compiled").Because(err)
	}
	progress("compiled in " + time.Since(began).Round(time.Second).String())
	release, err := m.run(ctx, "kernelrelease")
	if err != nil {
		return nil, system.Unusable("the release of the kernel is unknown").Because(err)
	}
	if k.Release = strings.TrimSpace(release); !releaseRE.MatchString(k.Release) {
		return nil, system.Unusable("%q is not the release of a kernel", k.Release)
	}
	k.Code = code(files)
	if k.Sources, err = compiled(source, files); err != nil {
		return nil, system.Unusable("the list of compiled files cannot be made").Because(err)
	}
	for _, f := range k.built(to.image) {
		if *f.data, err = bounded.ReadFile(filepath.Join(source, f.name), maxImage); err != nil {
			return nil, system.Unusable("the build wrote no %s", f.name).Because(err)
		}
	}
	return k, nil
}

var releaseRE = lazyre.New(`^[0-9]+\.[0-9]+\.[0-9]+[A-Za-z0-9._+-]{0,64}$`)

// seed is the number from which the compiler chooses the order of the fields of structures.
// Each source, architecture and compiler has its own. It is no secret: everyone who has the
// kernel can compute it. It makes the order differ from that of other kernels.
func (p *Project) seed(source string) string {
	return digests.Hex(digests.Of([]byte(strings.Join(append([]string{source, p.in.Arch, p.in.Compiler}, p.tools.versions...), "\n"))))
}

// fixLayout writes the seed into the kernel's script that makes it. The script would take
// random numbers, and each build would be another kernel.
func fixLayout(source, value string) error {
	name := filepath.Join(source, "scripts", "gen-randstruct-seed.sh")
	if _, err := os.Stat(name); err != nil {
		return err
	}
	hash := digests.Hex(digests.Of([]byte(value)))
	return os.WriteFile(name, fmt.Appendf(nil, "#!/bin/sh\necho %s > \"$1\"\necho '#define RANDSTRUCT_HASHED_SEED \"%s\"' > \"$2\"\n", value, hash), 0o755)
}

// maker runs make in the folder of the source.
type maker struct {
	dir       string
	env, args []string
}

// run returns what make prints. If the context ends, all processes of make end.
func (m *maker) run(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "make", append(append([]string{}, m.args...), args...)...)
	cmd.Dir, cmd.Env = m.dir, m.env
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	var stdout bytes.Buffer
	stderr := &tail{limit: 4 << 10}
	cmd.Stdout, cmd.Stderr = &stdout, stderr
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		return "", fmt.Errorf("make %s: %w: %s", args[len(args)-1], err, strings.TrimSpace(strings.ReplaceAll(stderr.String(), m.dir+"/", "")))
	}
	return stdout.String(), nil
}

// tail keeps the last bytes that were written.
type tail struct {
	bytes.Buffer
	limit int
}

func (t *tail) Write(p []byte) (int, error) {
	t.Buffer.Write(p)
	if over := t.Len() - t.limit; over > 0 {
		t.Next(over)
	}
	return len(p), nil
}
