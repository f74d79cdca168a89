package runtime

import (
	specs "github.com/opencontainers/runtime-spec/specs-go"

	"github.com/seaworthy-os/seaworthy/builder/spec"
)

// instructions is the content of runtime.json: what init does before and after
// it starts the container. All keys are always written.
type instructions struct {
	Cgroups    []string      `json:"cgroups"`
	Mounts     []specs.Mount `json:"mounts"`
	Mkdir      []string      `json:"mkdir"`
	Interfaces []netdev      `json:"interfaces"`
	BindNS     bindNS        `json:"bindNS"`
	Namespace  string        `json:"namespace"`
}

type netdev struct {
	Name         string `json:"name"`
	Add          string `json:"add,omitempty"`
	Peer         string `json:"peer,omitempty"`
	CreateInRoot bool   `json:"createInRoot"`
}

type bindNS struct {
	Cgroup string `json:"cgroup"`
	Ipc    string `json:"ipc"`
	Mnt    string `json:"mnt"`
	Net    string `json:"net"`
	Pid    string `json:"pid"`
	User   string `json:"user"`
	Uts    string `json:"uts"`
}

// runtime merges the settings of os.yml and the label key by key, and bindNS
// name by name. They come after the mounts of the root file system.
func (b *build) runtime(readonly bool) instructions {
	y, l := b.yaml.Runtime, b.label.Runtime
	if y == nil {
		y = &spec.Runtime{}
	}
	if l == nil {
		l = &spec.Runtime{}
	}
	b.origin("runtime:", b.byDefault())
	out := instructions{
		Cgroups:    nonNil(texts(pickList(b, "runtime:/cgroups", y.Cgroups, l.Cgroups))),
		Mkdir:      nonNil(texts(pickList(b, "runtime:/mkdir", y.Mkdir, l.Mkdir))),
		Mounts:     b.rootMounts(readonly),
		Interfaces: []netdev{},
		Namespace:  pick(b, "runtime:/namespace", y.Namespace, l.Namespace).Get(),
	}
	b.origin("runtime:/mounts", b.byDefault())
	for _, m := range items(y.Mounts, l.Mounts) {
		b.originOf("runtime:/mounts", len(out.Mounts), m.Origin)
		out.Mounts = append(out.Mounts, m.V.Mount)
	}
	for _, i := range pickList(b, "runtime:/interfaces", y.Interfaces, l.Interfaces).Get() {
		out.Interfaces = append(out.Interfaces, netdev(i))
	}
	yb, lb := y.BindNS, l.BindNS
	if yb == nil {
		yb = &spec.BindNS{}
	}
	if lb == nil {
		lb = &spec.BindNS{}
	}
	text := func(name string, y, l *spec.Value[string]) string {
		return pick(b, "runtime:/bindNS/"+name, y, l).Get()
	}
	out.BindNS = bindNS{
		Cgroup: text("cgroup", yb.Cgroup, lb.Cgroup),
		Ipc:    text("ipc", yb.Ipc, lb.Ipc),
		Mnt:    text("mnt", yb.Mnt, lb.Mnt),
		Net:    text("net", yb.Net, lb.Net),
		Pid:    text("pid", yb.Pid, lb.Pid),
		User:   text("user", yb.User, lb.User),
		Uts:    text("uts", yb.Uts, lb.Uts),
	}
	return out
}

// rootMounts returns the mounts of the root file system: a bind mount of the
// image's files, or an overlay over them that keeps changes in a tmpfs.
func (b *build) rootMounts(readonly bool) []specs.Mount {
	root, files := below(b.Dir, "rootfs"), below(b.FilesDir)
	if readonly {
		return []specs.Mount{{Destination: root, Source: files, Options: []string{"bind"}}}
	}
	tmp := below(b.Dir, "tmp")
	return []specs.Mount{
		{Destination: tmp, Type: "tmpfs", Source: "tmpfs"},
		{Destination: tmp, Options: []string{"remount", "private"}},
		{Destination: root, Type: "overlay", Source: "overlay", Options: []string{
			"lowerdir=" + files, "upperdir=" + below(b.Dir, "tmp/upper"), "workdir=" + below(b.Dir, "tmp/work"),
		}},
	}
}

func nonNil(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
