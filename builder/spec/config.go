package spec

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"

	specs "github.com/opencontainers/runtime-spec/specs-go"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// Config is one system: the os.yml files, merged in order.
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
	// Merged is the configuration as plain values (maps, lists, texts,
	// numbers, truth values), as the `metadata` of a file prints it.
	Merged map[string]any
}

// Source is one file that was read.
type Source struct {
	system.Source
	// Dir is the folder that the file's relative paths start from.
	Dir string
	// Remote: see Input.
	Remote bool
}

// file gives the path of a file that this one names.
func (s Source) file(name string) (string, error) {
	switch {
	case s.Remote:
		return "", ErrRemote
	case filepath.IsAbs(name):
		return name, nil
	}
	return filepath.Join(s.Dir, name), nil
}

// ErrRemote: an os.yml from the network names a file of this machine. It could
// put any file that the user can read into an image.
var ErrRemote = errors.New("an os.yml from a URL cannot use files of this machine")

// File gives the path of a file of this machine that is named at a place:
// relative ones start from the folder of the os.yml. ErrRemote where the os.yml
// is from elsewhere.
func (c *Config) File(pos system.Position, name string) (string, error) {
	for _, s := range c.Sources {
		if s.Path == pos.File {
			return s.file(name)
		}
	}
	return Source{}.file(name)
}

// Entry gives what the files say at an index of a section, as JSON; nil where
// they say nothing.
func (c *Config) Entry(section system.Section, index int) []byte {
	said := c.Merged[string(section)]
	if list, ok := said.([]any); ok {
		if index >= len(list) {
			return nil
		}
		said = list[index]
	}
	if said == nil {
		return nil
	}
	// Maps, lists, texts, numbers and truth values: they always have a form.
	out, err := json.Marshal(said)
	if err != nil {
		return nil
	}
	return out
}

// Containers gives onboot, onshutdown and services in that order, which is the
// order in which names are allotted ids.
func (c *Config) Containers() []*Container {
	var out []*Container
	for _, list := range [][]Container{c.Onboot, c.Onshutdown, c.Services} {
		for i := range list {
			out = append(out, &list[i])
		}
	}
	return out
}

// document is one file as it stands.
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

// Kernel is the kernel section. Fields are nil where no file sets them.
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

// Unambiguous gives each entry of a section a name of its own, since findings,
// waivers and edits go by it: a step that stands there again is NAME.2.
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

// Pos is the place of the entry.
func (c *Container) Pos() system.Position { return position(c.Origin) }

// Settings are the keys that os.yml and an image's label share. A nil field is
// a key that is not there.
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
	Seccomp           *Value[string]               `key:"seccomp"`
	AppArmor          *Value[string]               `key:"apparmor"`
	SELinux           *Value[string]               `key:"selinux"`
}

// Runtime are instructions to init, acted on when the container starts.
type Runtime struct {
	Origin     system.Origin
	Cgroups    *List[string]       `key:"cgroups"`
	Mounts     *List[RuntimeMount] `key:"mounts"`
	Mkdir      *List[HostPath]     `key:"mkdir"`
	Interfaces *List[Interface]    `key:"interfaces"`
	BindNS     *BindNS             `key:"bindNS"`
	Namespace  *Value[string]      `key:"namespace"`
}

// Interface is a network interface that init makes or moves.
type Interface struct {
	Name         string `key:"name"`
	Add          string `key:"add"`
	Peer         string `key:"peer"`
	CreateInRoot bool   `key:"createInRoot"`
}

// BindNS says where init binds the container's namespaces.
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

// Pos is the place of the entry.
func (f *File) Pos() system.Position { return position(f.Origin) }

// Trust names the images that must carry a valid signature.
type Trust struct {
	Image *List[string] `key:"image"`
	Org   *List[string] `key:"org"`
}
