package component

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/component/oci"
)

// variants run on every machine of an architecture. The best is first.
var variants = map[string][]string{"amd64": {"", "v1"}, "arm64": {"", "v8"}}

// pick chooses the entries that may be for the wanted platform: the entry that
// names it, else the entries that name no platform. Artifacts, and entries about
// another entry, are used only if no other entry fits.
func (s *Store) pick(ds []oci.Descriptor) ([]oci.Descriptor, error) {
	plain := slices.DeleteFunc(slices.Clone(ds), beside)
	if picked := s.candidates(plain); len(picked) > 0 {
		return picked, nil
	}
	if picked := s.candidates(ds); len(picked) > 0 {
		return picked, nil
	}
	return nil, s.without(ds)
}

// beside reports whether the entry is an artifact, or about another entry.
func beside(d oci.Descriptor) bool {
	return d.Annotations[annotationKind] != "" || d.ArtifactType != "" && d.ArtifactType != oci.TypeConfig
}

func (s *Store) candidates(ds []oci.Descriptor) []oci.Descriptor {
	want, ok := variants[s.opt.Arch]
	if !ok {
		want = []string{""}
	}
	var silent []oci.Descriptor
	for _, v := range want {
		var out []oci.Descriptor
		for _, d := range ds {
			if q := d.Platform; q != nil && q.OS == "linux" && q.Architecture == s.opt.Arch && q.Variant == v {
				out = append(out, d)
			}
		}
		if len(out) > 0 {
			return out
		}
	}
	for _, d := range ds {
		// An index also lists artifacts, which are not images.
		if d.Platform == nil && (d.MediaType == "" || oci.IsIndex(d.MediaType) || oci.IsManifest(d.MediaType)) {
			silent = append(silent, d)
		}
	}
	return silent
}

func (s *Store) without(ds []oci.Descriptor) error {
	var have []Descriptor
	for _, d := range ds {
		have = append(have, Descriptor{Platform: d.Platform.String()})
	}
	return &noPlatform{fmt.Sprintf("no image for linux/%s; listed platforms: %s", s.opt.Arch, platformList(have))}
}

func platformList(ds []Descriptor) string {
	var names []string
	for _, d := range ds {
		// unknown/unknown is how attestations are listed.
		if d.Platform != "" && d.Platform != "unknown/unknown" && !slices.Contains(names, d.Platform) {
			names = append(names, fmt.Sprintf("%.40q", d.Platform))
		}
	}
	slices.Sort(names)
	if names = slices.Compact(names); len(names) == 0 {
		return "none"
	}
	return strings.ReplaceAll(strings.Join(names, ", "), `"`, "")
}
