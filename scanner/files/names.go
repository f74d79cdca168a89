package files

import (
	"path"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/internal/lazyre"
)

// tools are programs that a running appliance does not need, by file name. The
// kinds are those of facts.Inventory.Tools.
var tools = map[string]string{
	// package managers
	"apt":          "package manager",
	"apt-get":      "package manager",
	"aptitude":     "package manager",
	"dpkg":         "package manager",
	"dpkg-deb":     "package manager",
	"apk":          "package manager",
	"rpm":          "package manager",
	"dnf":          "package manager",
	"dnf5":         "package manager",
	"microdnf":     "package manager",
	"yum":          "package manager",
	"zypper":       "package manager",
	"pacman":       "package manager",
	"emerge":       "package manager",
	"opkg":         "package manager",
	"xbps-install": "package manager",
	"pip":          "package manager",
	"pip3":         "package manager",
	"npm":          "package manager",
	"yarn":         "package manager",
	"pnpm":         "package manager",
	"gem":          "package manager",
	"composer":     "package manager",
	"cargo":        "package manager",
	"conda":        "package manager",
	"nix-env":      "package manager",
	"snap":         "package manager",
	"flatpak":      "package manager",
	// compilers and their tools
	"gcc":      "compiler",
	"g++":      "compiler",
	"cc":       "compiler",
	"c++":      "compiler",
	"clang":    "compiler",
	"clang++":  "compiler",
	"cpp":      "compiler",
	"tcc":      "compiler",
	"go":       "compiler",
	"gofmt":    "compiler",
	"rustc":    "compiler",
	"javac":    "compiler",
	"ghc":      "compiler",
	"ocamlopt": "compiler",
	"ld":       "compiler",
	"as":       "compiler",
	"ar":       "compiler",
	"make":     "compiler",
	"cmake":    "compiler",
	"gcc-ar":   "compiler",
	// programs that inspect other processes
	"gdb":       "debugger",
	"gdbserver": "debugger",
	"lldb":      "debugger",
	"strace":    "debugger",
	"ltrace":    "debugger",
	"perf":      "debugger",
	"bpftrace":  "debugger",
	"valgrind":  "debugger",
	"nsenter":   "debugger",
	"ptrace":    "debugger",
	"objdump":   "debugger",
	"delve":     "debugger",
	"dlv":       "debugger",
	// programs that connect to, or listen on, a network
	"nc":             "network tool",
	"ncat":           "network tool",
	"netcat":         "network tool",
	"nc.openbsd":     "network tool",
	"nc.traditional": "network tool",
	"socat":          "network tool",
	"nmap":           "network tool",
	"tcpdump":        "network tool",
	"tshark":         "network tool",
	"wireshark":      "network tool",
	"telnet":         "network tool",
	"ftp":            "network tool",
	"curl":           "network tool",
	"wget":           "network tool",
	"ssh":            "network tool",
	"scp":            "network tool",
	"dig":            "network tool",
	"hping3":         "network tool",
	"iperf":          "network tool",
	"iperf3":         "network tool",
	"masscan":        "network tool",
	"arping":         "network tool",
	"ettercap":       "network tool",
}

// version is the suffix that distributions add to a program's name, triplet the
// prefix of cross compilers.
var (
	version = lazyre.New(`-?[0-9]+(\.[0-9]+)*$`)
	triplet = lazyre.New(`^[a-z0-9_]+-(?:[a-z0-9]+-)?linux-[a-z0-9]+-`)
)

// toolKind returns the kind of the tool at p, an absolute path, "" for other
// files. Only folders for programs count: a manual page or a completion script
// of the same name is not a tool.
func toolKind(p string) string {
	dir, base := path.Split(p)
	if parent := path.Base(dir); parent != "bin" && parent != "sbin" {
		return ""
	}
	if kind := tools[base]; kind != "" {
		return kind
	}
	base = triplet.ReplaceAllString(base, "")
	if kind := tools[base]; kind != "" {
		return kind
	}
	return tools[version.ReplaceAllString(base, "")]
}

// sensitiveNames are whole paths, and sensitiveEnds ends of paths, of files
// that only their owner should be able to read.
var (
	sensitiveNames = []string{
		"/etc/shadow", "/etc/shadow-", "/etc/gshadow", "/etc/gshadow-", "/etc/sudoers", "/etc/krb5.keytab", "/etc/ppp/chap-secrets",
		"/etc/ppp/pap-secrets", "/etc/security/opasswd", "/etc/kubernetes/admin.conf", "/etc/rancher/k3s/k3s.yaml",
	}
	sensitiveEnds = []string{
		"/.kube/config", "/.docker/config.json", "/.aws/credentials", "/.netrc", "/.pgpass", "/.git-credentials", "/.vault-token",
		"/.ssh/id_rsa", "/.ssh/id_dsa", "/.ssh/id_ecdsa", "/.ssh/id_ed25519", "/.gnupg/secring.gpg", "/.my.cnf", "/.npmrc", "/.pypirc",
	}
)

// sensitive says why the file at p should not be readable by all users, "" if
// the path gives no reason.
func sensitive(p string) string {
	switch {
	case slices.Contains(sensitiveNames, p):
		return "system secret"
	case slices.ContainsFunc(sensitiveEnds, func(end string) bool { return strings.HasSuffix(p, end) }):
		return "user secret"
	case strings.HasPrefix(p, "/etc/ssh/ssh_host_") && strings.HasSuffix(p, "_key"), strings.HasPrefix(p, "/etc/ssl/private/"):
		return "private key"
	}
	return ""
}
