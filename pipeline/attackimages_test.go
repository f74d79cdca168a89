package pipeline_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"io"
	"strings"

	"github.com/seaworthy-os/seaworthy/internal/ocitest"
)

const (
	toorHash = "$6$saltstring$hWds/4XPpAsysnYn0XfmQdS0RAhsm9XE1N89qYKToFP8eDoThGKMikxoKDxILTPPHvGbJ1z4tJHPEpAWjqEeU."
	// strongHash is the hash of a password that is not well known.
	strongHash = "$6$saltstring$Y8eaDQtQaUJYyKBDRiAkNrGfZS4Bg/q92gcWkTK2gsXO4Nq6rksWq3rgfGS4THOS3.77aB/4r09srAq9dSfWI/"
	closedSSHD = "PermitRootLogin no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n"
)

// attackImages returns the images of systems.txtar: images with a danger in an
// unusual place, and legitimate images that look similar.
func attackImages() map[string]ocitest.Image {
	file, mode := ocitest.File, withMode
	secret := func(p, content string) ocitest.Entry { return mode(file(p, content), 0o600) }
	sshd := func(content string, more ...ocitest.Entry) ocitest.Image {
		return component(ocitest.Config{}, append([]ocitest.Entry{secret("etc/ssh/sshd_config", content)}, more...)...)
	}
	return map[string]ocitest.Image{
		// Accounts.
		"example/accounts:rootfs":    component(ocitest.Config{}, secret("srv/guest/etc/shadow", "# ours\nroot::19000:0:99999:7:::\n")),
		"example/accounts:volume":    component(ocitest.Config{}, secret("logins", "root:"+toorHash+":19000:0:99999:7:::\n")),
		"example/accounts:link":      component(ocitest.Config{}, ocitest.Symlink("etc/shadow", "../srv/a"), secret("srv/a", "root::19000:0:99999:7:::\n")),
		"example/accounts:link-open": component(ocitest.Config{}, ocitest.Symlink("etc/shadow", "../srv/a"), file("srv/a", "root:"+strongHash+":19000:0:99999:7:::\n")),
		"example/accounts:hardlink":  component(ocitest.Config{}, secret("srv/a", "root::19000:0:99999:7:::\n"), ocitest.Hardlink("etc/shadow", "srv/a")),
		"example/accounts:bigcrypt":  component(ocitest.Config{}, secret("etc/shadow", "root:abhKo2urtNdfgabhKo2urtNd:19000:0:99999:7:::\n")),
		"example/accounts:passwd":    component(ocitest.Config{}, file("etc/passwd", "root:"+strongHash+":0:0::/root:/bin/sh\n")),
		"example/accounts:backup":    component(ocitest.Config{}, file("var/backups/accounts.bak", "root:"+strongHash+":19000:0:99999:7:::\n")),
		"example/accounts:former":    component(ocitest.Config{}, secret("etc/shadow-", "root::19000:0:99999:7:::\n"), secret("etc/shadow", "root:*:19000:0:99999:7:::\n")),
		"example/accounts:six": component(ocitest.Config{}, secret("etc/shadow", "a:"+strongHash+":1:::::\nb:"+strongHash+":1:::::\nc:"+strongHash+":1:::::\n"+
			"d:"+strongHash+":1:::::\ne:"+strongHash+":1:::::\nf:"+strongHash+":1:::::\n")),
		"example/accounts:store": component(ocitest.Config{}, ocitest.Symlink("etc/passwd", "/srv/0a1b"), file("srv/0a1b", "root:x:0:0::/root:/bin/sh\n"),
			ocitest.Symlink("etc/group", "/srv/2c3d"), file("srv/2c3d", "root:x:0:\n")),
		"example/accounts:manual": component(ocitest.Config{}, file("usr/share/doc/accounts.txt", "An account without a password:\nroot::0:0::/root:/bin/sh\n"), ocitest.Exec("usr/bin/passwd", "program")),

		// Two images of the init section that together bind the host's root.
		"example/links:1":            component(ocitest.Config{}, ocitest.Symlink("srv/a", "b"), ocitest.Symlink("srv/data", "../mnt/data"), ocitest.Symlink("opt/events", "/run/containerd/containerd.sock")),
		"example/links:2":            component(ocitest.Config{}, ocitest.Symlink("srv/b", "/proc/1/root"), ocitest.Dir("mnt/data")),
		"example/sshd-a:including":   sshd("Include sshd_config.d/*.conf\n" + closedSSHD),
		"example/sshd-a:part":        component(ocitest.Config{}, file("etc/ssh/sshd_config.d/site.conf", "PasswordAuthentication yes\n")),
		"example/sshd-h:part":        component(ocitest.Config{}, file("etc/ssh/sshd_config.d/site.conf", "PasswordAuthentication no\nX11Forwarding no\n")),
		"example/containerd-a:bare":  component(ocitest.Config{}, ocitest.Exec("usr/bin/containerd", "containerd")),
		"example/containerd-a:tcp":   component(ocitest.Config{}, ocitest.Exec("usr/bin/containerd", "containerd"), file("etc/containerd/config.toml", "[grpc]\ntcp_address = \"0.0.0.0:2375\"\n")),
		"example/containerd-a:group": component(ocitest.Config{}, ocitest.Exec("usr/bin/containerd", "containerd"), file("etc/containerd/config.toml", "[grpc]\ngid = 100\n")),
		"example/inittab-a:1":        component(ocitest.Config{}, file("etc/inittab", "::sysinit:/etc/init.d/rcS\nttyS0::askfirst:-/bin/sh\n")),
		"example/inittab-h:1":        component(ocitest.Config{}, file("etc/inittab", "# ::respawn:/bin/sh\n::sysinit:/bin/sh /etc/init.d/rcS\nttyS0::respawn:/sbin/getty 115200 ttyS0\n::shutdown:/bin/umount -a\n")),
		"example/pam-a:1": component(ocitest.Config{}, file("etc/pam.d/sshd", "@include common-auth\n"),
			file("etc/pam.d/common-auth", "auth [success=1 default=ignore] pam_unix.so\nauth optional pam_deny.so\nauth sufficient pam_permit.so\n")),
		"example/pam-a:2": component(ocitest.Config{}, file("usr/lib/pam.d/login", "auth sufficient pam_succeed_if.so user = admin\nauth required pam_unix.so\n")),
		"example/pam-h:1": component(ocitest.Config{}, file("etc/pam.d/su", "auth sufficient pam_rootok.so\n@include common-auth\n@include common-account\n"),
			file("etc/pam.d/common-auth", "auth\t[success=1 default=ignore]\tpam_unix.so nullok\nauth\trequisite\tpam_deny.so\nauth\trequired\tpam_permit.so\n"),
			file("etc/pam.d/common-account", "account required pam_permit.so\n"), file("etc/pam.d/other", "auth required pam_deny.so\n")),
		"example/seccomp-label:1":                              component(ocitest.Config{User: "100", Labels: map[string]string{"org.mobyproject.config": `{"seccomp": "default"}`}}),
		"example/web:0123456789abcdef0123456789abcdef01234567": component(ocitest.Config{User: "100"}),
		"example/web:latest-1":                                 component(ocitest.Config{User: "100"}),
		// sshd.
		"example/sshd-a:quoted":   sshd("Include \"/etc/ssh/my conf\"\n"+closedSSHD, secret("etc/ssh/my conf", "PasswordAuthentication yes\n")),
		"example/sshd-a:folders":  sshd("Include /etc/ssh/*/login.conf\n"+closedSSHD, secret("etc/ssh/site/login.conf", "PasswordAuthentication yes\n")),
		"example/sshd-a:negated":  sshd("Include /etc/ssh/[!a]*.conf\n"+closedSSHD, secret("etc/ssh/b.conf", "PasswordAuthentication yes\n")),
		"example/sshd-a:hidden":   sshd("Include /etc/ssh/*.conf\nPermitRootLogin no\nKbdInteractiveAuthentication no\n", secret("etc/ssh/.a.conf", "PasswordAuthentication no\n")),
		"example/sshd-a:spelling": sshd("PermitRootLogin \"y\"es\nPasswordAuthentication no\n"),
		"example/sshd-a:usr":      component(ocitest.Config{}, file("usr/etc/ssh/sshd_config", "PermitRootLogin yes\nPasswordAuthentication no\n")),
		"example/sshd-a:volume":   component(ocitest.Config{}, file("sshd_config", "PermitRootLogin yes\nPasswordAuthentication no\n")),
		"example/sshd-h:pam":      sshd("PermitRootLogin no\nPasswordAuthentication no\nUsePAM no\n"),
		"example/sshd-h:keys":     sshd("PermitRootLogin no\nAuthenticationMethods publickey,password\n"),
		"example/sshd-h:model":    sshd(closedSSHD, file("usr/share/openssh/sshd_config", "#PermitRootLogin yes\nUsePAM yes\n")),
		"example/sshd-h:client":   component(ocitest.Config{}, file("etc/ssh/ssh_config", "Host *\n  PasswordAuthentication yes\n")),

		// Setuid files.
		"example/setuid-a:hardlink": {Arch: "amd64", Config: ocitest.Config{Entrypoint: []string{"/usr/bin/web"}}, Layers: []ocitest.Layer{
			{Entries: []ocitest.Entry{ocitest.Exec("usr/bin/web", "web"), mode(ocitest.Exec("usr/bin/su", "su"), 0o4755), mode(ocitest.Hardlink("usr/bin/other", "usr/bin/su"), 0o4755)}},
			{Entries: []ocitest.Entry{ocitest.Whiteout("usr/bin/su")}},
		}},
		"example/setuid-a:group": component(ocitest.Config{}, ocitest.Entry{Path: "opt/x", Mode: 0o2711, UID: 5, GID: 42, Content: "x"}),
		"example/setuid-a:copied": {Arch: "amd64", Config: ocitest.Config{Entrypoint: []string{"/usr/bin/web"}}, Layers: []ocitest.Layer{
			{Entries: []ocitest.Entry{ocitest.Exec("usr/bin/web", "web"), ocitest.Exec("usr/bin/su", "su")}},
			{Entries: []ocitest.Entry{mode(ocitest.Exec("usr/bin/su", "su"), 0o4755)}},
		}},
		"example/setuid-a:link": component(ocitest.Config{}, ocitest.Dir("usr/lib"), ocitest.Symlink("lib", "usr/lib"), mode(ocitest.Exec("lib/helper", "x"), 0o4755)),
		"example/setuid-h:gone": {Arch: "amd64", Config: ocitest.Config{Entrypoint: []string{"/usr/bin/web"}}, Layers: []ocitest.Layer{
			{Entries: []ocitest.Entry{ocitest.Exec("usr/bin/web", "web"), mode(ocitest.Exec("usr/bin/su", "su"), 0o4755)}},
			{Entries: []ocitest.Entry{ocitest.Whiteout("usr/bin/su")}},
		}},
		"example/setuid-h:changed": {Arch: "amd64", Config: ocitest.Config{Entrypoint: []string{"/usr/bin/web"}}, Layers: []ocitest.Layer{
			{Entries: []ocitest.Entry{ocitest.Exec("usr/bin/web", "web"), mode(ocitest.Exec("usr/bin/su", "su"), 0o4755)}},
			{Entries: []ocitest.Entry{ocitest.Exec("usr/bin/su", "su")}},
		}},
		// Secrets.
		"example/secret:archive":   component(ocitest.Config{}, file("srv/app.zip", zipped("backup/etc.gz", gzipped("# /etc/web.key\n"+testKey)))),
		"example/secret-h:archive": component(ocitest.Config{}, file("usr/share/doc/web/README.gz", gzipped("A key begins with -----BEGIN PRIVATE KEY-----\n")), file("srv/certs.zip", zipped("web.pem", "-----BEGIN CERTIFICATE-----\n"+strings.Repeat("QUJDREVG\n", 8)))),
		"example/secret:tar":       component(ocitest.Config{}, secret("srv/backup", "etc/web.key\x00\x00\x00"+testKey)),
		"example/secret:wide":      component(ocitest.Config{}, secret("srv/key.txt", "\xff\xfe"+strings.Join(strings.Split(testKey, ""), "\x00"))),
		"example/secret:base64":    component(ocitest.Config{}, secret("srv/values.yml", "key: "+base64.StdEncoding.EncodeToString([]byte("\n"+testKey))+"\n")),
		"example/secret:store":     component(ocitest.Config{}, secret("srv/web.jks", "\xfe\xed\xfe\xed\x00\x00\x00\x02\x00\x00\x00\x01\x00\x00\x00\x01\x00\x05")),
		"example/secret:removed": {Arch: "amd64", Config: ocitest.Config{Entrypoint: []string{"/usr/bin/web"}}, Layers: []ocitest.Layer{
			{Entries: []ocitest.Entry{ocitest.Exec("usr/bin/web", "web"), secret("root/.netrc", "machine example.org login web password hunter22\n")}},
			{Entries: []ocitest.Entry{ocitest.Whiteout("root/.netrc")}},
		}},
		"example/secret-h:library": component(ocitest.Config{}, ocitest.Exec("usr/lib/libtls.so", "\x7fELF\x00\x00"+testKey)),
		"example/secret-h:manual":  component(ocitest.Config{}, file("usr/share/doc/x", "A key begins with -----BEGIN PRIVATE KEY----- and goes on with lines of base64.\n")),
		"example/secret-h:store":   component(ocitest.Config{}, file("etc/ca.jks", "\xfe\xed\xfe\xed\x00\x00\x00\x02\x00\x00\x00\x01\x00\x00\x00\x02\x00\x05"), secret("root/.npmrc", "registry=https://npm.example/\n")),
		"example/env-a:redis":      component(ocitest.Config{Env: []string{"REDIS_URL=redis://:hunter22@db:6379"}}),
		"example/env-a:json":       component(ocitest.Config{Labels: map[string]string{"config": `{"user": "web", "password": "hunter22"}`}}),
		"example/env-a:suffix":     component(ocitest.Config{Env: []string{"DB_PASSWORD_PROD=tR4vel8Xq0Zk"}}),
		"example/env-a:dsn":        component(ocitest.Config{Env: []string{"DB=web:hunter22@tcp(db:3306)/web"}}),
		"example/env-a:dollar":     component(ocitest.Config{Env: []string{"DB_PASSWORD=$ecret-22"}}),
		"example/env-h:switch":     component(ocitest.Config{Env: []string{"REQUIRE_PASSWORD=true", "PASSWORD_FILE=/run/secrets/db", "TOKEN=${TOKEN}", "TOKEN_TTL=3600s", "COOKIE_SECRET=/run/secrets/cookie"}}),
		"example/env-h:packages":   component(ocitest.Config{Env: []string{"LIBSECRET=0.21.4-1"}}),

		"example/setuid-h:folder": component(ocitest.Config{}, mode(ocitest.Dir("srv/shared"), 0o2775)),
	}
}

// zipped and gzipped return archives in memory, where writing cannot fail.
func zipped(name, content string) string {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	if w, err := z.Create(name); err == nil {
		_, _ = io.WriteString(w, content)
	}
	_ = z.Close()
	return b.String()
}

func gzipped(content string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = io.WriteString(z, content)
	_ = z.Close()
	return b.String()
}

func withMode(e ocitest.Entry, bits uint32) ocitest.Entry {
	e.Mode = bits
	return e
}
