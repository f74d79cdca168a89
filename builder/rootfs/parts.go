package rootfs

import (
	"encoding/json"
	"path"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// Part is a group of successive components. If Key is not empty, everything
// that their passes write depends only on the key and the program. It does not
// depend on other components or on the files section.
type Part struct {
	Components []*system.Component
	Key        string
}

// A compressor finds repeated data only within a part, and small programs of
// the same language have much in common. So a small component joins the part
// before it, unless that part already has several small ones.
const (
	smallComponent = 2 << 20
	smallInPart    = 4
)

// Parts groups the components that Passes returns. Where a part ends depends on
// the size class of the components, but not on their content. So a changed
// component does not change the other parts.
func Parts(os *system.OS) []Part {
	var out []Part
	small := 0
	for _, c := range Passes(os) {
		key := partKey(c)
		p := &Part{}
		if len(out) > 0 {
			p = &out[len(out)-1]
		}
		switch {
		case len(p.Components) > 0 && p.Key == "" && key == "":
		case p.accepts(c) && key != "" && small < smallInPart:
			small++
			if p.Key != "" {
				p.Key += key
			}
		default:
			small = 0
			out = append(out, Part{Key: key})
			p = &out[len(out)-1]
		}
		p.Components = append(p.Components, c)
	}
	return out
}

// accepts reports whether c may join p: c is small, and its parent folder
// already exists.
func (p *Part) accepts(c *system.Component) bool {
	return len(p.Components) > 0 && isSmall(c) && (p.Key == "" || p.Components[0].Section == c.Section)
}

func isSmall(c *system.Component) bool {
	var size int64
	for _, l := range c.Image.Layers {
		size += l.Size
	}
	return size < smallComponent
}

// own reports whether the component's pass depends on no other component.
func own(c *system.Component) bool {
	switch c.Section {
	case system.SectionOnboot, system.SectionOnshutdown, system.SectionServices:
		return true
	}
	return false
}

// partKey returns a key for everything that the component's pass depends on. It
// returns "" if the pass also depends on other components.
func partKey(c *system.Component) string {
	if !own(c) {
		return ""
	}
	// The manifest names the config and the layers. The other fields of Image
	// only say how the image was found.
	raw, err := json.Marshal(struct {
		ID, Dir, FilesDir, Manifest string
		SharesFiles, ReadOnly       bool
		Users                       uint32
		Layers                      []system.LayerBlob
		Spec, Runtime               []byte
	}{c.ID(), c.Dir, c.FilesDir, c.Image.Manifest, c.SharesFiles, c.ReadOnly, c.Users, c.Image.Layers, c.Spec, c.Runtime})
	if err != nil {
		return ""
	}
	return string(raw)
}

// Above writes the parent folders of the component's own folder. They do not
// belong to the component's part, because other components share them.
func (t *Tree) Above(c *system.Component) error {
	for _, d := range []string{"containers", path.Dir(c.Dir)} {
		if err := t.dir(d, 0o755); err != nil {
			return err
		}
	}
	return nil
}
