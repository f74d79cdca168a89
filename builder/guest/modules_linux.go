package guest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// moduleLoader loads modules into the running kernel. Services that are
// prepared in parallel share one loader.
type moduleLoader struct {
	mu      sync.Mutex // guards loaded and count
	dir     string
	modules *Modules
	params  func(module string) string
	blocked map[string]bool // modules that must not be loaded
	loaded  map[string]bool // files, including those that could not be loaded
	count   int
	errs    []error
}

// newModuleLoader reads the files in lib/modules for the running kernel. If the
// image has no modules, the loader loads none.
func newModuleLoader(cmdline Cmdline) (*moduleLoader, error) {
	l := &moduleLoader{loaded: map[string]bool{}, params: cmdline.ModuleParams, blocked: cmdline.BlockedModules()}
	var uts unix.Utsname
	if err := unix.Uname(&uts); err != nil {
		return nil, err
	}
	release := unix.ByteSliceToString(uts.Release[:])
	for _, d := range []string{"/lib/modules", "/usr/lib/modules"} {
		if st, err := os.Stat(path.Join(d, release)); err == nil && st.IsDir() {
			l.dir = path.Join(d, release)
			break
		}
	}
	if l.dir == "" {
		l.modules, _ = ParseModules(nil, nil, nil)
		return l, nil
	}
	var data [3][]byte
	for i, f := range []string{"modules.dep", "modules.alias", "modules.builtin"} {
		b, err := readLimited(os.DirFS(l.dir), f, maxModuleFile)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		data[i] = b
	}
	var err error
	l.modules, err = ParseModules(data[0], data[1], data[2])
	return l, err
}

// load loads a module and the modules that it needs.
func (l *moduleLoader) load(name string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.blocked[canonical(name)] {
		return nil
	}
	files, err := l.modules.Order(name)
	if err != nil {
		return err
	}
	for _, f := range files {
		if l.loaded[f] {
			continue
		}
		l.loaded[f] = true
		if err := l.loadFile(f); err != nil {
			return err
		}
	}
	return nil
}

func (l *moduleLoader) loadFile(file string) error {
	f, err := os.Open(path.Join(l.dir, file))
	if err != nil {
		return err
	}
	defer f.Close()
	flags := 0
	if !strings.HasSuffix(file, ".ko") {
		flags = unix.MODULE_INIT_COMPRESSED_FILE
	}
	err = unix.FinitModule(int(f.Fd()), l.params(moduleName(file)), flags)
	if err != nil && !errors.Is(err, unix.EEXIST) {
		return fmt.Errorf("cannot load module %s: %w", moduleName(file), err)
	}
	if err == nil {
		l.count++
	}
	return nil
}

// alias loads the modules for an alias, such as "fs-overlay". It ignores
// errors: the later use of the module fails with its own error.
func (l *moduleLoader) alias(alias string) {
	names := l.modules.Match(alias)
	if len(names) == 0 {
		if _, rest, ok := strings.Cut(alias, "-"); ok {
			names = []string{rest[strings.LastIndexByte(rest, '-')+1:]}
		}
	}
	for _, n := range names {
		_ = l.load(n)
	}
}

// deviceDirs are the folders where the kernel lists its devices, by bus and by
// class. /sys/devices lists the same devices, but among ten times as many
// folders. The processor is a system device.
var deviceDirs = []string{"/sys/devices/system", "/sys/bus/*/devices", "/sys/class/*"}

// coldplug loads the drivers of the existing devices. The driver of a bus may
// add devices, so coldplug repeats until there are no new ones.
func (l *moduleLoader) coldplug() {
	seen := map[string]bool{}
	for range 8 {
		before := len(seen)
		for _, alias := range modaliases(deviceDirs) {
			if seen[alias] {
				continue
			}
			seen[alias] = true
			for _, m := range l.modules.Match(alias) {
				if err := l.load(m); err != nil {
					l.errs = append(l.errs, err)
				}
			}
		}
		if len(seen) == before {
			return
		}
	}
}

// modaliases returns the modaliases of the devices in the folders that match
// the patterns.
func modaliases(patterns []string) []string {
	var out []string
	for _, p := range patterns {
		dirs, _ := filepath.Glob(p)
		for _, dir := range dirs {
			f, err := os.Open(dir)
			if err != nil {
				continue
			}
			names, _ := f.Readdirnames(-1)
			f.Close()
			slices.Sort(names)
			for _, n := range names {
				if b, err := os.ReadFile(dir + "/" + n + "/modalias"); err == nil {
					if alias := strings.TrimSpace(string(b)); alias != "" {
						out = append(out, alias)
					}
				}
			}
		}
	}
	return out
}
