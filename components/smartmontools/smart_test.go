//go:build linux

package smart

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/components/applet"
)

const nvme = `{"smartctl": {"exit_status": 0}, "model_name": "Fast \"X\"", "serial_number": "data", "smart_status": {"passed": true},
 "temperature": {"current": 50}, "power_on_time": {"hours": 7},
 "nvme_smart_health_information_log": {"percentage_used": 3, "available_spare": 100, "media_errors": 0, "temperature": 50}}`

func TestOnce(t *testing.T) {
	t.Parallel()
	answers := map[string]string{
		"nvme0n1": nvme,
		"sda":     `{"model_name": "old", "smart_status": {"passed": false}}`,
		"sdb":     `{"smartctl": {"messages": [{"string": "Smartctl open device: /dev/sdb failed: Permission denied", "severity": "error"}]}}`,
		"sdc":     ``,
	}
	s := watcher{disks: func() ([]string, error) { return []string{"nvme0n1", "sda", "sdb", "sdc"}, nil },
		ask: func(_ context.Context, disk string) []byte { return []byte(answers[disk]) }}
	var out bytes.Buffer
	text, err := s.once(t.Context(), &out)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"# TYPE smart_healthy gauge\nsmart_healthy{device=\"nvme0n1\",model=\"Fast \\\"X\\\"\",serial=\"data\"} 1\nsmart_healthy{device=\"sda\",model=\"old\",serial=\"\"} 0\n",
		"\nsmart_temperature_celsius{device=\"nvme0n1\",model=\"Fast \\\"X\\\"\",serial=\"data\"} 50\n",
		"\nsmart_power_on_hours{", "\nsmart_used_percent{", "\nsmart_spare_percent{", "\nsmart_media_errors{",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%s\nlacks %s", text, want)
		}
	}
	if strings.Contains(text, "sdb") || strings.Contains(text, "sdc") {
		t.Error(text)
	}
	const want = "nvme0n1: healthy\nsda: the disk says that it FAILS: replace it\n" +
		"sdb: the disk does not say whether it is healthy; Smartctl open device: /dev/sdb failed: Permission denied\n" +
		"sdc: smartctl did not answer: unexpected end of JSON input\n"
	if out.String() != want {
		t.Error(out.String())
	}
	// Only what changes is printed again.
	out.Reset()
	answers["nvme0n1"] = strings.Replace(nvme, "true", "false", 1)
	if _, err := s.once(t.Context(), &out); err != nil || out.String() != "nvme0n1: the disk says that it FAILS: replace it\n" {
		t.Errorf("%v, %s", err, out.String())
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{"nvme0n1": true, "sda": true, "sdab": true, "nvme0n1p1": false, "sda1": false, "vda": false, "sr0": false, "loop0": false, "dm-0": false, "nvme0c0n1": false} {
		if names.MatchString(name) != want {
			t.Errorf("%s: %v", name, !want)
		}
	}
}

func TestArguments(t *testing.T) {
	t.Parallel()
	for _, s := range []watcher{{every: 0}, {every: -1}} {
		if err := s.run(t.Context(), nil, []string{"/file"}); !errors.Is(err, applet.ErrUsage) {
			t.Error(err)
		}
	}
}
