package rootfs

import (
	"encoding/json"
	"path"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// Part are components that come one after the other. Where Key is set, what
// their passes write depends on what it names alone, beside the program: on no
// other component, and on no file of the files section.
type Part struct {
	Components []*system.Component
	Key        string
}

// A compressor finds what is alike in neighbours only within a part. So a
// component whose layers have few bytes begins none, unless there are several
// in the last one: what is alike and near are small programs of one language.
const (
	smallComponent = 2 << 20
	smallInPart    = 4
)

// Parts are Passes, divided. What a component holds does not say where parts
// end, save for its being small: when it changes, the others' stay as they are.
func Parts(os *system.OS) []Part {
	var out []Part
	small := 0
	for _, c := range Passes(os) {
		key := alone(c)
		p := &Part{}
		if len(out) > 0 {
			p = &out[len(out)-1]
		}
		switch {
		case len(p.Components) > 0 && p.Key == "" && key == "":
		case p.takes(c) && key != "" && small < smallInPart:
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

// takes says whether c may follow in p: it is small, and the folder above its
// own is there.
func (p *Part) takes(c *system.Component) bool {
	return len(p.Components) > 0 && isSmall(c) && (p.Key == "" || p.Components[0].Section == c.Section)
}

func isSmall(c *system.Component) bool {
	var size int64
	for _, l := range c.Image.Layers {
		size += l.Size
	}
	return size < smallComponent
}

// alone names what a component's pass depends on; "" where that is more than the
// component.
func alone(c *system.Component) string {
	switch c.Section {
	case system.SectionOnboot, system.SectionOnshutdown, system.SectionServices:
	default:
		return ""
	}
	// The manifest names the config and the layers; the other fields of Image say
	// how it was found.
	raw, err := json.Marshal(struct {
		ID, Dir, FilesDir, Manifest string
		SharesFiles, ReadOnly       bool
		Layers                      []system.LayerBlob
		Spec, Runtime               []byte
	}{c.ID(), c.Dir, c.FilesDir, c.Image.Manifest, c.SharesFiles, c.ReadOnly, c.Image.Layers, c.Spec, c.Runtime})
	if err != nil {
		return ""
	}
	return string(raw)
}

// Above writes the folders that a component's own folder is in. They are no part
// of what it has alone.
func (t *Tree) Above(c *system.Component) error {
	for _, d := range []string{"containers", path.Dir(c.Dir)} {
		if err := t.dir(d, 0o755); err != nil {
			return err
		}
	}
	return nil
}
