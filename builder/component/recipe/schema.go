package recipe

import (
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/health"
)

// Recipe is a component.yml. Paths in the image are clean, relative, and separated
// by slashes.
type Recipe struct {
	// Path is the file of the recipe, Digest its sha256:HEX; Dir is its folder.
	Path, Digest, Dir string

	Name, Version string
	// Tags are additional tags of the image.
	Tags                  []string
	Description, Licenses string
	// Source is the URL of org.opencontainers.image.source, "" for none.
	Source string

	Debian *Debian
	// Include and Exclude are globs for the files of packages. A pattern for a
	// folder includes everything in it.
	Include, Exclude []string
	// Libraries adds the shared libraries that kept programs need.
	Libraries bool

	Files    []File
	Programs []Program
	Symlinks []Symlink
	Users    []User
	Groups   []Group
	Tars     []Tar
	Joins    []Join
	Kernel   *Kernel
	Image    ImageConfig

	// Health are the checks that show that the component works.
	Health []health.Check

	// Config is the key config as JSON, nil for none. Label makes the label
	// org.mobyproject.config from it.
	Config []byte
	// Profile is the seccomp profile that config names, nil for none.
	Profile *Profile

	// Architectures are the recipes for architectures that differ, by Go name.
	Architectures map[string]*Recipe
}

// Debian names packages of the Debian (or derived) release of the machine.
type Debian struct {
	Packages []Value
	// Depends adds the dependencies of the packages. Exclude removes packages
	// from them, and packages that only those need.
	Depends bool
	Exclude []string
	// Suite, if it is set, is the only release for packages, with its pockets
	// -security and -updates. If the sources of the machine do not have it, it
	// is fetched from the archives of the machine's own release.
	Suite string
}

// Value is text with its place.
type Value struct {
	Text string
	Pos  system.Position
}

// File is a file or folder that the recipe adds.
type File struct {
	Path string
	// One of Source (below the recipe's folder), Contents, Directory or AppArmor: a
	// profile below the recipe's folder, which is compiled.
	Source    string
	Contents  string
	Directory bool
	AppArmor  string
	Mode      uint32
	UID, GID  int
	Pos       system.Position
}

// Program is a Go program of the module around the recipe.
type Program struct {
	Package string
	Path    string
	Pos     system.Position
}

// Symlink is a symbolic link. Target is written unchanged.
type Symlink struct {
	Path, Target string
	Pos          system.Position
}

// User adds a line to etc/passwd, and a line to etc/group unless the group exists.
type User struct {
	Name        string
	UID, GID    int
	Home, Shell string
	Pos         system.Position
}

// Group adds a line to etc/group.
type Group struct {
	Name string
	GID  int
	Pos  system.Position
}

// Tar moves the entries that match Include into a tarball in the image.
type Tar struct {
	Path    string
	Include []string
	Pos     system.Position
}

// Join moves the content of the files that match Include into one file, in the order of
// their paths.
type Join struct {
	Path    string
	Include []string
	Pos     system.Position
}

// Kernel turns a Debian kernel package, or a kernel that is compiled, into LinuxKit's
// layout: kernel, config and kernel.tar.
type Kernel struct {
	// Modules are names, or globs of names ("virtio*"). Their dependencies are
	// added. Empty means all modules.
	Modules []Value
	// Optional modules are added if the kernel has them.
	Optional []Value
	// Source is set if the kernel is compiled, without modules.
	Source *KernelSource
	Pos    system.Position
}

// KernelSource is a kernel that is compiled from the archive of a Debian package
// (linux-source-*). Base and Policy are parts of its configuration, as package kbuild
// describes: files below the recipe's folder, or below a folder beside it.
type KernelSource struct {
	Base   []string
	Policy string
	// Compiler is the name of the compiler, and of the Debian package that has it.
	Compiler string
	Pos      system.Position
}

// ImageConfig is the part of the OCI image config for the process.
type ImageConfig struct {
	Entrypoint, Cmd, Env, Ports []string
	User, Workdir, StopSignal   string
}
