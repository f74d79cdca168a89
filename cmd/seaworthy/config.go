package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
	"github.com/seaworthy-os/seaworthy/internal/strictyaml"
)

// configName is searched for in the working directory and its parents.
const configName = ".seaworthy.yaml"

// configKeys are the only settings that the file can have. It must not change the
// decision: a pull request could then approve itself.
var configKeys = []string{"arch", "cache", "components", "format", "jobs", "output-dir"}

// maxConfig limits the size of the file, in bytes.
const maxConfig = 1 << 20

// applyConfig sets the flags that were not given, first from SEAWORTHY_* in the
// environment, then from .seaworthy.yaml.
func applyConfig(cmd *cobra.Command) error {
	var errs []error
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		name, given := "SEAWORTHY_"+strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_")), "--"+f.Name
		if v, ok := os.LookupEnv(name); ok && !f.Changed && f.Name != "help" && !isOwn(f) {
			given = name
			if err := cmd.Flags().Set(f.Name, v); err != nil {
				errs = append(errs, system.BadInput("%s: %q is not a valid %s", name, v, f.Value.Type()))
			}
		}
		// A script may pass an unset variable: `--require-policy "$P"` must not
		// mean no requirement, and `--policy "$P"` must not mean a weaker policy.
		if f.Changed && empty(f.Value) {
			errs = append(errs, system.BadInput("%s is empty", given).Suggest("give %s a value, or leave it out", given))
		}
	})
	errs = append(errs, applyConfigFile(cmd))
	return errors.Join(errs...)
}

// empty reports whether a text is empty, or one text of a list.
func empty(v pflag.Value) bool {
	if list, ok := v.(pflag.SliceValue); ok && v.Type() == "stringArray" {
		return slices.Contains(list.GetSlice(), "")
	}
	return v.Type() == "string" && v.String() == ""
}

// ownMeaning marks a flag whose name has another meaning in the environment and
// in the file.
const ownMeaning = "own-meaning"

// own marks a flag. For example, output-dir in a repository must not choose where
// a private key is written, and its image format must not choose the format of
// an SBOM.
func own(cmd *cobra.Command, name string) {
	f := cmd.Flags().Lookup(name)
	f.Annotations = map[string][]string{ownMeaning: nil}
}

func isOwn(f *pflag.Flag) bool {
	_, ok := f.Annotations[ownMeaning]
	return ok
}

func applyConfigFile(cmd *cobra.Command) error {
	path, err := findConfig()
	if err != nil || path == "" {
		return err
	}
	values, err := readConfig(path)
	if err != nil {
		return err
	}
	var errs []error
	for _, v := range values {
		f := cmd.Flags().Lookup(v.key)
		if f == nil || f.Changed || isOwn(f) {
			continue
		}
		for _, text := range v.texts {
			if err := f.Value.Set(text); err != nil {
				errs = append(errs, system.BadInput("%s: %q is not a valid %s", v.key, text, f.Value.Type()).At(v.pos))
			}
		}
	}
	return errors.Join(errs...)
}

func findConfig() (string, error) {
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

// setting is one line of the file.
type setting struct {
	key   string
	texts []string
	pos   system.Position
}

// lists are the keys that can have several values. places are the keys whose
// values are paths, relative to the folder of the file.
var (
	lists  = []string{"components", "format"}
	places = []string{"cache", "components", "output-dir"}
)

func readConfig(path string) ([]setting, error) {
	m, err := configMap(path)
	if m == nil {
		return nil, err
	}
	var out []setting
	errs := []error{err}
	for i := 0; i+1 < len(m.Content); i += 2 {
		k := m.Content[i]
		switch s, err := readSetting(k, m.Content[i+1]); {
		case err != nil:
			errs = append(errs, err)
		default:
			if slices.Contains(places, s.key) {
				for i, t := range s.texts {
					if !filepath.IsAbs(t) {
						s.texts[i] = filepath.Join(filepath.Dir(path), t)
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
		return system.BadInput("cannot be read").At(system.Position{File: configName}).Because(err)
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

func readSetting(k, v *yaml.Node) (setting, error) {
	s := setting{key: k.Value, pos: system.Position{File: configName, Line: v.Line, Column: v.Column}}
	switch {
	case !slices.Contains(configKeys, k.Value):
		return s, configError(k, fmt.Sprintf("unknown key %q", k.Value),
			"this file can set "+strings.Join(configKeys, ", ")+"; give all other settings on the command line")
	case v.Kind == yaml.ScalarNode:
		s.texts = []string{v.Value}
		return s, nil
	case v.Kind != yaml.SequenceNode || !slices.Contains(lists, k.Value):
		return s, configError(v, k.Value+" must be a single text value", "")
	}
	for _, n := range v.Content {
		if n.Kind != yaml.ScalarNode {
			return s, configError(n, k.Value+" must be a list of text values", "")
		}
		s.texts = append(s.texts, n.Value)
	}
	return s, nil
}

func configError(n *yaml.Node, what, next string) error {
	return system.BadInput("%s", what).At(system.Position{File: configName, Line: n.Line, Column: n.Column}).Suggest("%s", next)
}
