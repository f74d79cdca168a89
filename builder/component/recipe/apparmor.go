package recipe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/internal/lazyre"
)

// appArmorFeatures says what profiles can restrict: the classes of Linux 5.10 and later.
// The kernel of the build machine does not matter, nor what its distribution added. The
// format is that of the kernel's folder apparmor/features, as apparmor_parser reads it:
// a closing brace stands on its own line.
var appArmorFeatures = strings.NewReplacer(" }", "\n}").Replace(`policy {set_load {yes } versions {v5 {yes } v6 {yes } v7 {yes } v8 {yes } } }
file {mask {create read write exec append mmap_exec link lock } }
capability {0xffffff }
caps {mask {` + appArmorCapabilities + ` } }
network_v8 {af_mask {unspec unix inet inet6 netlink packet vsock } }
mount {mask {mount umount pivot_root } }
signal {mask {hup int quit ill trap abrt bus fpe kill usr1 segv usr2 pipe alrm term chld cont stop stp } }
ptrace {mask {read trace } }
rlimit {mask {cpu fsize data stack core rss nproc nofile memlock as locks sigpending msgqueue nice rtprio rttime } }
domain {version {1.2 } change_profile {yes } change_onexec {yes } stack {yes } post_nnp_subset {yes } fix_binfmt_elf_mmap {yes } }
`)

const appArmorCapabilities = `chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable net_bind_service
 net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot sys_ptrace sys_pacct sys_admin sys_boot sys_nice
 sys_resource sys_time sys_tty_config mknod lease audit_write audit_control setfcap mac_override mac_admin syslog wake_alarm
 block_suspend audit_read perfmon bpf checkpoint_restore`

// appArmorParser finds apparmor_parser, which is not in the PATH of all users.
func appArmorParser() (string, error) {
	for _, name := range []string{"apparmor_parser", "/usr/sbin/apparmor_parser", "/sbin/apparmor_parser"} {
		if p, err := exec.LookPath(name); err == nil {
			return p, nil
		}
	}
	return "", errors.New("apparmor_parser is not installed: install Debian's package apparmor")
}

// appArmorVersion is what decides the bytes of a compiled profile besides its source:
// the version of apparmor_parser, and the features.
func appArmorVersion(ctx context.Context) (string, error) {
	parser, err := appArmorParser()
	if err != nil {
		return "", err
	}
	out, err := exec.CommandContext(ctx, parser, "--version").Output()
	line, _, _ := strings.Cut(string(out), "\n")
	return line + " " + digests.Of([]byte(appArmorFeatures)), err
}

// compileProfile compiles an AppArmor profile of the recipe's folder to the form that the
// kernel loads. A profile cannot include files: they would come from the build machine.
func compileProfile(ctx context.Context, root *os.Root, name string) ([]byte, error) {
	parser, err := appArmorParser()
	if err != nil {
		return nil, err
	}
	source, err := readText(root, name)
	if err != nil {
		return nil, err
	}
	if includes(source) {
		return nil, fmt.Errorf("AppArmor profile %s includes another file, which would come from the build machine: write its rules into the profile", name)
	}
	dir, err := os.MkdirTemp("", "seaworthy-apparmor-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	features := dir + "/features"
	if err := os.WriteFile(features, []byte(appArmorFeatures), 0o600); err != nil {
		return nil, err
	}
	if err := os.Mkdir(dir+"/include", 0o700); err != nil {
		return nil, err
	}
	var out, messages bytes.Buffer
	cmd := exec.CommandContext(ctx, parser, "--config-file", "/dev/null", "--features-file", features, "--base", dir+"/include",
		"--skip-kernel-load", "--skip-cache", "--quiet", "--stdout")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(source), &out, &limitedWriter{w: &messages, left: 16 << 10}
	cmd.Env = []string{"LC_ALL=C"}
	// apparmor_parser can end well after an error of a file that it includes.
	if err := cmd.Run(); err != nil || out.Len() == 0 {
		return nil, fmt.Errorf("AppArmor profile %s cannot be compiled: %s", name, strings.TrimSpace(messages.String()))
	}
	return out.Bytes(), nil
}

var includeRE = lazyre.New(`(^|[\s{},])#?include\b`)

// includes reports whether a profile includes files. #include is not a comment.
func includes(source []byte) bool {
	for line := range bytes.Lines(source) {
		line = bytes.TrimSpace(line)
		if bytes.HasPrefix(line, []byte("#")) && !bytes.HasPrefix(line, []byte("#include")) {
			continue
		}
		line, _, _ = bytes.Cut(line, []byte(" # "))
		if includeRE.Match(line) {
			return true
		}
	}
	return false
}
