package files

import (
	"fmt"
	"strings"
	"testing"

	st "github.com/seaworthy-os/seaworthy/scanner/scantest"
)

func TestOpenLogins(t *testing.T) {
	t.Parallel()
	redhat := "auth required pam_env.so\nauth [default=1 ignore=ignore success=ok] pam_usertype.so isregular\n" +
		"auth [default=1 ignore=ignore success=ok] pam_localuser.so\nauth sufficient pam_unix.so nullok\nauth sufficient pam_sss.so forward_pass\nauth required pam_deny.so\n"
	arch := "auth required pam_faillock.so preauth\n-auth [success=2 default=ignore] pam_systemd_home.so\nauth [success=1 default=bad] pam_unix.so nullok\n" +
		"auth [default=die] pam_faillock.so authfail\nauth optional pam_permit.so\nauth required pam_env.so\nauth required pam_faillock.so authsucc\n"
	debian := "auth [success=1 default=ignore] pam_unix.so nullok\nauth requisite pam_deny.so\nauth required pam_permit.so\n"
	for name, c := range map[string]struct {
		stack string
		open  bool
	}{
		"Debian":                          {debian, false},
		"Red Hat":                         {redhat, false},
		"Arch":                            {arch, false},
		"Alpine":                          {"auth required pam_env.so\nauth required pam_nologin.so successok\nauth required pam_unix.so\n", false},
		"root alone":                      {"auth sufficient pam_rootok.so\n", false},
		"nothing for authentication":      {"account required pam_permit.so\nsession optional pam_permit.so\n", false},
		"only what says nothing":          {"auth required pam_env.so\n", false},
		"a comment":                       {"#auth required pam_permit.so\n", false},
		"an unknown module":               {"auth required pam_mine.so\n", false},
		"permit behind a requisite":       {"auth requisite pam_unix.so\nauth required pam_permit.so\n", false},
		"permit behind a required":        {"auth required pam_unix.so\nauth sufficient pam_permit.so\n", false},
		"a program that gets the secret":  {"auth required pam_exec.so expose_authtok /usr/bin/check\n", false},
		"permit":                          {"auth required pam_permit.so\n", true},
		"permit by its path":              {"AUTH sufficient /lib/security/pam_permit.so\n", true},
		"permit before it":                {"auth sufficient pam_permit.so\nauth required pam_unix.so\n", true},
		"permit behind a sufficient":      {"auth sufficient pam_unix.so\nauth required pam_permit.so\n", true},
		"permit behind an optional":       {"auth optional pam_unix.so\nauth optional pam_permit.so\n", true},
		"permit behind a jump":            {"auth [default=1] pam_unix.so\nauth requisite pam_deny.so\nauth required pam_permit.so\n", false},
		"a failure that is ignored":       {"auth [default=ignore] pam_unix.so\nauth required pam_permit.so\n", true},
		"a reset":                         {"auth required pam_unix.so\nauth [default=reset] pam_warn.so\nauth required pam_permit.so\n", true},
		"by name":                         {"auth sufficient pam_succeed_if.so user = admin\nauth required pam_deny.so\n", true},
		"by the group":                    {"auth sufficient pam_wheel.so trust use_uid\nauth required pam_deny.so\n", true},
		"by the group, as well":           {"auth required pam_wheel.so use_uid\nauth required pam_unix.so\n", false},
		"by the host":                     {"auth sufficient pam_rhosts.so\nauth required pam_unix.so\n", true},
		"a program":                       {"auth sufficient pam_exec.so /usr/bin/true\nauth required pam_unix.so\n", true},
		"a line in two":                   {"auth sufficient \\\n pam_permit.so\n", true},
		"included":                        {"auth include open\n", true},
		"included whole":                  {"@include open\n", true},
		"a substack":                      {"auth substack open\nauth required pam_deny.so\n", false},
		"a substack alone":                {"auth substack open\nauth optional pam_deny.so\n", true},
		"a substack that ends well":       {"auth substack open\nauth required pam_env.so\n", true},
		"an included file that is absent": {"auth include gone\n", false},
	} {
		inv := must(t, st.File("etc/pam.d/a", c.stack), st.File("usr/lib/pam.d/open", "auth sufficient pam_permit.so\n"))
		want := []string{"/etc/pam.d/a", "/usr/lib/pam.d/open"}
		if !c.open {
			want = want[1:]
		}
		expect(t, name, inv.OpenLogins, want...)
	}
}

// The cost of a hostile stack is limited by its length.
func TestHostileStacks(t *testing.T) {
	t.Parallel()
	ring := must(t, st.File("etc/pam.d/a", "@include b\n@include b\n"), st.File("etc/pam.d/b", "@include a\n@include a\n"))
	if !ring.Truncated {
		t.Error("a loop of includes counts as a complete stack")
	}
	long := must(t, st.File("etc/pam.d/a", strings.Repeat("auth [success=1 default=2] pam_access.so\n", maxStack)+"auth required pam_deny.so\n"))
	if !long.Truncated {
		t.Error("a stack that is too long counts as complete")
	}
	expect(t, "greeters", must(t, st.File("etc/pam.d/sddm-greeter", "auth required pam_permit.so\n")).OpenLogins)
}

func TestInittab(t *testing.T) {
	t.Parallel()
	inv := must(t, st.File("etc/inittab", fmt.Sprintf("# c:x:y:z\nid:3:initdefault:\n::sysinit:/etc/rc\n%s\n", "tty1::askfirst:-/bin/sh -l:x")))
	expect(t, "inittab", inv.Inittab, "/etc/rc", "/bin/sh -l:x")
}
