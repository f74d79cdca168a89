package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/seaworthy-os/seaworthy/builder/boot"
	"github.com/seaworthy-os/seaworthy/builder/component/recipe"
	"github.com/seaworthy-os/seaworthy/cmd/seaworthy/cli"
	"github.com/seaworthy-os/seaworthy/internal/health"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// library is a component with a system.yml: how a system uses it.
type library struct {
	name     string
	file     string // of its system.yml
	checks   []health.Check
	services []string
	onboot   []string
	// onshutdown containers run when the machine has been asked to shut down.
	onshutdown []string
	// runtime: it is an OCI runtime, which the system uses instead of crun.
	runtime bool
}

// ports are those that the component listens on in the shared network namespace.
func (l *library) ports() (all []string) {
	for _, c := range l.checks {
		if c.TCP != 0 {
			all = append(all, fmt.Sprint("tcp", c.TCP))
		}
		if c.UDP != 0 {
			all = append(all, fmt.Sprint("udp", c.UDP))
		}
	}
	return all
}

// moreChecks ask what only the system of the test has.
var moreChecks = map[string][]health.Check{
	// The administrator logs in, adds an entry, and reads it.
	"slapd": {{TCP: 389, Hex: "3037 020101 6032 020103 041a636e3d61646d696e2c64633d6578616d706c652c64633d6f7267 80116f6e6c7920666f72207468652074657374" +
		"306b 020102 6866 041164633d6578616d706c652c64633d6f7267 3051 3017 040b6f626a656374436c617373 3108 0406646f6d61696e 300f 04026463 3109 04076578616d706c65" +
		"3025 040b6465736372697074696f6e 3116 04147772697474656e2062792074686520636865636b" +
		"3043 020103 633e 041164633d6578616d706c652c64633d6f7267 0a0100 0a0100 020100 020100 010100 870b6f626a656374436c617373 300d 040b6465736372697074696f6e",
		Expect: "description1(?s:.{1,3})written by the check"}},
	// The route that the neighbour announces.
	"frr": {{File: "/proc/net/route", Expect: `\nfrr0\t006433C6\t060200C0\t`}},
}

// readLibrary reads the components that have a system.yml.
func readLibrary(t *testing.T) (all []*library) {
	t.Helper()
	files, err := filepath.Glob("../../components/*/system.yml")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		dir := filepath.Dir(file)
		rec, err := recipe.Load(dir)
		if err != nil {
			t.Error(err)
			continue
		}
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var sections struct {
			Onboot, Services, Onshutdown []struct{ Name string }
		}
		if err := yaml.Unmarshal(data, &sections); err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		l := &library{name: filepath.Base(dir), file: file, checks: append(rec.Health, moreChecks[filepath.Base(dir)]...), runtime: filepath.Base(dir) == "runc"}
		for _, s := range sections.Services {
			l.services = append(l.services, s.Name)
		}
		for _, s := range sections.Onboot {
			l.onboot = append(l.onboot, s.Name)
		}
		for _, s := range sections.Onshutdown {
			l.onshutdown = append(l.onshutdown, s.Name)
		}
		if len(l.services) > 0 && len(l.checks) == 0 {
			t.Errorf("%s: a service needs health checks in its component.yml", l.name)
		}
		all = append(all, l)
	}
	return all
}

// perSystem is how many components with services share one system: a boot takes long
// under emulation, and each service takes memory.
const perSystem = 12

// namesOf joins the names of the components of one system.
func namesOf(group []*library) string {
	var names []string
	for _, l := range group {
		names = append(names, l.name)
	}
	return strings.Join(names, "+")
}

// systems divides the components: no two of one system use the same port, or another
// runtime.
func systems(all []*library) (groups [][]*library) {
next:
	for _, l := range all {
		for i, g := range groups {
			services := 0
			for _, other := range g {
				services += min(len(other.services), 1)
			}
			clash := services >= perSystem && len(l.services) > 0 || l.runtime
			for _, other := range g {
				clash = clash || other.runtime
				for _, p := range other.ports() {
					clash = clash || slices.Contains(l.ports(), p)
				}
			}
			if !clash {
				groups[i] = append(g, l)
				continue next
			}
		}
		groups = append(groups, []*library{l})
	}
	return groups
}

// TestComponents boots all components, and runs their health checks. Every system
// passes baseline without waivers: with nothing but the components' allowances.
func TestComponents(t *testing.T) {
	t.Parallel()
	wanted := os.Getenv("SEAWORTHY_COMPONENTS")
	if wanted == "" {
		t.Skip("skipped: boots all components; run `make test-components`")
	}
	s := newSystem(t)
	all := readLibrary(t)
	if wanted != "all" {
		all = slices.DeleteFunc(all, func(l *library) bool { return !slices.Contains(strings.Split(wanted, ","), l.name) })
	}
	if len(all) == 0 {
		t.Fatalf("no component of %s has a system.yml", wanted)
	}
	s.bare(cli.ExitPass, "key", "generate", "--output-dir", s.dir)
	var hardened atomic.Int32
	t.Run("boot", func(t *testing.T) { // until all are done
		for i, group := range systems(all) {
			t.Run(namesOf(group), func(t *testing.T) {
				t.Parallel()
				g := *s
				g.t, g.dir = t, s.path(fmt.Sprint("group", i))
				if err := os.Mkdir(g.dir, 0o755); err != nil {
					t.Fatal(err)
				}
				for _, rules := range g.bootGroup(group, s.path("seaworthy")) {
					if len(rules) == 0 {
						hardened.Add(1)
					}
				}
			})
		}
	})
	if n := hardened.Load(); wanted == "all" && n < leastHardened {
		t.Errorf("%d components pass hardened, want at least %d", n, leastHardened)
	}
}

// leastHardened is how many components must pass the pack hardened. A few of those that
// change the system cannot pass it.
const leastHardened = 60

// groupFiles writes the os.yml files of a system with several components.
func (s *realSystem) groupFiles(group []*library, host *host) []string {
	t := s.t
	t.Helper()
	base, err := os.ReadFile("../../testdata/components/base.yml")
	if err != nil {
		t.Fatal(err)
	}
	if group[0].runtime {
		base = bytes.Replace(base, []byte("  - seaworthy/crun:1.8\n"), nil, 1)
	}
	if err := os.WriteFile(s.path("base.yml"), base, 0o644); err != nil { // the lock is written beside it
		t.Fatal(err)
	}
	files := []string{s.path("base.yml")}
	for _, l := range group {
		if l.file != "" { // else the base has it
			files = append(files, host.adapt(l))
		}
	}
	return files
}

// judged returns the rules of a pack with one of the results for a component of a locked
// system, by the component's name.
func (s *realSystem) judged(group []*library, pack string, files []string, results ...decision.State) map[string][]string {
	t := s.t
	t.Helper()
	var out, errs bytes.Buffer
	args := append([]string{"check", "--components", realComponents, "--offline", "--arch", s.arch, "--locked", "--policy", pack, "--fail-on", "none", "--report", "json"}, files...)
	if code := run(t.Context(), args, strings.NewReader(""), &out, &errs); code != cli.ExitPass {
		t.Fatalf("seaworthy %v: exit code %d\n%s", args, code, errs.String())
	}
	var d decision.Decision
	if err := json.Unmarshal(out.Bytes(), &d); err != nil {
		t.Fatal(err)
	}
	rules := map[string][]string{}
	for _, l := range group {
		rules[l.name] = []string{}
		for section, names := range map[string][]string{"onboot": l.onboot, "services": l.services, "onshutdown": l.onshutdown} {
			for _, name := range names {
				for _, f := range d.Findings {
					if f.Resource == "component:"+section+"/"+name && slices.Contains(results, f.State) {
						rules[l.name] = append(rules[l.name], f.ID)
					}
				}
			}
		}
		slices.Sort(rules[l.name])
		rules[l.name] = slices.Compact(rules[l.name])
	}
	return rules
}

// bootGroup builds one system with several components, and boots it until all of
// them are healthy. key is the name of the key pair, without its ending. It returns the
// rules of hardened that each component does not pass.
func (s *realSystem) bootGroup(group []*library, key string) map[string][]string {
	t := s.t
	host := s.newHost()
	s.keyboard = host.typed
	files := s.groupFiles(group, host)
	files = append(files, s.probe(group))
	out := filepath.Join(s.dir, "out")
	s.run(cli.ExitPass, "lock", files...)
	s.run(cli.ExitPass, "check", append([]string{"--locked"}, files...)...)
	hardened := s.judged(group, "hardened", files, decision.StateFail, decision.StateUnknown)
	s.run(cli.ExitPass, "build", append([]string{"--locked", "--key", key + ".key", "--output-dir", out}, files...)...)
	text := s.untilAnswered(out, key, len(group), func(console *console) {
		for _, l := range group {
			host.ask(t, l.name, console)
		}
	}, append(host.publish(), "--disk", s.dataDisk(), "--disk-bus", diskBus(group), "--guest-agent", host.agent, "--cdrom", host.cdrom(), "--tpm", "--input", "--cpus", cpus(group))...)
	for _, l := range group {
		for section, names := range map[string][]string{"onboot": l.onboot, "onshutdown": l.onshutdown} {
			for _, name := range names {
				if !regexp.MustCompile(section + ` \d+-` + regexp.QuoteMeta(name) + `: ok`).MatchString(text) {
					t.Errorf("%s %s did not end well\n%s", section, name, text)
				}
			}
		}
	}
	for _, l := range group {
		if request := `POST /poweroff {"event":"poweroff","host":"seaworthy-7"}`; l.name == "poweroff-hook" && !host.told(request) {
			t.Errorf("the server was not told: %s", request)
		}
	}
	if t.Failed() || testing.Verbose() {
		t.Log(text)
	}
	return hardened
}

// diskBus is how the disk of the machine of these components is attached: a virtio disk does
// not measure its health, as smartmontools wants.
func diskBus(group []*library) string {
	if slices.ContainsFunc(group, func(l *library) bool { return l.name == "smartmontools" }) {
		return boot.NVMe
	}
	return boot.Virtio
}

// cpus is how many processors the machine of these components has: irqbalance does
// nothing with one.
func cpus(group []*library) string {
	if slices.ContainsFunc(group, func(l *library) bool { return l.name == "irqbalance" }) {
		return "2"
	}
	return "1"
}

// untilAnswered boots an image with the service probe until all components answer, and
// returns what the console showed. answered, if it is not nil, runs before the machine is
// asked to shut down, with the console of the machine. flags are more flags of boot. It
// skips the rest of the test without QEMU.
func (s *realSystem) untilAnswered(out, key string, components int, answered func(*console), flags ...string) string {
	t := s.t
	t.Helper()
	if _, err := exec.LookPath("qemu-system-x86_64"); err != nil {
		t.Skip("not booted: QEMU is not installed")
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	console := &console{last: time.Now()}
	done := make(chan int, 1)
	go func() {
		done <- run(ctx, append([]string{"boot", "--key", key + ".pub", "--memory", "2048", out}, flags...), s.keyboard, console, console)
	}()
	ready := fmt.Sprintf("probe: all %d components answer", components)
	const ends = "starts again in 1m0s" // the longest pause of init
	for !strings.Contains(console.String(), ready) {
		select {
		case code := <-done:
			t.Fatalf("the machine ended with exit code %d\n%s", code, console)
		case <-time.After(time.Second):
		}
		if console.quiet() > silence {
			t.Fatalf("the console is silent\n%s", console)
		}
		if strings.Count(console.String(), ends) > 5 {
			t.Fatalf("a service ends again and again\n%s", console)
		}
	}
	if answered != nil {
		answered(console)
	}
	stop()
	<-done
	return console.String()
}

// probe writes the os.yml of the service that runs the checks.
func (s *realSystem) probe(group []*library) string {
	s.t.Helper()
	var all []health.Component
	for _, l := range group {
		all = append(all, health.Component{Name: l.name, Checks: l.checks})
	}
	checks, err := json.Marshal(all)
	if err != nil {
		s.t.Fatal(err)
	}
	yml, err := yaml.Marshal(map[string]any{
		"services": []any{map[string]any{
			"name": "probe", "image": "seaworthy/probe:0.1", "net": "/run/netns/outside", "ipc": "new", "uts": "new",
			"capabilities": []string{}, "readonly": true, "noNewPrivileges": true, "seccomp": "default",
			"binds":   []string{"/etc/probe.json:/etc/probe.json:ro,nosuid,nodev,noexec", "/run/components:/run/components:ro,nosuid,nodev,noexec"},
			"runtime": map[string]any{"mkdir": []string{"/run/components"}},
			"resources": map[string]any{"pids": map[string]any{"limit": 64}, "memory": map[string]any{"limit": 67108864},
				"devices": []any{map[string]any{"allow": false, "access": "rwm"}}},
		}},
		"files": []any{map[string]any{"path": "etc/probe.json", "contents": string(checks), "mode": "0444"}},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	name := s.path("probe.yml")
	if err := os.WriteFile(name, yml, 0o644); err != nil {
		s.t.Fatal(err)
	}
	return name
}
