//go:build linux

package losetup

import (
	"strings"
	"testing"
)

func TestArguments(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{"/f": " /f", "/dev/loop3 /f": "/dev/loop3 /f", "": "", "/dev/sda /f": "", "a b c": ""} {
		device, file, err := arguments(strings.Fields(args))
		if got := device + " " + file; err == nil && got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", args, got, err)
		}
	}
}
