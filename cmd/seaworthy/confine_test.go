package main

import (
	"encoding/json"
	"os/exec"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/runtime"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/cmd/seaworthy/cli"
)

// TestBootConfined boots the example with user ids and AppArmor profiles for its
// services, with crun, runc and containerd. report sees its ids, its profile, and what
// the profile forbids. nginx answers: it can write to its root file system.
func TestBootConfined(t *testing.T) {
	t.Parallel()
	if !allBoots() {
		t.Skip("skipped: boots three machines; run `make test-boot`")
	}
	if _, err := exec.LookPath(emulators["amd64"]); err != nil {
		t.Skipf("skipped: %s is not installed", emulators["amd64"])
	}
	s := newSystem(t)
	text := string(readFile(t, s.path("minimal.yml")))
	edit := func(old, replacement string) {
		t.Helper()
		if strings.Count(text, old) != 1 {
			t.Fatalf("minimal.yml does not have %q exactly once", old)
		}
		text = strings.Replace(text, old, replacement, 1)
	}
	edit("  - seaworthy/init:0.1\n", "  - seaworthy/init:0.1\n  - seaworthy/apparmor:0.1\n")
	edit("    uid: 102\n", "    uid: 102\n    userns: auto\n    apparmor: report\n")
	edit("    uid: 101\n", "    uid: 101\n    userns: auto\n    apparmor: container\n")
	// nginx writes below /tmp: now to its root file system.
	edit("    readonly: true\n    tmpfs: [\"/tmp:rw,nosuid,nodev,noexec,size=16m,mode=1777\"]\n", "    readonly: false\n")
	s.bare(cli.ExitPass, "key", "generate", "--output-dir", s.dir)
	first := runtime.Ranges([]string{"services/nginx", "services/report"}, nil)["services/report"]
	const crun = "  - seaworthy/crun:1.8\n"
	for _, with := range []string{crun, "  - seaworthy/runc:1.1\n", "  - seaworthy/runc:1.1\n  - seaworthy/containerd:1.6\n"} {
		name := strings.Join(regexp.MustCompile(`[a-z]+\b`).FindAllString(strings.ReplaceAll(with, "seaworthy/", ""), -1), "+")
		s.write("minimal.yml", strings.Replace(text, crun, with, 1))
		s.run(cli.ExitPass, "lock", s.path("minimal.yml"))
		out := s.build(name, []string{"kernel+initrd"})
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			one := *s
			one.t = t
			s := &one
			page := s.reported(out, []*regexp.Regexp{regexp.MustCompile(`apparmor: profiles loaded from 2 files`), regexp.MustCompile(`ready: 2 of 2 services`)}, "--memory", "1024")
			s.checkReport(t, page)
			var r struct {
				AppArmor          string
				UserIDs, GroupIDs []struct{ Inside, Outside, Size uint32 }
				Attempts          []attempt
			}
			if err := json.Unmarshal([]byte(page), &r); err != nil {
				t.Fatal(err)
			}
			want := []struct{ Inside, Outside, Size uint32 }{{0, first, system.UsersPerContainer}}
			if !reflect.DeepEqual(r.UserIDs, want) || !reflect.DeepEqual(r.GroupIDs, want) {
				t.Errorf("users %v, groups %v, want %v", r.UserIDs, r.GroupIDs, want)
			}
			if r.AppArmor != "report (enforce)" {
				t.Errorf("AppArmor %q", r.AppArmor)
			}
			tried := allowed(r.Attempts)
			if can, known := tried["read /etc/passwd"]; can || !known {
				t.Errorf("the AppArmor profile allows to read /etc/passwd: %v", r.Attempts)
			}
		})
	}
}
