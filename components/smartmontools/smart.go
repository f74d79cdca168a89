//go:build linux

// Package smart is the program smart-watch, which asks the disks of the machine for their
// health with smartctl, and writes the answers as figures for Prometheus.
package smart

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/seaworthy-os/seaworthy/components/applet"
	"github.com/seaworthy-os/seaworthy/components/block"
	"github.com/seaworthy-os/seaworthy/components/landlock"
	"github.com/seaworthy-os/seaworthy/internal/atomicfile"
)

// Main runs the program.
func Main() {
	s := watcher{disks: disks, ask: smartctl}
	(&applet.Program{Name: "smart-watch", Usage: "[flags] FILE", Flags: s.flags, Run: s.run}).Main()
}

type watcher struct {
	every time.Duration
	disks func() ([]string, error)
	ask   func(ctx context.Context, disk string) []byte

	// said is what was printed of each disk.
	said map[string]string
}

func (s *watcher) flags(fs *flag.FlagSet) {
	fs.DurationVar(&s.every, "every", 30*time.Minute, "time between two questions")
}

func (s *watcher) run(ctx context.Context, w io.Writer, args []string) error {
	if len(args) != 1 || s.every <= 0 {
		return applet.Usagef("give the file for the figures; -every is above 0")
	}
	// Questions to NVMe disks need CAP_SYS_ADMIN. With Landlock, the program and smartctl
	// cannot mount anything, and read no other files.
	version, err := landlock.Restrict(landlock.Needs{
		Read: []string{"/dev", "/etc", "/proc", "/sys", "/usr/share/smartmontools"},
		Run:  []string{"/usr/sbin", "/usr/lib", "/lib", "/lib64"}, Write: []string{filepath.Dir(args[0])},
	})
	if err != nil {
		return err
	}
	if version == 0 {
		fmt.Fprintln(w, "the kernel has no Landlock: only the container restricts smartctl")
	}
	for {
		text, err := s.once(ctx, w)
		if err == nil {
			err = atomicfile.Write(args[0], []byte(text), 0o644)
		}
		if err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(s.every):
		}
	}
}

// answer is what the program uses of smartctl's JSON.
type answer struct {
	Smartctl struct {
		Messages []struct{ String string }
	}
	Model  string `json:"model_name"`
	Serial string `json:"serial_number"`
	Status *struct {
		Passed bool
	} `json:"smart_status"`
	Temperature struct{ Current *float64 }
	PowerOn     struct{ Hours *float64 }   `json:"power_on_time"`
	NVMeLog     map[string]json.RawMessage `json:"nvme_smart_health_information_log"`
}

// once asks all disks, prints what has changed, and returns the figures.
func (s *watcher) once(ctx context.Context, w io.Writer) (string, error) {
	names, err := s.disks()
	if err != nil {
		return "", err
	}
	figures := map[string][]string{}
	said := map[string]string{}
	for _, name := range names {
		text, lines := judge(name, s.ask(ctx, name))
		if said[name] = text; s.said[name] != text {
			fmt.Fprintf(w, "%s: %s\n", name, text)
		}
		for figure, line := range lines {
			figures[figure] = append(figures[figure], line)
		}
	}
	if s.said = said; len(names) == 0 {
		fmt.Fprintln(w, "the machine has no disk that can be asked")
	}
	var b strings.Builder
	for _, figure := range slices.Sorted(maps.Keys(figures)) {
		fmt.Fprintf(&b, "# TYPE %s gauge\n%s", figure, strings.Join(figures[figure], ""))
	}
	return b.String(), nil
}

// judge reads an answer of smartctl: a text for people, and a line for each figure.
func judge(name string, data []byte) (text string, lines map[string]string) {
	var a answer
	if err := json.Unmarshal(data, &a); err != nil {
		return fmt.Sprintf("smartctl did not answer: %v", err), nil
	}
	if a.Status == nil {
		text = "the disk does not say whether it is healthy"
		for _, m := range a.Smartctl.Messages {
			text += "; " + m.String
		}
		return text, nil
	}
	labels := fmt.Sprintf("{device=%s,model=%s,serial=%s}", quote(name), quote(a.Model), quote(a.Serial))
	lines = map[string]string{}
	add := func(figure string, v *float64) {
		if v != nil {
			lines[figure] = fmt.Sprintf("%s%s %v\n", figure, labels, *v)
		}
	}
	healthy := 0.0
	if text = "the disk says that it FAILS: replace it"; a.Status.Passed {
		healthy, text = 1, "healthy"
	}
	add("smart_healthy", &healthy)
	add("smart_temperature_celsius", a.Temperature.Current)
	add("smart_power_on_hours", a.PowerOn.Hours)
	for key, figure := range map[string]string{"percentage_used": "smart_used_percent", "available_spare": "smart_spare_percent", "media_errors": "smart_media_errors"} {
		var v float64
		if json.Unmarshal(a.NVMeLog[key], &v) == nil {
			add(figure, &v)
		}
	}
	return text, lines
}

// quote is the value of a label in Prometheus's text.
func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(s) + `"`
}

var names = regexp.MustCompile(`^(nvme\d+n\d+|sd[a-z]+)$`)

// disks lists the disks that can have SMART.
func disks() (found []string, err error) {
	all, err := block.System.List()
	for _, d := range all {
		if names.MatchString(d.Name) {
			found = append(found, d.Name)
		}
	}
	return found, err
}

// smartctl asks a disk. An exit status above 0 can mean that the disk fails, so only the
// answer counts.
func smartctl(ctx context.Context, disk string) []byte {
	out, _ := applet.Output(ctx, "smartctl", "--json", "--info", "--health", "--attributes", "/dev/"+disk)
	return []byte(out)
}
