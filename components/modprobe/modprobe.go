//go:build linux

// Package modprobe is the program modprobe, which loads kernel modules once, at boot.
package modprobe

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/seaworthy-os/seaworthy/components/applet"
)

// Main runs the program.
func Main() {
	var dir string
	var quiet bool
	(&applet.Program{Name: "modprobe", Usage: "[-a] MODULE [PARAMETER=VALUE...] [MODULE...]",
		Flags: func(fs *flag.FlagSet) {
			fs.BoolVar(new(bool), "a", false, "load all modules that are named; this is always so")
			fs.StringVar(&dir, "dir", "", "folder with modules.dep (default: /lib/modules/VERSION of the running kernel)")
			fs.BoolVar(&quiet, "missing-ok", false, "do not fail if the kernel does not have a module")
		},
		Run: func(_ context.Context, w io.Writer, args []string) error {
			wanted, err := parse(args)
			if err != nil {
				return err
			}
			if dir == "" {
				var u unix.Utsname
				if err := unix.Uname(&u); err != nil {
					return err
				}
				dir = filepath.Join("/lib/modules", unix.ByteSliceToString(u.Release[:]))
			}
			deps, err := open(dir)
			if err != nil {
				return err
			}
			var errs []error
			for _, m := range wanted {
				n, err := deps.load(m, insert)
				switch {
				case errors.Is(err, errMissing) && quiet:
					fmt.Fprintf(w, "%s: the kernel does not have it\n", m.name)
				case err != nil:
					errs = append(errs, err)
				case n == 0:
					fmt.Fprintf(w, "%s: built in\n", m.name)
				default:
					fmt.Fprintf(w, "%s: loaded\n", m.name)
				}
			}
			return errors.Join(errs...)
		}}).Main()
}

// module is a module to load, and its parameters.
type module struct{ name, parameters string }

// parse reads names, each with the parameters behind it.
func parse(args []string) ([]module, error) {
	var all []module
	for _, a := range args {
		name, _, parameter := strings.Cut(a, "=")
		switch {
		case a == "-a": // behind other arguments, as in LinuxKit's examples
		case parameter && len(all) > 0 && name != "":
			m := &all[len(all)-1]
			m.parameters = strings.TrimSpace(m.parameters + " " + a)
		case parameter || !validName(a):
			return nil, applet.Usagef("%q is not the name of a module", a)
		default:
			all = append(all, module{name: canonical(a)})
		}
	}
	if len(all) == 0 {
		return nil, applet.Usagef("no module is named")
	}
	return all, nil
}

func validName(s string) bool {
	return s != "" && len(s) < 64 && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_'
	})
}

func canonical(name string) string { return strings.ReplaceAll(name, "-", "_") }

// depends is what modules.dep and modules.builtin say.
type depends struct {
	dir     string
	files   map[string]string   // name -> file below dir
	needs   map[string][]string // name -> files, the nearest first
	builtin map[string]bool
}

var errMissing = errors.New("the kernel does not have this module")

// maxDeps limits the size of modules.dep. Debian's full kernel needs 600 KiB.
const maxDeps = 16 << 20

func open(dir string) (*depends, error) {
	d := &depends{dir, map[string]string{}, map[string][]string{}, map[string]bool{}}
	if err := lines(filepath.Join(dir, "modules.dep"), d.dep); err != nil {
		return nil, err
	}
	err := lines(filepath.Join(dir, "modules.builtin"), func(s string) error {
		d.builtin[name(s)] = true
		return nil
	})
	if errors.Is(err, os.ErrNotExist) {
		err = nil
	}
	return d, err
}

func lines(file string, each func(string) error) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	sc := bufio.NewScanner(io.LimitReader(f, maxDeps))
	sc.Buffer(nil, 1<<20)
	for n := 1; sc.Scan(); n++ {
		if s := strings.TrimSpace(sc.Text()); s != "" && s[0] != '#' {
			if err := each(s); err != nil {
				return fmt.Errorf("%s:%d: %w", file, n, err)
			}
		}
	}
	return sc.Err()
}

// name is the name of the module in a file: dm_crypt for kernel/md/dm-crypt.ko.xz.
func name(file string) string {
	base, _, _ := strings.Cut(filepath.Base(file), ".ko")
	return canonical(base)
}

// dep reads "kernel/a.ko: kernel/b.ko kernel/c.ko".
func (d *depends) dep(s string) error {
	file, needs, ok := strings.Cut(s, ":")
	all := append([]string{file}, strings.Fields(needs)...)
	for _, f := range all {
		if !ok || !filepath.IsLocal(f) || !strings.Contains(filepath.Base(f), ".ko") || !validName(name(f)) || strings.ContainsAny(f, " \t") {
			return fmt.Errorf("%q is not a module and those that it needs", s)
		}
	}
	d.files[name(file)], d.needs[name(file)] = file, all[1:]
	return nil
}

// load loads a module and, before it, those that it needs. It returns the number of files
// that it gave to the kernel: 0 if the module is built in.
func (d *depends) load(m module, insert func(file, parameters string) error) (int, error) {
	if d.builtin[m.name] {
		return 0, nil
	}
	file, ok := d.files[m.name]
	if !ok {
		return 0, fmt.Errorf("%s: %w (there is no such line in %s/modules.dep)", m.name, errMissing, d.dir)
	}
	needs := d.needs[m.name]
	n := 0
	for i := len(needs) - 1; i >= 0; i-- {
		if err := insert(filepath.Join(d.dir, needs[i]), ""); err != nil {
			return n, fmt.Errorf("%s needs %s: %w", m.name, name(needs[i]), err)
		}
		n++
	}
	if err := insert(filepath.Join(d.dir, file), m.parameters); err != nil {
		return n, fmt.Errorf("%s: %w", m.name, err)
	}
	return n + 1, nil
}

// insert gives a file to the kernel. A module that is loaded already is no error.
func insert(file, parameters string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	flags := 0
	if !strings.HasSuffix(file, ".ko") {
		flags = unix.MODULE_INIT_COMPRESSED_FILE
	}
	err = unix.FinitModule(int(f.Fd()), parameters, flags)
	if errors.Is(err, unix.EEXIST) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("the kernel refused %s: %w", file, err)
	}
	return nil
}
