package sysctl

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// maxFile is the size limit of a configuration file. maxValue is the size limit
// of a value; the kernel accepts one page.
const (
	maxFile  = 1 << 20
	maxValue = 4095
)

// setting is one line of a file.
type setting struct {
	file     string
	line     int
	key      string // as written
	value    string
	optional bool // a failure does not count
}

func readFile(name string) ([]setting, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, err
	}
	return parse(name, data)
}

// parse parses a configuration file. It returns the valid lines, and one joined
// error for all invalid lines.
func parse(name string, data []byte) ([]setting, error) {
	if len(data) > maxFile {
		return nil, fmt.Errorf("%s: more than %d bytes", name, maxFile)
	}
	var out []setting
	var errs []error
	n := 0
	for raw := range bytes.Lines(data) {
		n++
		line := strings.TrimSpace(string(raw))
		if line == "" || line[0] == '#' || line[0] == ';' {
			continue
		}
		s := setting{file: name, line: n}
		line, s.optional = strings.CutPrefix(line, "-")
		key, value, ok := strings.Cut(line, "=")
		s.key, s.value = strings.TrimSpace(key), strings.TrimSpace(value)
		switch _, err := keyPath(s.key); {
		case !ok:
			errs = append(errs, fmt.Errorf("%s:%d: no \"=\" in %q", name, n, line))
		case err != nil:
			errs = append(errs, fmt.Errorf("%s:%d: %w", name, n, err))
		case len(s.value) > maxValue:
			errs = append(errs, fmt.Errorf("%s:%d: value of %d bytes", name, n, len(s.value)))
		default:
			out = append(out, s)
		}
	}
	return out, errors.Join(errs...)
}

// keyPath returns the path of a parameter below /proc/sys. The first separator
// decides how the key is written: net.ipv4.conf.eth0/1.forwarding and
// net/ipv4/conf/eth0.1/forwarding are the same parameter.
func keyPath(key string) (string, error) {
	p := key
	if i := strings.IndexAny(key, "./"); i >= 0 && key[i] == '.' {
		p = strings.Map(func(r rune) rune {
			switch r {
			case '.':
				return '/'
			case '/':
				return '.'
			}
			return r
		}, key)
	}
	if p == "" || !filepath.IsLocal(p) || filepath.Clean(p) != p || strings.ContainsAny(p, "[]\\?\x00") ||
		strings.ContainsFunc(p, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return "", fmt.Errorf("bad key %q", key)
	}
	return p, nil
}

// apply writes the value to every parameter that the key matches, and returns
// their number.
func (s setting) apply(root string) (int, []error) {
	p, err := keyPath(s.key)
	if err != nil {
		return 0, []error{err}
	}
	paths := []string{filepath.Join(root, p)}
	if strings.Contains(p, "*") {
		if paths, err = filepath.Glob(paths[0]); err != nil {
			return 0, []error{fmt.Errorf("bad key %q", s.key)}
		}
	}
	n := 0
	var errs []error
	for _, path := range paths {
		if err := write(path, s.value); err != nil {
			rel, _ := filepath.Rel(root, path)
			errs = append(errs, fmt.Errorf("%s = %s: %w", strings.ReplaceAll(rel, "/", "."), s.value, err))
			continue
		}
		n++
	}
	return n, errs
}

// write sets one parameter. It does not write a parameter that already has the
// value. Some parameters are readable by everyone, but writable only with a
// capability. So the capability is needed only for a change.
func write(path, value string) error {
	if b, err := os.ReadFile(path); err == nil && same(string(b), value) {
		return nil
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return errors.New("the kernel has no such parameter")
	}
	if err == nil {
		_, err = f.WriteString(value + "\n")
		if cerr := f.Close(); err == nil {
			err = cerr
		}
	}
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err // the caller adds the path
	}
	return err
}

// same compares values as the kernel prints them, with tabs between numbers.
func same(a, b string) bool { return slices.Equal(strings.Fields(a), strings.Fields(b)) }
