package recipe

import "github.com/seaworthy-os/seaworthy/builder/system"

// Recipe is a component.yml as read. Paths in the image are clean, relative
// and slash-separated.
type Recipe struct {
	// Path is the file that it was read from; Dir its folder.
	Path, Dir string

	Name, Version string
	// Tags are further tags that the image gets.
	Tags                  []string
	Description, Licenses string
	// Source is the URL of org.opencontainers.image.source, "" for none.
	Source string

	Debian *Debian
	// Include and Exclude filter what comes out of packages, as globs; a
	// pattern that names a folder stands for all that is in it.
	Include, Exclude []string
	// Libraries adds the shared libraries that kept programs need.
	Libraries bool

	Files    []File
	Programs []Program
	Symlinks []Symlink
	Users    []User
	Groups   []Group
	Tars     []Tar
	Kernel   *Kernel
	Image    ImageConfig

	// Config is the label org.mobyproject.config as JSON, nil for none.
	Config []byte
}

// Debian names packages of the machine's own Debian (or derived) release.
type Debian struct {
	Packages []Value
	// Depends adds what the packages depend on; Exclude takes packages out of
	// that closure, with what only they need.
	Depends bool
	Exclude []string
	// Suite, where set, is the only release to take packages from, its
	// -security and -updates pockets included.
	Suite string
}

// Value is a text with its place.
type Value struct {
	Text string
	Pos  system.Position
}

// File is a file or folder that the recipe brings itself.
type File struct {
	Path string
	// One of Source (below the recipe's folder), Contents or Directory.
	Source    string
	Contents  string
	Directory bool
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

// Symlink is a symbolic link; Target is written as it stands.
type Symlink struct {
	Path, Target string
	Pos          system.Position
}

// User adds a line to etc/passwd and, unless the group is there already, one
// to etc/group.
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

// Kernel turns a Debian kernel package into LinuxKit's layout: kernel, config
// and kernel.tar.
type Kernel struct {
	// Modules by name, or by glob of the name ("virtio*"); their dependencies
	// come with them. Empty: all.
	Modules []Value
	// Optional modules are taken where the kernel has them.
	Optional []Value
	Pos      system.Position
}

// ImageConfig is what the OCI image config says about the process.
type ImageConfig struct {
	Entrypoint, Cmd, Env, Ports []string
	User, Workdir, StopSignal   string
}
