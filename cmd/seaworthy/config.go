package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// configName is looked for in the working directory and upward.
const configName = ".seaworthy.yaml"

// configKeys is all that the file may set: never what decides, or a pull
// request could open its own gate.
var configKeys = []string{"arch", "cache", "components", "format", "jobs", "output-dir"}

// maxConfig bounds the file, in bytes.
const maxConfig = 1 << 20

// settle fills flags that were not given: from SEAWORTHY_* in the environment,
// then from .seaworthy.yaml.
func settle(cmd *cobra.Command) error {
	var errs []error
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		name, given := "SEAWORTHY_"+strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_")), "--"+f.Name
		if v, ok := os.LookupEnv(name); ok && !f.Changed && f.Name != "help" && !isOwn(f) {
			given = name
			if err := cmd.Flags().Set(f.Name, v); err != nil {
				errs = append(errs, usageError(fmt.Sprintf("%s=%q: %v", name, v, err), ""))
			}
		}
		// An unset variable in a script must not turn `--require-policy "$P"`
		// into no requirement, or `--policy "$P"` into a weaker one.
		if f.Changed && f.Value.Type() == "string" && f.Value.String() == "" {
			errs = append(errs, usageError(given+" is given and empty", "give it a value, or leave it out"))
		}
	})
	errs = append(errs, settleFromFile(cmd))
	return errors.Join(errs...)
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

func settleFromFile(cmd *cobra.Command) error {
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
				errs = append(errs, &system.Error{Kind: system.ErrInput, Pos: v.pos, What: fmt.Sprintf("%s: %v", v.key, err)})
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

func readConfig(path string) ([]setting, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, &system.Error{Kind: system.ErrInput, What: configName, Err: err}
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxConfig))
	if err != nil {
		return nil, err
	}
	var doc yaml.Node
	dec := yaml.NewDecoder(bytes.NewReader(data))
	if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, &system.Error{Kind: system.ErrInput, What: configName, Err: err}
	}
	m := doc.Content[0]
	at := func(n *yaml.Node) system.Position {
		return system.Position{File: configName, Line: n.Line, Column: n.Column}
	}
	if m.Kind != yaml.MappingNode {
		return nil, &system.Error{Kind: system.ErrInput, Pos: at(m), What: "must be a map of settings"}
	}
	var out []setting
	var errs []error
	for i := 0; i+1 < len(m.Content); i += 2 {
		k, v := m.Content[i], m.Content[i+1]
		if !slices.Contains(configKeys, k.Value) {
			errs = append(errs, &system.Error{Kind: system.ErrInput, Pos: at(k), What: fmt.Sprintf("unknown key %q", k.Value),
				Next: "this file may set " + strings.Join(configKeys, ", ") + "; what decides is given on the command line"})
			continue
		}
		s := setting{key: k.Value, pos: at(v)}
		switch v.Kind {
		case yaml.ScalarNode:
			s.texts = []string{v.Value}
		case yaml.SequenceNode:
			for _, n := range v.Content {
				s.texts = append(s.texts, n.Value)
			}
		default:
			errs = append(errs, &system.Error{Kind: system.ErrInput, Pos: at(v), What: k.Value + " must be a text or a list of texts"})
			continue
		}
		if k.Value == "components" || k.Value == "output-dir" || k.Value == "cache" { // relative to the file
			for i, t := range s.texts {
				if !filepath.IsAbs(t) {
					s.texts[i] = filepath.Join(filepath.Dir(path), t)
				}
			}
		}
		out = append(out, s)
	}
	return out, errors.Join(errs...)
}
