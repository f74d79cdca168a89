package kbuild

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/lazyre"
)

// CompilerRE are the compilers that can be used: GCC since 12, with its plugins, and clang
// since 16, the first one with kCFI and with a safe random layout of structures.
var CompilerRE = lazyre.New(`^(gcc-(1[2-9]|[2-9][0-9])|clang-(1[6-9]|[2-9][0-9]))$`)

// toolchain are the programs that compile a kernel.
type toolchain struct {
	// args are the arguments of make that name the programs.
	args []string
	// versions are the first lines that the programs print whose version can change
	// the kernel.
	versions []string
}

// tool is a program or a header that a build needs, and the Debian package that has it.
type tool struct{ name, pkg string }

// needs are what a build needs: the compiler, which also compiles the programs of the build,
// the linker, other programs, and headers for these programs.
type needs struct {
	cc, host, ld      tool
	programs, headers []tool
	// plugin is the header of the compiler's plugins.
	plugin tool
	args   []string
}

// triplets are the names of the architectures in names of programs.
var triplets = map[string]string{"amd64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu"}

func needed(compiler, arch string) needs {
	n := needs{headers: []tool{{"stdio.h", "libc6-dev"}, {"gelf.h", "libelf-dev"}, {"openssl/evp.h", "libssl-dev"}}}
	if suffix, ok := strings.CutPrefix(compiler, "clang"); ok {
		llvm := "llvm" + suffix
		n.cc, n.host, n.ld, n.args = tool{compiler, compiler}, tool{compiler, compiler}, tool{"ld.lld" + suffix, "lld" + suffix}, []string{"LLVM=" + suffix}
		for _, name := range []string{"ar", "nm", "objcopy", "objdump", "readelf", "strip"} {
			n.programs = append(n.programs, tool{"llvm-" + name + suffix, llvm})
		}
	} else {
		triplet, foreign := triplets[arch]+"-", ""
		if arch != runtime.GOARCH {
			foreign = "-" + strings.ReplaceAll(triplets[arch], "_", "-")
		}
		version := strings.TrimPrefix(compiler, "gcc")
		n.cc, n.host, n.ld = tool{triplet + compiler, compiler + foreign}, tool{compiler, compiler}, tool{triplet + "ld", "binutils" + foreign}
		n.plugin = tool{"plugin/include/gcc-plugin.h", compiler + "-plugin-dev" + foreign}
		n.args = []string{"CROSS_COMPILE=" + triplet, "CC=" + n.cc.name, "HOSTCC=" + compiler, "HOSTCXX=g++" + version}
		n.programs = []tool{n.host, {"g++" + version, "g++" + version}}
	}
	n.programs = append(append([]tool{n.cc, n.ld}, n.programs...), tool{"make", "make"}, tool{"flex", "flex"}, tool{"bison", "bison"},
		tool{"bc", "bc"}, tool{"perl", "perl"}, tool{"ld", "binutils"}, tool{"xz", "xz-utils"}, tool{"zstd", "zstd"})
	return n
}

// findTools looks for everything that a build needs, and reports all that is missing.
func findTools(ctx context.Context, compiler, arch string) (*toolchain, error) {
	n := needed(compiler, arch)
	var missing, packages []string
	install := func(t tool) {
		if !slices.Contains(packages, t.pkg) {
			packages = append(packages, t.pkg)
		}
	}
	lacks := func(t tool) bool {
		if !slices.Contains(missing, t.name) {
			missing = append(missing, t.name)
		}
		install(t)
		return false
	}
	has := func(t tool) bool {
		_, err := exec.LookPath(t.name)
		return err == nil || lacks(t)
	}
	for _, t := range n.programs {
		has(t)
	}
	// Only a compiler can say whether it finds a header. Without one, all are installed.
	host := has(n.host)
	for _, t := range n.headers {
		if !host {
			install(t)
		} else if !hasHeader(ctx, n.host.name, t.name) {
			lacks(t)
		}
	}
	if n.plugin.name != "" {
		if !has(n.cc) {
			install(n.plugin)
		} else if !hasPlugins(ctx, n.cc.name, n.plugin.name) {
			lacks(n.plugin)
		}
	}
	if len(missing) > 0 {
		return nil, system.Unusable("the kernel cannot be compiled: this machine does not have %s", strings.Join(missing, ", ")).
			Suggest("apt-get install %s", strings.Join(packages, " "))
	}
	c := &toolchain{args: n.args}
	for _, name := range []string{n.cc.name, n.ld.name, "xz", "zstd"} {
		v, err := version(ctx, name)
		if err != nil {
			return nil, system.Unusable("%s --version failed", name).Because(err)
		}
		c.versions = append(c.versions, v)
	}
	return c, nil
}

// hasPlugins reports whether GCC has the headers for plugins: it prints the path of a file
// that it has, and the name of another one.
func hasPlugins(ctx context.Context, compiler, name string) bool {
	cmd := exec.CommandContext(ctx, compiler, "-print-file-name="+name)
	cmd.Env = environment("/nonexistent")
	out, err := cmd.Output()
	return err == nil && strings.HasPrefix(string(out), "/")
}

// hasHeader reports whether the compiler finds a header.
func hasHeader(ctx context.Context, compiler, name string) bool {
	cmd := exec.CommandContext(ctx, compiler, "-fsyntax-only", "-include", name, "-x", "c", "/dev/null")
	cmd.Env = environment("/nonexistent")
	return cmd.Run() == nil
}

// version is the first line that a program prints about its version.
func version(ctx context.Context, name string) (string, error) {
	cmd := exec.CommandContext(ctx, name, "--version")
	cmd.Env = environment("/nonexistent")
	out, err := cmd.Output()
	if err != nil {
		return "", err
	}
	line, _, _ := bytes.Cut(bytes.TrimSpace(out), []byte("\n"))
	if len(line) == 0 || len(line) > 200 {
		return "", fmt.Errorf("the output %q has no version", line)
	}
	return string(line), nil
}

// environment is that of the build. It has nothing of the user but PATH.
func environment(home string) []string {
	return []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "TMPDIR=" + home, "LC_ALL=C", "TZ=UTC", "LOCALVERSION=",
		"KBUILD_BUILD_TIMESTAMP=Thu Jan  1 00:00:00 UTC 1970", "KBUILD_BUILD_USER=seaworthy", "KBUILD_BUILD_HOST=seaworthy",
		"KBUILD_BUILD_VERSION=1"}
}
