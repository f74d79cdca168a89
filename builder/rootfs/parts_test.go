package rootfs_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/rootfs"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

// sized returns a component whose layers have mib MiB.
func sized(section system.Section, name string, mib int64) *system.Component {
	dir := "containers/" + string(section) + "/" + name
	return &system.Component{Section: section, Name: name, Dir: dir, FilesDir: dir + "/rootfs",
		Image: &system.Image{Manifest: "sha256:" + name, Layers: []system.LayerBlob{{Digest: "sha256:l" + name, Size: mib << 20}}}}
}

func TestParts(t *testing.T) {
	t.Parallel()
	init := sized(system.SectionInit, "000", 9)
	data := sized(system.SectionVolumes, "data", 9)
	data.Volume = &system.Volume{Format: "filesystem"}
	few := []*system.Component{init}
	for i := range 7 {
		few = append(few, sized(system.SectionServices, fmt.Sprint(i), 1))
	}
	for name, c := range map[string]struct {
		components []*system.Component
		want       string
	}{
		"each large one":    {[]*system.Component{init, sized("onboot", "a", 3), sized("onboot", "b", 3)}, "init/000 | onboot/a* | onboot/b*"},
		"small after large": {[]*system.Component{init, sized("onboot", "a", 3), sized("services", "b", 1), sized("services", "c", 3)}, "init/000 services/b | onboot/a* | services/c*"},
		"small after init":  {[]*system.Component{init, sized("onboot", "a", 1), sized("onboot", "b", 3)}, "init/000 onboot/a | onboot/b*"},
		"many small":        {few, "init/000 services/0 services/1 services/2 services/3 | services/4 services/5 services/6*"},
		"another section":   {[]*system.Component{sized("onboot", "a", 3), sized("services", "b", 1)}, "services/b* | onboot/a*"},
		"volumes":           {[]*system.Component{init, data, sized("onboot", "a", 3)}, "init/000 volumes/data | onboot/a*"},
		"volume last":       {[]*system.Component{sized("onboot", "a", 3), data, init}, "init/000 volumes/data | onboot/a*"},
		"none":              {nil, ""},
	} {
		var got []string
		for _, p := range rootfs.Parts(&system.OS{Components: c.components}) {
			var ids []string
			for _, c := range p.Components {
				ids = append(ids, c.ID())
			}
			text := strings.Join(ids, " ")
			if p.Key != "" {
				text += "*"
			}
			got = append(got, text)
		}
		if text := strings.Join(got, " | "); text != c.want {
			t.Errorf("%s: %s, want %s", name, text, c.want)
		}
	}
}

// The key of a part covers every field of its components that the entries can
// depend on. It does not depend on other components.
func TestPartKeys(t *testing.T) {
	t.Parallel()
	// These fields only say where the component is in os.yml or what the rules
	// need. They do not change the output.
	unwritten := map[string]bool{"Index": true, "Pos": true, "Signed": true, "Origins": true, "Volume": true, "Entry": true}
	key := func(change func(*system.Component)) string {
		c := sized("services", "b", 3)
		change(c)
		parts := rootfs.Parts(&system.OS{Components: []*system.Component{sized("services", "a", 3), c}})
		return parts[len(parts)-1].Key
	}
	same := key(func(*system.Component) {})
	fields := reflect.TypeFor[system.Component]()
	for i := range fields.NumField() {
		name := fields.Field(i).Name
		changed := key(func(c *system.Component) {
			switch f := reflect.ValueOf(c).Elem().Field(i); name {
			case "Section":
				c.Section = system.SectionOnboot
			case "SharesFiles": // has no pass
			case "Image":
				c.Image.Manifest += "0"
			case "Origins":
				c.Origins = map[string]system.Origin{"": {}}
			case "Pos":
				c.Pos.Line = 7
			case "Volume":
				c.Volume = &system.Volume{}
			default:
				switch f.Kind() {
				case reflect.Bool:
					f.SetBool(true)
				case reflect.Int:
					f.SetInt(7)
				case reflect.Uint32:
					f.SetUint(7)
				case reflect.String:
					f.SetString("x")
				default:
					f.SetBytes([]byte("x"))
				}
			}
		})
		if name != "SharesFiles" && (changed == same) != unwritten[name] {
			t.Errorf("%s: the key changes: %t", name, changed != same)
		}
	}
	if layers := key(func(c *system.Component) { c.Image.Layers[0].DiffID = "sha256:0" }); layers == same {
		t.Error("the layers are not in the key")
	}
}
