package files

import (
	"maps"
	"slices"
	"strings"
	"testing"

	st "github.com/seaworthy-os/seaworthy/scanner/scantest"
)

func TestSSHD(t *testing.T) {
	t.Parallel()
	inv := must(t,
		st.File("etc/ssh/sshd_config", "# comment\nInclude /etc/ssh/sshd_config.d/*.conf\nPort 22\nPermitRootLogin yes # really\nPASSWORDAUTHENTICATION=no\n"+
			"Banner \"/etc/issue\"\nMatch User x\n  PermitEmptyPasswords yes\n"),
		st.File("etc/ssh/sshd_config.d/20.conf", "PermitRootLogin prohibit-password\n"),
		st.File("etc/ssh/sshd_config.d/10.conf", "PermitRootLogin no\nInclude sshd_config.d/10.conf\n"),
	)
	want := map[string]string{"port": "22", "permitrootlogin": "no", "passwordauthentication": "no", "banner": "/etc/issue"}
	if !maps.Equal(inv.SSHD, want) {
		t.Errorf("sshd %v, want %v", inv.SSHD, want)
	}
	if inv := must(t); inv.SSHD != nil {
		t.Error("there are settings without a file")
	}
}

// Other spellings of a setting, and conditional settings.
func TestSSHDSpellings(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		`"PasswordAuthentication" yes`:                                              {"passwordauthentication=yes"},
		`PasswordAuthentication"yes"`:                                               {"passwordauthentication=yes"},
		"PasswordAuthentication = 'yes'\r":                                          {"passwordauthentication=yes"},
		"ChallengeResponseAuthentication yes\nKbdInteractiveAuthentication no":      {"kbdinteractiveauthentication=yes"},
		"PermitRootLogin no\nPermitRootLogin yes":                                   {"permitrootlogin=no"},
		"PermitRootLogin no\nMatch  all\nPermitRootLogin yes\nPermitRootLogin no":   {"permitrootlogin=no", "[all] permitrootlogin=yes"},
		"Match User a\nInclude m.conf\nMatch Group b\nX11Forwarding yes":            {"[User a] port=1", "[Host c] port=2", "[Group b] x11forwarding=yes"},
		"Include m.conf\nPort 3\nMaxSessions 4":                                     {"maxsessions=4", "port=1", "[Host c] port=2"},
		"Include \"m.conf\"\nMatch Group b\nInclude /etc/ssh/gone\nMatch Group c\n": {"port=1", "[Host c] port=2"},
	} {
		inv := must(t, st.File("etc/ssh/sshd_config", text), st.File("etc/ssh/m.conf", "Port 1\nMatch Host c\nPort 2\n"))
		var got []string
		for _, k := range slices.Sorted(maps.Keys(inv.SSHD)) {
			got = append(got, k+"="+inv.SSHD[k])
		}
		for _, m := range inv.SSHDMatch {
			got = append(got, "["+m.Criteria+"] "+m.Keyword+"="+m.Value)
		}
		expect(t, text, got, want...)
	}
}

// Keys may lie where sshd_config says. A part of a configuration that no file
// of the image includes counts too. Another image may include it: images that
// share one root always can.
func TestSSHDParts(t *testing.T) {
	t.Parallel()
	part := st.File("etc/ssh/sshd_config.d/a.conf", "PasswordAuthentication yes\nMatch User x\nPermitRootLogin yes\n")
	whole := st.File("etc/ssh/sshd_config", "PermitRootLogin no\n")
	with := st.File("etc/ssh/sshd_config", "Include /etc/ssh/sshd_config.d/*.conf\n")
	for name, c := range map[string]struct {
		root    bool
		objects []st.Object
		want    int
	}{
		"alone":                     {false, []st.Object{part}, 2},
		"beside another":            {false, []st.Object{part, whole}, 0},
		"beside another, in a root": {true, []st.Object{part, whole}, 2},
		"included":                  {false, []st.Object{part, with}, 1},
		"included, in a root":       {true, []st.Object{part, with}, 1},
	} {
		inv := links(t, c.root, c.objects...)
		if len(inv.SSHDMatch) != c.want {
			t.Errorf("%s: %v, want %d settings", name, inv.SSHDMatch, c.want)
		}
	}
}

func TestAuthorizedKeys(t *testing.T) {
	t.Parallel()
	keys := []st.Object{
		st.File("etc/keys/root", "k"), st.File("etc/keys/[x]", "k"), st.Symlink("etc/k", "keys"), st.File("etc/ca.pub", "k"), st.File("home/a/.keys", "k"),
		st.File("srv/a/.ssh/mine", "k"), st.File("root/.ssh/authorized_keys", "k"), st.File("etc/50%", "k"), st.File("etc/keys/a/b", "k"),
		// An empty file has no keys.
		st.File("etc/keys/empty", ""), st.File("home/a/.ssh/authorized_keys", ""), st.File("home/b/.keys", ""),
	}
	for config, want := range map[string][]string{
		"":                                  nil,
		"AuthorizedKeysFile none":           nil,
		"AuthorizedKeysFile /etc/keys/%u":   {"/etc/keys/[x]", "/etc/keys/root"},
		"AuthorizedKeysFile /etc/keys/[x]":  {"/etc/keys/[x]"},
		"AuthorizedKeysFile=/etc/k/%U":      {"/etc/k/[x]", "/etc/k/root"},
		"AuthorizedKeysFile %h/.keys":       {"/home/a/.keys"},
		"AuthorizedKeysFile .ssh/mine":      {"/srv/a/.ssh/mine"},
		"AuthorizedKeysFile /etc/keys/%u/b": {"/etc/keys/a/b"},
		"AuthorizedKeysFile /etc/50%%":      {"/etc/50%"},
		"TrustedUserCAKeys /etc/ca.pub":     {"/etc/ca.pub"},
		"Match User a\nAuthorizedKeysFile \"/etc/keys/root\" /etc/ca.pub": {"/etc/ca.pub", "/etc/keys/root"},
	} {
		inv := must(t, append([]st.Object{st.File("etc/ssh/sshd_config", config)}, keys...)...)
		want = append(want, "/root/.ssh/authorized_keys")
		slices.Sort(want)
		expect(t, config, inv.AuthorizedKeys, want...)
	}
}

func TestHostilePatterns(t *testing.T) {
	t.Parallel()
	for _, pattern := range []string{"%h/\xff", "%h/" + strings.Repeat("a", 5000), strings.Repeat("%h/a ", 5) + "%u/b %u/c %u/d %u/e %u/f %u/g %u/h %u/i %u/j %u/k %u/l %u/m %u/n %u/o %u/p %u/q %u/r %u/s %u/t %u/u"} {
		if inv := must(t, st.File("etc/ssh/sshd_config", "AuthorizedKeysFile "+pattern)); !inv.Truncated || len(inv.AuthorizedKeys) != 0 {
			t.Errorf("%.20q: %v", pattern, inv.AuthorizedKeys)
		}
	}
}

func TestLogins(t *testing.T) {
	t.Parallel()
	if got := Logins("/etc/getty.shadow", "root::1\nbin:*:1\n"); got == nil || !slices.Equal(got.EmptyPasswords, []string{"root"}) || got.SSHD != nil {
		t.Errorf("%+v", got)
	}
	got := Logins("/etc/ssh/sshd_config", "PermitRootLogin yes\nInclude x\n")
	if got == nil || got.SSHD["permitrootlogin"] != "yes" || !got.Partial {
		t.Errorf("%+v", got)
	}
	if got := Logins("/etc/motd", "root::1\n"); got != nil {
		t.Errorf("%+v", got)
	}
}
