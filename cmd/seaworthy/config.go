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

// configName is looked for in the working directory and upward.
const configName = ".seaworthy.yaml"

// configKeys is all that the file may set: never what decides, or a pull
// request could open its own gate.
var configKeys = []string{"arch", "cache", "components", "format", "jobs", "output-dir"}

// maxConfig bounds the file, in bytes.
const maxConfig = 1 << 20

// applyConfig fills flags that were not given: from SEAWORTHY_* in the environment,
// then from .seaworthy.yaml.
func applyConfig(cmd *cobra.Command) error {
	var errs []error
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		name, given := "SEAWORTHY_"+strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_")), "--"+f.Name
		if v, ok := os.LookupEnv(name); ok && !f.Changed && f.Name != "help" && !isOwn(f) {
			given = name
			if err := cmd.Flags().Set(f.Name, v); err != nil {
				errs = append(errs, system.BadInput("%s: %q is no %s", name, v, f.Value.Type()))
			}
		}
		// An unset variable in a script must not turn `--require-policy "$P"`
		// into no requirement, or `--policy "$P"` into a weaker one.
		if f.Changed && empty(f.Value) {
			errs = append(errs, system.BadInput("%s is given and empty", given).Suggest("give it a value, or leave it out"))
		}
	})
	errs = append(errs, applyConfigFile(cmd))
	return errors.Join(errs...)
}

// empty: a text, or one of several, that says nothing.
func empty(v pflag.Value) bool {
	if list, ok := v.(pflag.SliceValue); ok && v.Type() == "stringArray" {
		return slices.Contains(list.GetSlice(), "")
	}
	return v.Type() == "string" && v.String() == ""
}

// ownMeaning marks a flag that only shares its name with what the environment
// and the file set for builds.
const ownMeaning = "own-meaning"

// own marks a flag: a repository's output-dir must not say where a private
// key is written, nor its image format in what an SBOM is printed.
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
				errs = append(errs, system.BadInput("%s: %q is no %s", v.key, text, f.Value.Type()).At(v.pos))
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

// lists are the keys that may have several values, places those that name a
// file, relative to the one that names it.
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

// configMap reads the file's one document; nil where it is empty.
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
			"this file may set "+strings.Join(configKeys, ", ")+"; what decides is given on the command line")
	case v.Kind == yaml.ScalarNode:
		s.texts = []string{v.Value}
		return s, nil
	case v.Kind != yaml.SequenceNode || !slices.Contains(lists, k.Value):
		return s, configError(v, k.Value+" must be one text", "")
	}
	for _, n := range v.Content {
		if n.Kind != yaml.ScalarNode {
			return s, configError(n, k.Value+" must be a list of texts", "")
		}
		s.texts = append(s.texts, n.Value)
	}
	return s, nil
}

func configError(n *yaml.Node, what, next string) error {
	return system.BadInput("%s", what).At(system.Position{File: configName, Line: n.Line, Column: n.Column}).Suggest("%s", next)
}
