package spec

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"

	specs "github.com/opencontainers/runtime-spec/specs-go"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// Config is the configuration of one system: the os.yml files, merged in order.
type Config struct {
	Kernel     Kernel
	Init       []Value[string]
	Onboot     []Container
	Onshutdown []Container
	Services   []Container
	Volumes    []Volume
	Files      []File
	Trust      Trust

	// Sources are the files in merge order.
	Sources []Source
	// Merged is the configuration as plain values: maps, lists, strings,
	// numbers and booleans. A file with metadata contains it.
	Merged map[string]any
}

// Source is one file that was read.
type Source struct {
	system.Source
	// Dir is the folder that relative paths in the file start from.
	Dir string
	// Remote is described at Input.
	Remote bool
}

// file returns the path of a file that this os.yml names.
func (s Source) file(name string) (string, error) {
	switch {
	case s.Remote:
		return "", ErrRemote
	case filepath.IsAbs(name):
		return name, nil
	}
	return filepath.Join(s.Dir, name), nil
}

// ErrRemote: an os.yml from a URL names a file of this machine. That is an
// error, because such an os.yml could put any file that the user can read into
// an image.
var ErrRemote = errors.New("an os.yml from a URL cannot use files of this machine")

// File returns the path of a file of this machine. pos is the place that names
// it. A relative name starts from the folder of the os.yml. The error is
// ErrRemote if the os.yml comes from a URL.
func (c *Config) File(pos system.Position, name string) (string, error) {
	for _, s := range c.Sources {
		if s.Path == pos.File {
			return s.file(name)
		}
	}
	return Source{}.file(name)
}

// Entry returns the entry of a section as it is written in os.yml, as JSON. It
// returns nil if there is no such entry.
func (c *Config) Entry(section system.Section, index int) []byte {
	entry := c.Merged[string(section)]
	if list, ok := entry.([]any); ok {
		if index >= len(list) {
			return nil
		}
		entry = list[index]
	}
	if entry == nil {
		return nil
	}
	// json.Marshal cannot fail: the value has only maps, lists, strings,
	// numbers and booleans.
	out, err := json.Marshal(entry)
	if err != nil {
		return nil
	}
	return out
}

// Containers returns onboot, onshutdown and services in that order. Names get
// their ids in this order.
func (c *Config) Containers() []*Container {
	var out []*Container
	for _, list := range [][]Container{c.Onboot, c.Onshutdown, c.Services} {
		for i := range list {
			out = append(out, &list[i])
		}
	}
	return out
}

// document is the content of one file.
type document struct {
	Kernel     *Kernel       `key:"kernel"`
	Init       *List[string] `key:"init"`
	Onboot     *[]Container  `key:"onboot"`
	Onshutdown *[]Container  `key:"onshutdown"`
	Services   *[]Container  `key:"services"`
	Volumes    *[]Volume     `key:"volumes"`
	Files      *[]File       `key:"files"`
	Trust      *Trust        `key:"trust"`
}

// Kernel is the kernel section. A field is nil if no file sets it.
type Kernel struct {
	Origin  system.Origin
	Image   *Value[string]    `key:"image"`
	Cmdline *Value[string]    `key:"cmdline"`
	Binary  *Value[InnerPath] `key:"binary"`
	Tar     *Value[InnerPath] `key:"tar"`
	Ucode   *Value[InnerPath] `key:"ucode"`
}

// Container is one entry of onboot, onshutdown or services.
type Container struct {
	Origin system.Origin
	Name   *Value[string] `key:"name"`
	Image  *Value[string] `key:"image"`
	Settings
	// Section is set by Load.
	Section system.Section `key:"-"`
}

// Unambiguous makes the names of a section's entries unique, because findings,
// waivers and edits refer to entries by name. The second entry with the same
// name becomes NAME.2.
func Unambiguous(names []string) []string {
	taken := map[string]bool{}
	for _, name := range names {
		taken[name] = true
	}
	times := map[string]int{}
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = name
		times[name]++
		for times[name] > 1 && taken[out[i]] {
			out[i] = fmt.Sprintf("%s.%d", name, times[name])
			times[name]++
		}
		taken[out[i]] = true
	}
	return out
}

// Pos returns the place of the entry.
func (c *Container) Pos() system.Position { return position(c.Origin) }

// Settings are the keys that os.yml and an image's label have in common. A
// field is nil if the key is not set.
type Settings struct {
	Capabilities      *List[Capability]            `key:"capabilities"`
	CapabilitiesAdd   *List[Capability]            `key:"capabilities.add"`
	Ambient           *List[Capability]            `key:"ambient"`
	Mounts            *List[Mount]                 `key:"mounts"`
	Binds             *List[Bind]                  `key:"binds"`
	BindsAdd          *List[Bind]                  `key:"binds.add"`
	Devices           *List[Device]                `key:"devices"`
	Tmpfs             *List[Tmpfs]                 `key:"tmpfs"`
	Command           *List[string]                `key:"command"`
	Env               *List[string]                `key:"env"`
	Cwd               *Value[Folder]               `key:"cwd"`
	Net               *Value[Namespace]            `key:"net"`
	Pid               *Value[Namespace]            `key:"pid"`
	Ipc               *Value[Namespace]            `key:"ipc"`
	Uts               *Value[Namespace]            `key:"uts"`
	Userns            *Value[Namespace]            `key:"userns"`
	Cgroupns          *Value[Namespace]            `key:"cgroupns"`
	Hostname          *Value[string]               `key:"hostname"`
	Readonly          *Value[bool]                 `key:"readonly"`
	MaskedPaths       *List[HostPath]              `key:"maskedPaths"`
	ReadonlyPaths     *List[HostPath]              `key:"readonlyPaths"`
	UID               *Value[ID]                   `key:"uid"`
	GID               *Value[ID]                   `key:"gid"`
	AdditionalGids    *List[ID]                    `key:"additionalGids"`
	NoNewPrivileges   *Value[bool]                 `key:"noNewPrivileges"`
	OOMScoreAdj       *Value[int]                  `key:"oomScoreAdj"`
	RootfsPropagation *Value[Propagation]          `key:"rootfsPropagation"`
	CgroupsPath       *Value[string]               `key:"cgroupsPath"`
	Resources         *Value[specs.LinuxResources] `key:"resources"`
	Sysctl            *Map                         `key:"sysctl"`
	Rlimits           *List[Rlimit]                `key:"rlimits"`
	UIDMappings       *List[specs.LinuxIDMapping]  `key:"uidMappings"`
	GIDMappings       *List[specs.LinuxIDMapping]  `key:"gidMappings"`
	Annotations       *Map                         `key:"annotations"`
	Runtime           *Runtime                     `key:"runtime"`
	Seccomp           *Value[Seccomp]              `key:"seccomp"`
	AppArmor          *Value[string]               `key:"apparmor"`
	SELinux           *Value[string]               `key:"selinux"`
}

// Runtime holds instructions for init. Init follows them when the container
// starts.
type Runtime struct {
	Origin     system.Origin
	Cgroups    *List[string]       `key:"cgroups"`
	Mounts     *List[RuntimeMount] `key:"mounts"`
	Mkdir      *List[HostPath]     `key:"mkdir"`
	Interfaces *List[Interface]    `key:"interfaces"`
	BindNS     *BindNS             `key:"bindNS"`
	Namespace  *Value[string]      `key:"namespace"`
}

// Interface is a network interface that init creates or moves into the
// container.
type Interface struct {
	Name         string `key:"name"`
	Add          string `key:"add"`
	Peer         string `key:"peer"`
	CreateInRoot bool   `key:"createInRoot"`
}

// BindNS says to which paths init binds the container's namespaces.
type BindNS struct {
	Cgroup *Value[string] `key:"cgroup"`
	Ipc    *Value[string] `key:"ipc"`
	Mnt    *Value[string] `key:"mnt"`
	Net    *Value[string] `key:"net"`
	Pid    *Value[string] `key:"pid"`
	User   *Value[string] `key:"user"`
	Uts    *Value[string] `key:"uts"`
}

// Volume is one entry of volumes.
type Volume struct {
	Origin    system.Origin
	Name      *Value[string] `key:"name"`
	Image     *Value[string] `key:"image"`
	Readonly  *Value[bool]   `key:"readonly"`
	Format    *Value[string] `key:"format"`
	Platforms *List[string]  `key:"platforms"`
}

// File is one entry of files.
type File struct {
	Origin    system.Origin
	Path      *Value[string] `key:"path"`
	Directory *Value[bool]   `key:"directory"`
	Symlink   *Value[string] `key:"symlink"`
	Contents  *Value[string] `key:"contents"`
	Source    *Value[string] `key:"source"`
	Metadata  *Value[string] `key:"metadata"`
	Optional  *Value[bool]   `key:"optional"`
	Mode      *Value[Mode]   `key:"mode"`
	UID       *Value[ID]     `key:"uid"`
	GID       *Value[ID]     `key:"gid"`
}

// Pos returns the place of the entry.
func (f *File) Pos() system.Position { return position(f.Origin) }

// Trust names the images that must have a valid signature.
type Trust struct {
	Image *List[string] `key:"image"`
	Org   *List[string] `key:"org"`
}
