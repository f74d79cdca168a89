package builder

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	specs "github.com/opencontainers/runtime-spec/specs-go"

	"github.com/seaworthy-os/seaworthy/builder/component/oci"
	"github.com/seaworthy-os/seaworthy/builder/runtime"
	"github.com/seaworthy-os/seaworthy/builder/spec"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

// part is a component that is being resolved.
type part struct {
	component *system.Component
	// reference is empty for a volume without an image.
	reference spec.Value[string]
	// container is nil for kernel, init and volumes.
	container *spec.Container
}

// layout returns all components in tree order. It sets the folders that do not
// depend on the images.
func layout(config *spec.Config) []*part {
	var parts []*part
	add := func(section system.Section, name string, index int, ref spec.Value[string]) *part {
		p := &part{reference: ref, component: &system.Component{Section: section, Name: name, Index: index, Pos: ref.Pos()}}
		p.component.Entry = config.Entry(section, index)
		parts = append(parts, p)
		return p
	}
	if config.Kernel.HasImage() {
		add(system.SectionKernel, "kernel", 0, *config.Kernel.Image)
	}
	for i, ref := range config.Init {
		add(system.SectionInit, fmt.Sprintf("%03d", i), i, ref)
	}
	for i, v := range config.Volumes {
		ref := spec.Value[string]{Origin: v.Name.Origin}
		if v.Image != nil {
			ref = *v.Image
		}
		c := add(system.SectionVolumes, v.Name.V, i, ref).component
		c.Dir = "containers/volumes/" + v.Name.V
		c.FilesDir = c.Dir + "/lower"
		c.ReadOnly = v.Readonly.Get()
		c.Volume = &system.Volume{Format: "filesystem", Platforms: v.Platforms.Get()}
		if v.Format != nil {
			c.Volume.Format = v.Format.V
		}
	}
	for _, list := range [][]spec.Container{config.Onboot, config.Onshutdown, config.Services} {
		names := make([]string, len(list))
		for i := range list {
			names[i] = list[i].Name.V
		}
		names = spec.Unambiguous(names)
		for i := range list {
			s := &list[i]
			p := add(s.Section, names[i], i, *s.Image)
			p.container = s
			p.component.Dir = fmt.Sprintf("containers/%s/%03d-%s", s.Section, i, s.Name.V)
			if s.Section == system.SectionServices {
				p.component.Dir = "containers/services/" + s.Name.V
			}
		}
	}
	return parts
}

// specs makes the effective spec of every container. If several containers use
// the same image, the first one's folder holds the files for all of them. A container
// with its own range of user ids has its own files: they belong to ids of the range.
func (r *Resolved) specs(config *spec.Config, parts []*part) error {
	var errs []error
	volumes := map[string]bool{}
	for _, v := range config.Volumes {
		volumes[v.Name.V] = v.Readonly.Get()
	}
	type owned struct {
		image string
		users uint32
	}
	holders := map[owned]string{} // the folder with the files of an image
	ids := config.IDs()
	labels, err := labels(parts)
	if err != nil {
		errs = append(errs, err)
	}
	users := ranges(parts, labels)
	for _, p := range parts {
		c := p.component
		label, known := labels[p]
		if !known {
			continue
		}
		c.Users = users[c.ID()]
		c.ReadOnly = runtime.ReadOnly(p.container, label)
		files := owned{c.Image.Name, c.Users}
		if dir, there := holders[files]; there {
			c.FilesDir, c.SharesFiles = dir, true
		} else {
			c.FilesDir = c.Dir + "/lower"
			if c.ReadOnly {
				c.FilesDir = c.Dir + "/rootfs"
			}
			holders[files] = c.FilesDir
		}
		profile, err := profileOf(config, p.container)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		out, err := runtime.Effective(runtime.Input{
			Container: p.container, Image: c.Image, Label: label, Dir: c.Dir, FilesDir: c.FilesDir,
			IDs: ids, Volumes: volumes, Users: c.Users, Arch: r.OS.Arch, Profile: profile,
		})
		if err != nil {
			errs = append(errs, err)
			continue
		}
		c.Spec, c.Runtime, c.Origins = out.Config, out.Runtime, out.Origins
		r.Notes = append(r.Notes, out.Notes...)
	}
	return errors.Join(errs...)
}

// labels reads the labels of all containers, nil for an image without a label. It
// reports a bad label once, and leaves its containers out.
func labels(parts []*part) (map[*part]*spec.Settings, error) {
	out, bad := map[*part]*spec.Settings{}, map[string]bool{}
	var errs []error
	for _, p := range parts {
		if p.container == nil {
			continue
		}
		label, err := labelOf(p)
		switch name := p.component.Image.Name; {
		case err == nil:
			out[p] = label
		case !bad[name]:
			bad[name] = true
			errs = append(errs, err)
		}
	}
	return out, errors.Join(errs...)
}

// ranges returns the first user id of each container with `userns: auto`, by ID.
func ranges(parts []*part, labels map[*part]*spec.Settings) map[string]uint32 {
	var names []string
	var taken []specs.LinuxIDMapping
	for p, label := range labels {
		if runtime.AutoUsers(p.container, label) {
			names = append(names, p.component.ID())
		}
		taken = append(taken, runtime.Mappings(p.container, label)...)
	}
	return runtime.Ranges(names, taken)
}

// hostIDs returns the ids of container names on the host: those of a container with its
// own range of ids are in that range.
func hostIDs(config *spec.Config, parts []*part) map[string]uint32 {
	ids := config.IDs()
	for _, p := range parts {
		if p.container != nil && p.component.Users != 0 {
			name := p.container.Name.V
			ids[name] = p.component.Users + ids[name]%system.UsersPerContainer
		}
	}
	return ids
}

func labelOf(p *part) (*spec.Settings, error) {
	text, there := p.component.Image.Config.Labels[spec.LabelName]
	if !there {
		return nil, nil
	}
	return spec.ParseLabel(p.component.Image.Reference, text, p.reference.Pos())
}

// MaxProfileBytes is the size limit of a seccomp profile.
const MaxProfileBytes = 1 << 20

// profileOf reads the seccomp profile that a container names. Its path is
// relative to the os.yml file.
func profileOf(config *spec.Config, c *spec.Container) ([]byte, error) {
	v := runtime.ProfilePath(c)
	if v == nil {
		return nil, nil
	}
	file, err := config.File(v.Pos(), v.V)
	var data []byte
	if err == nil {
		data, err = readLimited(file, MaxProfileBytes)
	}
	if err != nil {
		return nil, system.BadInput("%s %q: cannot read the seccomp profile %q", c.Section, c.Name.V, v.V).At(v.Pos()).Because(err).
			Suggest("write default, unconfined, or the path of a profile relative to this file")
	}
	return data, nil
}

// readLimited reads a regular file of at most limit bytes.
func readLimited(file string, limit int64) ([]byte, error) {
	info, err := os.Stat(file)
	switch {
	case err != nil:
		return nil, errors.Unwrap(err)
	case !info.Mode().IsRegular():
		return nil, errors.New("not a regular file")
	case info.Size() > limit:
		return nil, fmt.Errorf("larger than %d KiB", limit>>10)
	}
	return os.ReadFile(file)
}

// trust marks the components whose images must have a valid signature.
// trust.image names images, with or without tag and digest. trust.org names
// organisations. It returns the place of the first entry of both lists. An
// entry that matches no image of the system adds a note.
func (r *Resolved) trust(config *spec.Config, parts []*part) (first system.Position) {
	for _, list := range []*spec.List[string]{config.Trust.Org, config.Trust.Image} {
		if list != nil && len(list.Items) > 0 {
			first = list.Items[0].Pos()
		}
	}
	mark := func(key string, list *spec.List[string], means func(entry string, p *part) bool) {
		if list == nil {
			return
		}
		for _, item := range list.Items {
			used := false
			for _, p := range parts {
				if p.component.Image != nil && means(item.V, p) {
					p.component.Signed, used = true, true
				}
			}
			if !used {
				r.Notes = append(r.Notes, runtime.Note{Origin: item.Origin, Key: key, Value: item.V,
					Text: fmt.Sprintf("%s: the image %q is not used by any component, so this entry has no effect", key, item.V)})
			}
		}
	}
	mark("trust.image", config.Trust.Image, trustedImage)
	mark("trust.org", config.Trust.Org, trustedOrg)
	return first
}

func trustedImage(image string, p *part) bool {
	got, err := oci.ParseReference(p.reference.V)
	if err != nil {
		return false // Find has already reported the error
	}
	want, err := oci.ParseReference(image)
	return err == nil && (got.Name == want.Name || got.Registry == want.Registry && got.Repository == want.Repository)
}

func trustedOrg(org string, p *part) bool {
	ref, err := oci.ParseReference(p.reference.V)
	full := ref.Registry + "/" + filepath.ToSlash(filepath.Dir(ref.Repository))
	return err == nil && (full == org || full == "docker.io/"+org)
}
