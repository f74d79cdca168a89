//go:build linux

// Command trace observes containers for seaworthy trace. In a traced system, PID 1
// starts it instead of the OCI runtime, with the same arguments. It starts the runtime
// for each container. For a traced one, it first changes config.json: the seccomp
// filter then notifies this program of each system call that it would allow. seaworthy
// trace says over a serial port when to start a service, and with which capabilities. The
// containers of onboot and onshutdown start when PID 1 starts them, and are only reported.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/seaworthy-os/seaworthy/internal/atomicfile"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
	"github.com/seaworthy-os/seaworthy/internal/tracing"
)

// runtimes are the OCI runtimes that can be started.
var runtimes = []string{"/usr/bin/crun", "/bin/crun", "/usr/local/bin/crun"}

// work is the folder for changed copies of config.json.
const work = "/run/seaworthy-trace"

func main() {
	switch {
	case len(os.Args) > 1 && os.Args[1] == healthVerb:
		os.Exit(runHealth(os.Stdin, os.Stdout))
	case len(os.Args) > 1 && os.Args[1] == relayVerb:
		if err := runRelay(os.Args[2:], os.Stdin, os.Stdout); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		return
	case len(os.Args) > 2 && os.Args[1] == onceVerb:
		if err := runOnce(os.Args[2]); err != nil {
			sendFailed(err)
		}
		return
	}
	err := run(os.Args)
	var code exited
	if errors.As(err, &code) {
		os.Exit(int(code))
	}
	fmt.Fprintln(os.Stderr, "trace:", err)
	sendFailed(err)
	os.Exit(1)
}

func sendFailed(err error) {
	if p, portErr := openPort(); portErr == nil { // one program at a time can open it
		p.send(tracing.Message{Failed: err.Error()})
	}
}

// run becomes the OCI runtime, or observes until the machine ends. It returns only
// errors.
func run(argv []string) error {
	runtime, err := findRuntime()
	if err != nil {
		return err
	}
	c := parseCall(argv[1:])
	settings, err := readSettings()
	if err != nil {
		return err
	}
	section, name := c.container()
	traced := -1
	if section == services {
		traced = slices.Index(settings.Services, name)
	}
	switch {
	case section == "":
	case traced >= 0 && c.verb == "create":
		return errors.New("the service has network interfaces or bound namespaces of its own, and such a service cannot be traced")
	case traced >= 0 && c.verb == "run":
		if err := c.register(); err != nil {
			return err
		}
		if traced > 0 {
			return c.wait()
		}
		return observe(runtime, settings.AsBuilt)
	case section == onboot && name == tracing.BootedName:
		return c.booted()
	case section != services && !settings.AsBuilt && slices.Contains(settings.Once, section+"/"+name):
		return c.once(runtime, &settings)
	case section == onshutdown && len(settings.Once) > 0:
		// PID 1 shuts the machine down whatever these containers do.
		return c.reported(runtime)
	case !settings.AsBuilt:
		if err := c.keepPtrace(); err != nil {
			return err
		}
	}
	argv = append([]string{runtime}, c.args...)
	return fmt.Errorf("%s: %w", runtime, unix.Exec(runtime, argv, os.Environ()))
}

func findRuntime() (string, error) {
	for _, p := range runtimes {
		if st, err := os.Stat(p); err == nil && st.Mode().IsRegular() {
			return p, nil
		}
	}
	return "", errors.New("the image has no crun, which a traced system needs")
}

func readSettings() (s tracing.Settings, err error) {
	data, err := bounded.ReadFile(tracing.SettingsFile, tracing.MaxLine)
	if err == nil {
		err = json.Unmarshal(data, &s)
	}
	return s, err
}

// call is how PID 1 starts the OCI runtime.
type call struct {
	args []string
	// pid is the process that PID 1 started. Its output is that of the service.
	pid int
	// verb is run, create, start or delete. bundle is "" if the verb has none.
	verb, bundle, name string
	config             string
}

// parseCall reads the arguments that builder/guest passes: --root DIR VERB, and flags
// with one value each.
func parseCall(args []string) *call {
	c := &call{args: args}
	if len(args) < 4 || args[0] != "--root" {
		return c
	}
	c.verb, c.name = args[2], args[len(args)-1]
	c.bundle, c.config = argument(args, "--bundle"), argument(args, "--config")
	if c.bundle != "" && c.config == "" {
		c.config = path.Join(c.bundle, "config.json")
	}
	return c
}

// The sections of containers.
const (
	onboot     = "onboot"
	services   = "services"
	onshutdown = "onshutdown"
)

// container returns the section and the name of the container that PID 1 starts. Both are
// "" for other calls.
func (c *call) container() (section, name string) {
	rest, ok := strings.CutPrefix(c.bundle, "/containers/")
	if !ok {
		return "", ""
	}
	if section, name = path.Split(rest); section != services+"/" {
		_, name, _ = strings.Cut(name, "-") // behind its number
	}
	return path.Clean(section), name
}

// argument returns the value behind a flag, "" if there is none.
func argument(args []string, flag string) string {
	if i := slices.Index(args, flag); i >= 0 && i+1 < len(args) {
		return args[i+1]
	}
	return ""
}

// register tells the observer how a service is started: only one process can talk to
// seaworthy trace, and it starts all traced services.
func (c *call) register() error {
	text, err := json.Marshal(registered{c.args, os.Getpid()})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(work, 0o700); err != nil {
		return err
	}
	return atomicfile.Write(registryOf(path.Base(c.bundle)), text, 0o600)
}

type registered struct {
	Args []string
	PID  int
}

func registryOf(service string) string { return path.Join(work, service+".call") }

// findCall returns how a service is started, when PID 1 has come to it.
func findCall(service string, patience time.Duration) (*call, error) {
	for began := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		text, err := bounded.ReadFile(registryOf(service), maxConfig)
		if err == nil {
			var r registered
			if err := json.Unmarshal(text, &r); err != nil {
				return nil, err
			}
			c := parseCall(r.Args)
			c.pid = r.PID
			return c, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		if time.Since(began) > patience {
			return nil, fmt.Errorf("the system did not start the service within %v", patience)
		}
	}
}

// stand makes this process take the place of the container for PID 1.
func (c *call) stand() error {
	return os.WriteFile(argument(c.args, "--pid-file"), []byte(strconv.Itoa(os.Getpid())), 0o600)
}

// wait stands for the service until the machine ends.
func (c *call) wait() error {
	if err := c.stand(); err != nil {
		return err
	}
	for {
		time.Sleep(time.Hour)
	}
}

// with returns the arguments with another config.json.
func (c *call) with(config string) []string {
	var out []string
	for i := 0; i < len(c.args); i++ {
		if c.args[i] == "--config" {
			i++
			continue
		}
		out = append(out, c.args[i])
		if i == 2 {
			out = append(out, "--config", config)
		}
	}
	return out
}

// maxConfig limits the size of a config.json, as PID 1 does.
const maxConfig = 8 << 20

// spec reads config.json as a tree, so that unknown keys stay.
func (c *call) spec() (map[string]any, error) {
	data, err := bounded.ReadFile(c.config, maxConfig)
	if err != nil {
		return nil, err
	}
	var spec map[string]any
	if err := json.Unmarshal(data, &spec); err != nil {
		return nil, fmt.Errorf("%s: %w", c.config, err)
	}
	return spec, nil
}

// write writes a changed config.json to the folder work, which it makes, and returns its
// path.
func (c *call) write(spec map[string]any) (string, error) {
	data, err := json.Marshal(spec)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(work, 0o700); err != nil {
		return "", err
	}
	name := path.Join(work, strings.ReplaceAll(strings.Trim(c.bundle, "/"), "/", "-")+".json")
	return name, os.WriteFile(name, data, 0o600)
}

// ptraceScope is a parameter that cannot be lowered again. With 3, no program can read
// the memory of another one, and this one could not read the paths of system calls.
const ptraceScope = "/proc/sys/kernel/yama/ptrace_scope"

// keepPtrace hides the parameter from a container that is not observed.
func (c *call) keepPtrace() error {
	spec, err := c.spec()
	if err != nil {
		return err
	}
	if changed, err := hidePtrace(spec); err != nil || !changed {
		return err
	}
	name, err := c.write(spec)
	if err != nil {
		return err
	}
	c.args = c.with(name)
	return nil
}

// hidePtrace hides the parameter from a container: what the container writes there has
// no effect.
func hidePtrace(spec map[string]any) (changed bool, err error) {
	now, err := os.ReadFile(ptraceScope)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if err := os.MkdirAll(work, 0o700); err != nil {
		return false, err
	}
	hidden := path.Join(work, "ptrace_scope")
	mounts, _ := spec["mounts"].([]any)
	spec["mounts"] = append(mounts, map[string]any{"destination": ptraceScope, "type": "bind", "source": hidden, "options": []string{"bind", "rw"}})
	return true, os.WriteFile(hidden, now, 0o644)
}
