package files

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
	st "github.com/seaworthy-os/seaworthy/scanner/scantest"
	"github.com/seaworthy-os/seaworthy/scanner/tree"
)

func inventory(t testing.TB, objects ...st.Object) (facts.Inventory, error) {
	t.Helper()
	tr := tree.New()
	s := NewSink(tr)
	if err := st.Feed(objects, st.InTree{Tree: tr}, s); err != nil {
		t.Fatal(err)
	}
	return s.Inventory()
}

func must(t testing.TB, objects ...st.Object) facts.Inventory {
	t.Helper()
	inv, err := inventory(t, objects...)
	if err != nil {
		t.Fatal(err)
	}
	return inv
}

// show formats objects as "path mode kind".
func show(l []facts.Obj) []string {
	var out []string
	for _, o := range l {
		s := o.Path + " " + o.Mode
		if o.Kind != "" {
			s += " " + o.Kind
		}
		if o.Shadowed {
			s += " shadowed"
		}
		out = append(out, s)
	}
	return out
}

func expect(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

func capability(bits ...int) map[string]string {
	b := make([]byte, 20)
	binary.LittleEndian.PutUint32(b, 0x02000001)
	for _, bit := range bits {
		at := 4 + 8*(bit/32)
		binary.LittleEndian.PutUint32(b[at:], binary.LittleEndian.Uint32(b[at:])|1<<(bit%32))
	}
	return map[string]string{"security.capability": string(b)}
}

func with(o st.Object, change func(*system.Entry)) st.Object {
	change(&o.Entry)
	return o
}

func TestModes(t *testing.T) {
	t.Parallel()
	ping := with(st.Mode("bin/ping", 0o755, "x"), func(e *system.Entry) { e.Xattrs = capability(13, 39) })
	inv := must(t,
		st.Mode("usr/bin/su", 0o4755, "x"), st.Mode("usr/bin/wall", 0o2755, "x"), st.Hardlink("bin/su", "usr/bin/su"),
		st.Dir("var/mail", 0o2775), st.Shadowed(st.Mode("old/su", 0o4755, "x")),
		st.Mode("etc/open", 0o666, "x"), st.Dir("tmp", 0o1777), st.Dir("open", 0o777), st.Symlink("link", "etc/open"),
		with(st.Mode("dev/sda", 0o666, ""), func(e *system.Entry) { e.Type = system.TypeBlock }),
		with(st.Mode("dev/null", 0o666, ""), func(e *system.Entry) { e.Type = system.TypeChar }),
		ping, st.Hardlink("bin/ping6", "bin/ping"),
		with(st.File("bin/odd", "x"), func(e *system.Entry) { e.Xattrs = map[string]string{"security.capability": "zz"} }),
	)
	expect(t, "setid", show(inv.SetID), "/bin/su 4755", "/usr/bin/su 4755", "/usr/bin/wall 2755")
	expect(t, "world-writable", show(inv.WorldWritable), "/dev/sda 666", "/etc/open 666", "/open 777")
	expect(t, "capabilities", show(inv.FileCaps), "/bin/odd 644 unreadable", "/bin/ping 755 cap_net_raw,cap_bpf", "/bin/ping6 755 cap_net_raw,cap_bpf")
	if inv.Count != 13 || inv.Bytes != 5 || !inv.Present || inv.Truncated {
		t.Errorf("count %d, bytes %d", inv.Count, inv.Bytes)
	}
}

// Device nodes that the build leaves out are listed. Nodes that another entry
// replaces are not.
func TestLeftOut(t *testing.T) {
	node := func(p string, leftOut bool) st.Object {
		return st.Object{Entry: system.Entry{Path: p, Type: system.TypeChar, Mode: 0o666, Shadowed: true, LeftOut: leftOut}}
	}
	inv := must(t, node("dev/zero", true), node("dev/null", true), node("dev/null", true), node("dev/sda", false))
	expect(t, "left out", inv.LeftOut, "/dev/null", "/dev/zero")
	expect(t, "world-writable", show(inv.WorldWritable))
}

func TestEmptyFolders(t *testing.T) {
	inv := must(t, st.Dir("run", 0o755), st.Dir("tmp", 0o1777), st.File("tmp/x", "x"), st.Dir("var/lib/a", 0o700), st.Dir("var/lib/b", 0o755), st.Dir("var/lib/b/c", 0o755),
		st.Symlink("var/run", "/run"), st.Dir("srv", 0o755), st.Dir("variable", 0o755), st.Dir("var/log/d", 0o755), st.Symlink("var/log/d/link", "x"), st.Shadowed(st.Dir("var/old", 0o755)))
	expect(t, "empty folders", inv.EmptyFolders, "/run", "/var/lib/a", "/var/lib/b/c")
	var many []st.Object
	for i := range facts.MaxListed + 1 {
		many = append(many, st.Dir(fmt.Sprintf("run/%d", i), 0o755))
	}
	if inv := must(t, many...); len(inv.EmptyFolders) != facts.MaxListed || inv.Truncated {
		t.Errorf("%d folders are listed, truncated %t", len(inv.EmptyFolders), inv.Truncated)
	}
}

func TestSensitive(t *testing.T) {
	t.Parallel()
	inv := must(t,
		st.File("etc/shadow", "root:*:1\n"), st.Mode("etc/gshadow", 0o640, "x"), st.File("root/.kube/config", "x"),
		st.File("etc/ssh/ssh_host_rsa_key", "x"), st.Mode("etc/ssl/private/a.key", 0o600, "x"), st.File("etc/passwd", "root:x:0:0\n"),
		st.File("srv/tls.pem", pem), st.Mode("srv/closed.pem", 0o600, pem), st.Shadowed(st.File("etc/krb5.keytab", "x")),
	)
	expect(t, "sensitive", show(inv.Sensitive), "/etc/shadow 644 system secret", "/etc/ssh/ssh_host_rsa_key 644 private key",
		"/root/.kube/config 644 user secret", "/srv/tls.pem 644 private key")
}

// A folder that other users may not enter protects its files, unless a file has
// another name outside.
func TestSensitiveInClosedFolder(t *testing.T) {
	t.Parallel()
	inv := must(t,
		st.Dir("root", 0o700), st.File("root/.npmrc", "x"), st.Dir("root/deep", 0o755), st.File("root/deep/tls.pem", pem),
		st.Dir("a", 0o750), st.File("a/one.pem", pem), st.Hardlink("srv/one", "a/one.pem"), st.File("a/two.pem", pem), st.Hardlink("root/two", "a/two.pem"),
		st.Dir("b", 0o711), st.File("b/tls.pem", pem), st.Symlink("srv/c", "/a"), st.Symlink("home/.npmrc", "/a/.npmrc"), st.File("a/.npmrc", "x"),
	)
	expect(t, "sensitive", show(inv.Sensitive), "/a/one.pem 644 private key", "/b/tls.pem 644 private key")
}

// A link gives a sensitive file, or its folder, another name.
func TestSensitiveByLink(t *testing.T) {
	t.Parallel()
	inv := must(t, st.Symlink("etc", "private/etc"), st.File("private/etc/shadow", "root:*:1\n"), st.Mode("private/etc/sudoers", 0o440, "x"),
		st.Symlink("root/.kube/config", "../../srv/k"), st.File("srv/k", "x"), st.Symlink("root/.netrc", "/gone"), st.Symlink("home/.npmrc", "/root/.npmrc"), st.File("root/.npmrc", "x"))
	expect(t, "sensitive", show(inv.Sensitive), "/etc/shadow 644 system secret", "/root/.kube/config 644 user secret", "/root/.npmrc 644 user secret")
}

// All versions of the attribute are read, including the one with the root user
// of a namespace. A truncated attribute is reported.
func TestFileCapabilities(t *testing.T) {
	t.Parallel()
	second := capability(13, 21)["security.capability"]
	third := "\x01\x00\x00\x03" + second[4:] + "\xe8\x03\x00\x00"
	first := "\x01\x00\x00\x01" + second[4:12]
	for attr, want := range map[string]string{
		first: "cap_net_raw,cap_sys_admin", second: "cap_net_raw,cap_sys_admin", third: "cap_net_raw,cap_sys_admin",
		third[:12]: "unreadable", "\x01\x00\x00\x04" + second[4:]: "unreadable", "": "",
	} {
		inv := must(t, with(st.File("bin/x", "x"), func(e *system.Entry) { e.Xattrs = map[string]string{"security.capability": attr} }))
		got := ""
		for _, o := range inv.FileCaps {
			got += o.Kind
		}
		if got != want {
			t.Errorf("%q: %q, want %q", attr, got, want)
		}
	}
}

// An access control list replaces the mode.
func TestACL(t *testing.T) {
	t.Parallel()
	acl := func(o st.Object, other byte) st.Object {
		return with(o, func(e *system.Entry) {
			e.Xattrs = map[string]string{"system.posix_acl_access": "\x02\x00\x00\x00\x01\x00\x06\x00\xff\xff\xff\xff\x20\x00" + string([]byte{other}) + "\x00\xff\xff\xff\xff"}
		})
	}
	inv := must(t, acl(st.Mode("a", 0o640, "x"), 6), acl(st.Mode("b", 0o666, "x"), 4), acl(st.Mode("etc/shadow", 0o600, "x"), 4), acl(st.Dir("d", 0o755), 7),
		with(st.Mode("broken", 0o600, "x"), func(e *system.Entry) { e.Xattrs = map[string]string{"system.posix_acl_access": "\x02\x00\x00\x00\x20"} }),
		with(st.Mode("none", 0o600, "x"), func(e *system.Entry) { e.Xattrs = map[string]string{"system.posix_acl_access": "\x02\x00\x00\x00"} }))
	expect(t, "world-writable", show(inv.WorldWritable), "/a 646", "/broken 607", "/d 757", "/none 607")
	expect(t, "sensitive", show(inv.Sensitive), "/etc/shadow 604 system secret")
}

// The secrets of these tests are random and open nothing. They are assembled
// here, so that scanners of source code do not report them.
var (
	body = strings.Repeat("MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKB\n", 3)
	cert = strings.Repeat("MIIDdzCCAl+gAwIBAgIEAgAAuTANBgkqhkiG9w0BAQUFADBaMQswCQYDVQQGEwJJ\n", 3)
	pem  = "-----BEGIN " + "PRIVATE KEY-----\n" + body + "-----END PRIVATE KEY-----\n"
	aws  = "AKIA" + "Q3EGRXNFTZ7LH2VW"
	ghp  = "gh" + "p_" + "0123456789abcdefABCDEF0123456789abcd"
)

func TestDetectSecret(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"pkcs8":              {pem, "private key"},
		"rsa with headers":   {"-----BEGIN RSA " + "PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n" + body, "private key"},
		"openssh":            {"# mine\n-----BEGIN OPENSSH " + "PRIVATE KEY-----\n" + body, "private key"},
		"windows lines":      {strings.ReplaceAll(pem, "\n", "\r\n"), "private key"},
		"json":               {`{"private_key": "` + strings.ReplaceAll(pem, "\n", `\n`) + `"}`, "private key"},
		"pgp":                {"-----BEGIN PGP " + "PRIVATE KEY BLOCK-----\n\n" + body, "private key"},
		"cosign":             {"-----BEGIN ENCRYPTED " + "SIGSTORE PRIVATE KEY-----\n" + body, "private key"},
		"aws":                {"aws_access_key_id = " + aws + "\n", "AWS access key"},
		"github":             {"https://x:" + ghp + "@github.com/", "GitHub token"},
		"gitlab":             {"glpat" + "-abcdefghij0123456789\n", "GitLab token"},
		"age":                {"AGE-SECRET-" + "KEY-1" + strings.Repeat("Q", 58), "age secret key"},
		"at the start":       {ghp, "GitHub token"},
		"certificate":        {"-----BEGIN CERTIFICATE-----\n" + cert, ""},
		"public key":         {"-----BEGIN PUBLIC KEY-----\n" + cert, ""},
		"header in a manual": {"begins with -----BEGIN " + "PRIVATE KEY-----, then lines of base64", ""},
		"header in code":     {`const h = "-----BEGIN ` + `RSA PRIVATE KEY-----"` + "\nfunc x() {}\n", ""},
		"vendor's example":   {"AKIA" + "IOSFODNN7EXAMPLE", ""},
		"part of a word":     {"XAKIA" + "Q3EGRXNFTZ7LH2VW", ""},
		"base64 noise":       {"fooAKIA" + "Q3EGRXNFTZ7LH2VWmore", ""},
		"too long":           {aws + "7", ""},
		"program":            {"\x7fELF\x00\x00" + pem, ""},
		"tar":                {"etc/key\x00\x00" + pem, "private key"},
		"empty":              {"", ""},
		"second is real":     {"AKIA" + "IOSFODNN7EXAMPLE and " + aws, "AWS access key"},
	} {
		if got := DetectSecret([]byte(c.text)); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// A secret is found at any border of windows and writes.
func TestSecretAcrossBorders(t *testing.T) {
	t.Parallel()
	for _, secret := range []string{pem, " " + aws + " ", "(" + ghp + ")"} {
		for pad := 16*keepBack - len(secret) - keepBack - 5; pad < 16*keepBack+5; pad += 11 {
			for _, filler := range []string{".", "word "} {
				text := strings.Repeat(filler, pad/len(filler)+1)[:pad] + "\n" + secret + strings.Repeat(filler, 5000)
				var f Finder
				for i := 0; i < len(text); i += 1013 {
					if _, err := f.Write([]byte(text[i:min(len(text), i+1013)])); err != nil {
						t.Fatal(err)
					}
				}
				if f.Kind() == "" {
					t.Fatalf("%.20q after %d bytes is not found", secret, pad)
				}
			}
		}
	}
	// The byte before the window counts too.
	text := strings.Repeat(".", 15*keepBack-2) + "X" + aws + strings.Repeat(".", 5*keepBack)
	for shift := range 40 {
		if got := DetectSecret([]byte(text[shift:])); got != "" {
			t.Fatalf("a part of a word counts as a key, shifted by %d", shift)
		}
	}
}

func TestSecretsInAllLayers(t *testing.T) {
	t.Parallel()
	inv := must(t, st.Mode("app/key.pem", 0o600, pem), st.Shadowed(st.File("app/.env", "KEY="+aws+"\n")), st.File("app/ok", "x"),
		st.File("usr/share/doc/x/test.key", pem))
	expect(t, "secrets", show(inv.Secrets), "/app/.env 644 AWS access key shadowed", "/app/key.pem 600 private key", "/usr/share/doc/x/test.key 644 private key")
	for _, o := range inv.Secrets {
		if strings.Contains(fmt.Sprint(o), aws) {
			t.Error("the secret itself is stored")
		}
	}
}

func TestTools(t *testing.T) {
	t.Parallel()
	inv := must(t,
		st.Mode("usr/bin/apt-get", 0o755, "x"), st.Mode("usr/bin/x86_64-linux-gnu-gcc-12", 0o755, "x"), st.Mode("usr/bin/python3.11", 0o755, "x"),
		st.Symlink("usr/bin/wget", "/bin/busybox"), st.Mode("usr/local/bin/gdb", 0o755, "x"), st.Mode("usr/bin/pip3.11", 0o755, "x"),
		st.File("usr/share/bash-completion/completions/curl", "x"), st.File("usr/share/man/man1/gcc", "x"), st.Mode("usr/bin/gccx", 0o755, "x"),
		st.Shadowed(st.Mode("usr/bin/nc", 0o755, "x")), st.Dir("opt/bin/make", 0o755),
	)
	expect(t, "tools", show(inv.Tools), "/usr/bin/apt-get 755 package manager", "/usr/bin/pip3.11 755 package manager", "/usr/bin/wget 777 network tool",
		"/usr/bin/x86_64-linux-gnu-gcc-12 755 compiler", "/usr/local/bin/gdb 755 debugger")
}

func TestAccounts(t *testing.T) {
	t.Parallel()
	inv := must(t,
		st.File("etc/passwd", "root:x:0:0:root:/root:/bin/sh\ntoor:x:0:0::/:/bin/sh\nguest::1000:1000::/:/bin/sh\n# c::1\n+::::::\nshort\nzero:x:00:0::/:\nwrap:x:4294967296:0::/:\nblank:x: 0:0::/:\nodd:x:0x0:0::/:\n"),
		st.Symlink("etc/shadow", "../data/shadow"), st.File("data/shadow", "root::19000:0:::::\nguest:!:19000::::::\nbin:*:1\n"),
		st.File("etc/group", "root:x:0:\nwheel:x:0:root\na:x:5:\n"),
		st.File("root/.ssh/authorized_keys", "ssh-ed25519 AAAA\n"),
	)
	expect(t, "empty passwords", inv.EmptyPasswords, "guest", "root")
	expect(t, "duplicate ids", inv.DuplicateIDs, "gid 0: root, wheel", "uid 0: blank, root, toor, wrap, zero")
	expect(t, "authorized keys", inv.AuthorizedKeys, "/root/.ssh/authorized_keys")
}

func TestSysctl(t *testing.T) {
	t.Parallel()
	inv := must(t,
		st.File("etc/sysctl.d/20-b.conf", "# c\n; d\nkernel.kptr_restrict = 2\n-net/ipv4/ip_forward=0\nbroken\n=x\n"),
		st.File("etc/sysctl.d/10-a.conf", "kernel.kptr_restrict=1\nnet.ipv4.ping_group_range = 0   10\n"),
		st.File("etc/sysctl.d/README", "a.b=c\n"), st.File("usr/lib/sysctl.d/50.conf", "x.y=z\n"),
		st.File("etc/sysctl.conf", "kernel.dmesg_restrict=1"),
	)
	var got []string
	for i, s := range inv.Sysctl {
		if s.Order != i {
			t.Errorf("order %d at %d", s.Order, i)
		}
		got = append(got, s.Source+" "+s.Key+"="+s.Value)
	}
	expect(t, "sysctl", got, "/etc/sysctl.d/10-a.conf kernel.kptr_restrict=1", "/etc/sysctl.d/10-a.conf net.ipv4.ping_group_range=0 10",
		"/etc/sysctl.d/20-b.conf kernel.kptr_restrict=2", "/etc/sysctl.d/20-b.conf net.ipv4.ip_forward=0", "/etc/sysctl.conf kernel.dmesg_restrict=1")
	for key, want := range map[string]string{"a.b.c": "a.b.c", "a/b/c": "a.b.c", "net/ipv4/conf/eth0.1/f": "net.ipv4.conf.eth0/1.f", "a.b/c": "a.b/c",
		"a..b": "a.b", "/a//b": "a.b", "a/./b": "a.b", "a/x/../b": "a.b", "..a.b.": "a.b", "": ""} {
		if got := SysctlKey(key); got != want {
			t.Errorf("SysctlKey(%q) = %q, want %q", key, got, want)
		}
	}
}

func TestHostile(t *testing.T) {
	t.Parallel()
	for name, objects := range map[string][]st.Object{
		"shadow of a gigabyte":         {{Entry: system.Entry{Path: "etc/shadow", Type: system.TypeFile, Size: 1 << 30}, Content: st.Zeros{}}},
		"shadow under another name":    {st.File("data/blob", "root::1\n"), st.Symlink("etc/shadow", "/data/blob")},
		"sshd_config of two megabytes": {st.File("etc/ssh/sshd_config", strings.Repeat("#", 2<<20))},
	} {
		if _, err := inventory(t, objects...); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	// Links to missing files, to themselves and to the build machine are not
	// files.
	inv := must(t, st.Symlink("etc/passwd", "/etc/passwd"), st.Symlink("etc/group", "../../../../etc/group"), st.Symlink("etc/shadow", "/nowhere"))
	if len(inv.EmptyPasswords)+len(inv.DuplicateIDs) != 0 {
		t.Errorf("%+v", inv)
	}
	var many []st.Object
	for i := range facts.MaxListed + 10 {
		many = append(many, st.Mode(fmt.Sprintf("s/%d", i), 0o4777, "x"))
	}
	if inv := must(t, many...); !inv.Truncated || len(inv.SetID) != facts.MaxListed {
		t.Errorf("%d listed, truncated %v", len(inv.SetID), inv.Truncated)
	}
	include := strings.Repeat("Include /etc/ssh/*\nInclude *\n", 20_000)
	if inv := must(t, st.File("etc/ssh/sshd_config", include)); !inv.Truncated {
		t.Error("endless includes are accepted")
	}
}

func FuzzSecret(f *testing.F) {
	f.Add([]byte(pem), 10)
	f.Add([]byte("x "+aws), 3)
	f.Fuzz(func(t *testing.T, data []byte, piece int) {
		piece = min(max(piece, 1), 1<<16)
		whole := DetectSecret(data)
		var f Finder
		for i := 0; i < len(data); i += piece {
			if _, err := f.Write(data[i:min(len(data), i+piece)]); err != nil {
				t.Fatal(err)
			}
		}
		if got := f.Kind(); got != whole {
			t.Fatalf("%q in pieces of %d, %q as a whole", got, piece, whole)
		}
	})
}

func FuzzSettings(f *testing.F) {
	f.Add("root::0:0\nx", "a=b\n-c/d = e", "Port 22\nInclude *.conf\nMatch all")
	f.Add("", "", "\"AuthorizedKeysFile\" %h/.ssh/k /etc/%%/%u none\nMatch User a\nTrustedUserCAKeys=/etc/x")
	f.Fuzz(func(t *testing.T, accounts, sysctl, sshd string) {
		inv, err := inventory(t, st.File("etc/passwd", accounts), st.File("etc/shadow", accounts), st.File("etc/group", accounts),
			st.File("etc/sysctl.d/a.conf", sysctl), st.File("etc/sysctl.conf", sysctl),
			st.File("etc/ssh/sshd_config", sshd), st.File("etc/ssh/sshd_config.d/x.conf", sshd))
		if err != nil {
			t.Skip() // too long
		}
		for _, s := range inv.Sysctl {
			if s.Key == "" || strings.ContainsAny(s.Key+s.Value, "\n") {
				t.Fatalf("setting %+v", s)
			}
		}
		for _, n := range inv.EmptyPasswords {
			if n == "" || strings.ContainsAny(n, ":\n") {
				t.Fatalf("account %q", n)
			}
		}
		for k := range inv.SSHD {
			if k == "" || k != strings.ToLower(k) {
				t.Fatalf("keyword %q", k)
			}
		}
	})
}
