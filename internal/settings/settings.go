// Package settings reads the file .seaworthy.yaml, which sets defaults of flags.
package settings

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/seaworthy-os/seaworthy/internal/bounded"
	"github.com/seaworthy-os/seaworthy/internal/failure"
	"github.com/seaworthy-os/seaworthy/internal/strictyaml"
)

// configName is searched for in the working directory and its parents.
const configName = ".seaworthy.yaml"

// configKeys are the only settings that the file can have. It must not change the
// decision: a pull request could then approve itself.
var configKeys = []string{"arch", "cache", "components", "format", "jobs", "output-dir"}

// maxConfig limits the size of the file, in bytes.
const maxConfig = 1 << 20

// Find returns the path of the file in the working directory or the nearest of its
// parents, "" if there is none.
func Find() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		path := filepath.Join(dir, configName)
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", nil
		}
		dir = parent
	}
}

// Setting is one line of the file. A key with one value has one text. Relative paths
// in the file start at its folder; here they are absolute.
type Setting struct {
	Key   string
	Texts []string
	Pos   failure.Position
}

// lists are the keys that can have several values. places are the keys whose
// values are paths, relative to the folder of the file.
var (
	lists  = []string{"components", "format"}
	places = []string{"cache", "components", "output-dir"}
)

// Read reads the settings of the file. It reports all mistakes at once.
func Read(path string) ([]Setting, error) {
	m, err := configMap(path)
	if m == nil {
		return nil, err
	}
	var out []Setting
	errs := []error{err}
	for i := 0; i+1 < len(m.Content); i += 2 {
		k := m.Content[i]
		switch s, err := readSetting(k, m.Content[i+1]); {
		case err != nil:
			errs = append(errs, err)
		default:
			if slices.Contains(places, s.Key) {
				for i, t := range s.Texts {
					if !filepath.IsAbs(t) {
						s.Texts[i] = filepath.Join(filepath.Dir(path), t)
					}
				}
			}
			out = append(out, s)
		}
	}
	return out, errors.Join(errs...)
}

// configMap reads the file's only document. It returns nil if the file is empty.
func configMap(path string) (*yaml.Node, error) {
	bad := func(err error) error {
		return failure.BadInput("cannot be read").At(failure.Position{File: configName}).Because(err)
	}
	data, err := bounded.ReadFile(path, maxConfig)
	if err != nil {
		return nil, bad(err)
	}
	m, err := strictyaml.Parse(configName, data)
	if m == nil {
		return nil, err
	}
	if m.Kind != yaml.MappingNode {
		return nil, errors.Join(err, configError(m, "must be a map of settings", ""))
	}
	return m, err
}

func readSetting(k, v *yaml.Node) (Setting, error) {
	s := Setting{Key: k.Value, Pos: failure.Position{File: configName, Line: v.Line, Column: v.Column}}
	switch {
	case !slices.Contains(configKeys, k.Value):
		return s, configError(k, fmt.Sprintf("unknown key %q", k.Value),
			"this file can set "+strings.Join(configKeys, ", ")+"; give all other settings on the command line")
	case v.Kind == yaml.ScalarNode:
		s.Texts = []string{v.Value}
		return s, nil
	case v.Kind != yaml.SequenceNode || !slices.Contains(lists, k.Value):
		return s, configError(v, k.Value+" must be a single text value", "")
	}
	for _, n := range v.Content {
		if n.Kind != yaml.ScalarNode {
			return s, configError(n, k.Value+" must be a list of text values", "")
		}
		s.Texts = append(s.Texts, n.Value)
	}
	return s, nil
}

func configError(n *yaml.Node, what, next string) error {
	return failure.BadInput("%s", what).At(failure.Position{File: configName, Line: n.Line, Column: n.Column}).Suggest("%s", next)
}
