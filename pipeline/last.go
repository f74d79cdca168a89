package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/seaworthy-os/seaworthy/builder"
	"github.com/seaworthy-os/seaworthy/builder/image"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/kept"
	"github.com/seaworthy-os/seaworthy/scanner"
)

// last is the last image of a system in the store. If no input changed, its files are
// used again. The store keeps one image for each system, so it does not grow with
// each build.
type last struct {
	store kept.Store
	// name is the key of the system in the store.
	name string
	// now is the digest of the inputs of this build.
	now string
	// was is the last image, nil if there is none or it is damaged. same is true if
	// its files are this build's result.
	was  *lastImage
	same bool
}

// lastImage describes an image in the store.
type lastImage struct {
	// Inputs is the digest of all inputs except the program.
	Inputs string     `json:"inputs"`
	Files  []lastFile `json:"files"`
	// Parameters are the words that the formats added to the command line.
	Parameters string `json:"parameters,omitempty"`
}

// lastFile is a file of the image with the digests of its stretches.
type lastFile struct {
	Name      string          `json:"name"`
	Stretches []image.Stretch `json:"stretches"`
}

// lastOf looks up the last image of a system. Volumes with an OCI layout contain
// bytes of other platforms, which only the assembly reads, so systems with them are
// not kept.
func (o BuildOptions) lastOf(sys *system.OS) *last {
	l := &last{store: o.Kept, name: fmt.Sprintf("image %q %s %q", sys.Name, sys.Arch, o.Formats)}
	for _, c := range sys.Components {
		if c.Volume != nil && c.Volume.Format == "oci" {
			l.store.Dir = ""
		}
	}
	inputs, err := json.Marshal(struct {
		System     *system.OS
		Formats    []string
		Tools      []image.Used
		SecureBoot string
		NoSBOM     bool
		Version    string
		Time       time.Time
	}{sys, o.Formats, o.used, o.certificate(), o.NoSBOM, o.insideVersion(), o.Time.UTC()})
	if err != nil {
		l.store.Dir = ""
	}
	sum := sha256.Sum256(inputs)
	l.now = hex.EncodeToString(sum[:])
	var was lastImage
	if raw, ok := l.store.Load(l.name); ok && json.Unmarshal(raw, &was) == nil {
		l.was = &was
	}
	return l
}

// insideVersion is the version of the program in the SBOM inside the image, "" without
// one.
func (o BuildOptions) insideVersion() string {
	if o.NoSBOM {
		return ""
	}
	return o.Policy.Tool.Version
}

// again copies the last image to dir if the inputs are the same. It verifies the
// digests of all inputs and of the copies. It returns nil if the image must be
// assembled.
func (l *last) again(ctx context.Context, r *builder.Resolved, scan *scanner.Scanner, o BuildOptions, dir string) (*assembled, error) {
	if l.was == nil || l.was.Inputs != l.now {
		return nil, nil
	}
	made := &assembled{parameters: l.was.Parameters, digests: map[string]string{}}
	for _, f := range l.was.Files {
		got, err := image.Copy(filepath.Join(l.store.Folder(l.name), f.Name), filepath.Join(dir, f.Name), f.Stretches)
		if err != nil || !slices.Equal(got, f.Stretches) {
			l.was = nil
			return nil, removeImage(dir, r.OS.Name)
		}
		made.files = append(made.files, f.Name)
	}
	l.same = true
	o.Progress.say(Assemble, "no input has changed since the last build")
	return made, inventory(ctx, r, scan, r.OS.Components, true, o.CheckOptions)
}

// parts returns the parts of the last image for a build in which some inputs changed.
func (l *last) parts() map[string]image.Earlier {
	out := map[string]image.Earlier{}
	if l.was != nil {
		for _, f := range l.was.Files {
			out[f.Name] = image.Earlier{Path: filepath.Join(l.store.Folder(l.name), f.Name), Stretches: f.Stretches}
		}
	}
	return out
}

// keep stores the files of dir as the system's last image. digests are those of the
// files, by name. It ignores errors, because the next build can assemble the files.
func (l *last) keep(dir string, made *assembled, digests map[string]string) {
	if l.store.Dir == "" || l.same {
		return
	}
	is := lastImage{Inputs: l.now, Parameters: made.parameters}
	err := l.store.Replace(l.name, func(to string) error {
		for _, n := range made.files {
			stretches, err := image.Keep(filepath.Join(dir, n), filepath.Join(to, n), made.stretches[n], digests[n])
			if err != nil {
				return err
			}
			is.Files = append(is.Files, lastFile{Name: n, Stretches: stretches})
		}
		return nil
	})
	if raw, merr := json.Marshal(is); err == nil && merr == nil {
		l.store.Save(l.name, raw)
	}
}
