package guest

import (
	"errors"
	"fmt"
	"io/fs"
	"path"

	"github.com/seaworthy-os/seaworthy/internal/bounded"
	"github.com/seaworthy-os/seaworthy/internal/strictjson"
)

// maxConfigBytes is the size limit of config.json. A full seccomp profile needs
// 70 KB.
const maxConfigBytes = 8 << 20

// Bundle is one container of the system: a folder with config.json,
// runtime.json and rootfs.
type Bundle struct {
	// Section is "onboot", "services" or "onshutdown".
	Section string
	// Name is the name of the folder: "000-sysctl", "nginx".
	Name string
	// Dir is the absolute path of the folder: "/containers/services/nginx".
	Dir     string
	Runtime *Runtime
	// Version is the ociVersion in config.json.
	Version     string
	Annotations map[string]string
	// Before holds the steps before the container is created, once. Created
	// holds the steps between the creation and the start, for each start.
	Before, Created []Step
}

// Bundles reads a section of the tree in the order of the folder names. For
// onboot and onshutdown, the names start with a number, so this is the order of
// os.yml. If the section does not exist, the result is empty. All errors are
// joined, so that one boot shows all of them.
func Bundles(root fs.FS, section string) ([]*Bundle, error) {
	dir := path.Join("containers", section)
	entries, err := fs.ReadDir(root, dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot list %s: %w", section, err)
	}
	var out []*Bundle
	var errs []error
	for _, e := range entries {
		b, err := readBundle(root, section, dir, e)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s %s: %w", section, e.Name(), err))
			continue
		}
		out = append(out, b)
	}
	return out, errors.Join(errs...)
}

func readBundle(root fs.FS, section, dir string, e fs.DirEntry) (*Bundle, error) {
	if !e.IsDir() || !validName(e.Name()) {
		return nil, errors.New("not the folder of a container")
	}
	b := &Bundle{Section: section, Name: e.Name(), Dir: "/" + path.Join(dir, e.Name()), Runtime: &Runtime{}}
	data, err := readLimited(root, path.Join(dir, e.Name(), "config.json"), maxConfigBytes)
	if err != nil {
		return nil, err
	}
	var config struct {
		Version     string            `json:"ociVersion"`
		Annotations map[string]string `json:"annotations"`
	}
	if err := strictjson.Decode(data, &config); err != nil {
		return nil, fmt.Errorf("config.json: %w", err)
	}
	b.Version, b.Annotations = config.Version, config.Annotations
	data, err = readLimited(root, path.Join(dir, e.Name(), "runtime.json"), maxRuntimeBytes)
	if err == nil {
		b.Runtime, err = ParseRuntime(data)
	} else if errors.Is(err, fs.ErrNotExist) {
		err = nil // there is nothing to prepare
	}
	if err != nil {
		return nil, err
	}
	b.Before, b.Created = b.Runtime.Plan(b.Dir)
	return b, nil
}

// Volume is one volume of the tree.
type Volume struct {
	Name string
	// Dir is the absolute path of the folder: "/containers/volumes/data".
	Dir string
	// ReadOnly: the volume has no tmp/ in the tree.
	ReadOnly bool
}

// Volumes reads the volumes of the tree.
func Volumes(root fs.FS) ([]Volume, error) {
	const dir = "containers/volumes"
	entries, err := fs.ReadDir(root, dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot list volumes: %w", err)
	}
	var out []Volume
	for _, e := range entries {
		if !e.IsDir() || !validVolume(e.Name()) {
			return nil, fmt.Errorf("volume %q: not the folder of a volume", e.Name())
		}
		_, err := fs.Stat(root, path.Join(dir, e.Name(), "tmp"))
		out = append(out, Volume{Name: e.Name(), Dir: "/" + path.Join(dir, e.Name()), ReadOnly: err != nil})
	}
	return out, nil
}

// validVolume accepts what LinuxKit accepts ([a-z0-9_-]*), except the empty
// name.
func validVolume(s string) bool {
	if s == "" || len(s) > 128 {
		return false
	}
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' && c != '-' {
			return false
		}
	}
	return true
}

// Steps mounts the volume on Dir/merged. A read-only volume is a bind mount. A
// writable one is an overlay that keeps its changes in memory.
func (v Volume) Steps() []Step {
	lower, merged, tmp := v.Dir+"/lower", v.Dir+"/merged", v.Dir+"/tmp"
	if v.ReadOnly {
		return []Step{stepMount{source: lower, dest: merged, mountOptions: mountOptions{flags: msBind | msRec | msReadOnly}}}
	}
	return []Step{
		stepMount{source: "tmpfs", typ: "tmpfs", dest: tmp, mountOptions: mountOptions{propagation: []uintptr{msPrivate}}},
		stepMount{source: "overlay", typ: "overlay", dest: merged, mountOptions: mountOptions{
			data: "lowerdir=" + lower + ",upperdir=" + tmp + "/upper,workdir=" + tmp + "/work"}},
	}
}

func readLimited(root fs.FS, name string, limit int64) ([]byte, error) {
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := bounded.Read(f, limit)
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", path.Base(name), err)
	}
	return data, nil
}
