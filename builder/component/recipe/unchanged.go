package recipe

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/component/recipe/kbuild"
	"github.com/seaworthy-os/seaworthy/internal/atomicfile"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/internal/strictjson"
)

// revision is the version of the code that makes images from inputs. A change that
// makes other bytes from the same inputs needs a new revision, or images that were
// built before look unchanged. TestRevision fails if it is forgotten.
const revision = 1

// made records the inputs of the last image of a component, and the image. It lies
// in the state folder.
type made struct {
	SchemaVersion int `json:"schemaVersion"`
	// Inputs is the digest of everything but the packages.
	Inputs string `json:"inputs"`
	// Lists is the digest of apt's lists. With equal lists, apt chooses the same
	// packages. With other lists, Packages decide.
	Lists    string `json:"lists,omitempty"`
	Packages string `json:"packages,omitempty"`
	// Manifest is the image for this architecture.
	Manifest string    `json:"manifest"`
	Kept     []Package `json:"kept"`
	Size     int64     `json:"size"`
}

// same reports whether the last image has the same inputs and the same packages.
func (m *made) same(inputs, packages string) bool {
	return m != nil && m.Inputs == inputs && m.Packages == packages
}

// madePath is the record of a component. Each version has its own: kernel-hardened has two.
func madePath(state, arch string, rec *Recipe) string {
	return filepath.Join(state, "made-"+arch, rec.Name+"-"+rec.Version+".json")
}

// readMade returns nil if there is no valid record: then the image is built again.
func readMade(state, arch string, rec *Recipe) *made {
	data, err := bounded.ReadFile(madePath(state, arch, rec), maxLock)
	if err != nil {
		return nil
	}
	m := &made{}
	if strictjson.DecodeKnown(data, m) != nil || m.SchemaVersion != 1 {
		return nil
	}
	return m
}

func (m *made) write(state, arch string, rec *Recipe) error {
	m.SchemaVersion = 1
	data, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	path := madePath(state, arch, rec)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return atomicfile.Write(path, append(data, '\n'), 0o644)
}

// inputs is the digest of everything that the image is made from, but its packages:
// the recipe, its files, the Go programs, and the options.
func inputs(ctx context.Context, o Options, rec *Recipe, label string, programs []program, kernel *kbuild.Project) (string, error) {
	in := struct {
		Revision       int
		Arch, Recipe   string
		Time           int64
		Files, Program []string
		Kernel         string `json:",omitempty"`
		AppArmor       string `json:",omitempty"`
		Label          string `json:",omitempty"`
	}{Revision: revision, Arch: o.Arch, Recipe: rec.Digest, Time: o.Time.Unix()}
	if kernel != nil {
		in.Kernel = fmt.Sprint(kernelRevision, " ", kernel.Key(""))
	}
	if rec.Profile != nil {
		in.Label = label // the profile is not part of the recipe's digest
	}
	root, err := os.OpenRoot(rec.Dir)
	if err != nil {
		return "", err
	}
	defer root.Close()
	if slices.ContainsFunc(rec.Files, func(f File) bool { return f.AppArmor != "" }) {
		if in.AppArmor, err = appArmorVersion(ctx); err != nil {
			return "", err
		}
	}
	for _, f := range rec.Files {
		source := cmp.Or(f.Source, f.AppArmor)
		if source == "" {
			continue // its contents are in the recipe
		}
		sum, err := fileDigest(func(name string) (*os.File, error) { return bounded.OpenIn(root, name) }, source)
		if errors.Is(err, os.ErrNotExist) {
			sum, err = "missing", nil // reported with its place when the file is added
		}
		if err != nil {
			return "", err
		}
		in.Files = append(in.Files, source+" "+sum)
	}
	for _, p := range programs {
		sum, err := fileDigest(os.Open, p.file)
		if err != nil {
			return "", err
		}
		in.Program = append(in.Program, p.Package+" "+sum)
	}
	data, err := json.Marshal(in)
	return digests.Of(data), err
}

func fileDigest(open func(string) (*os.File, error), name string) (string, error) {
	f, err := open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum, _, err := digests.Read(f)
	return sum, err
}

// packagesDigest is the digest of the names and contents of packages.
func packagesDigest(packages []*debPackage) string {
	var b strings.Builder
	for _, p := range packages {
		b.WriteString(p.Name + " " + p.Version + " " + p.Architecture + " " + p.SHA256 + "\n")
	}
	return digests.Of([]byte(b.String()))
}
