//go:build linux

// Command tools is several small programs in one: the name under which it is started says
// which one it is. It has the programs that the demo does not need; those of the demo are
// in components/box.
package main

import (
	"github.com/seaworthy-os/seaworthy/components/applet"
	"github.com/seaworthy-os/seaworthy/components/binfmt"
	buildbotworker "github.com/seaworthy-os/seaworthy/components/buildbot-worker"
	"github.com/seaworthy-os/seaworthy/components/check"
	dmcrypt "github.com/seaworthy-os/seaworthy/components/dm-crypt"
	"github.com/seaworthy-os/seaworthy/components/format"
	"github.com/seaworthy-os/seaworthy/components/frr"
	"github.com/seaworthy-os/seaworthy/components/fsck"
	"github.com/seaworthy-os/seaworthy/components/growfs"
	"github.com/seaworthy-os/seaworthy/components/hostname"
	"github.com/seaworthy-os/seaworthy/components/kmsg"
	"github.com/seaworthy-os/seaworthy/components/lldp"
	logflush "github.com/seaworthy-os/seaworthy/components/log-flush"
	"github.com/seaworthy-os/seaworthy/components/logrotate"
	"github.com/seaworthy-os/seaworthy/components/losetup"
	"github.com/seaworthy-os/seaworthy/components/lvm"
	machineid "github.com/seaworthy-os/seaworthy/components/machine-id"
	"github.com/seaworthy-os/seaworthy/components/mdraid"
	"github.com/seaworthy-os/seaworthy/components/modprobe"
	"github.com/seaworthy-os/seaworthy/components/mount"
	"github.com/seaworthy-os/seaworthy/components/netns"
	guestagent "github.com/seaworthy-os/seaworthy/components/qemu-guest-agent"
	randomseed "github.com/seaworthy-os/seaworthy/components/random-seed"
	smart "github.com/seaworthy-os/seaworthy/components/smartmontools"
	staticip "github.com/seaworthy-os/seaworthy/components/static-ip"
	"github.com/seaworthy-os/seaworthy/components/swap"
	links "github.com/seaworthy-os/seaworthy/components/vlan-bond-bridge"
	"github.com/seaworthy-os/seaworthy/components/watchdog"
	"github.com/seaworthy-os/seaworthy/components/wireguard"
)

var programs = map[string]func(){
	"binfmt":                binfmt.Main,
	"binfmt-example":        binfmt.Example,
	"buildbot-worker-start": buildbotworker.Main,
	"check":                 check.Main,
	"dm-crypt":              dmcrypt.Main,
	"format":                format.Main,
	"frr-start":             frr.Main,
	"fsck":                  fsck.Main,
	"growfs":                growfs.Main,
	"guest-agent-start":     guestagent.Main,
	"hostname":              hostname.Main,
	"lldp":                  lldp.Main,
	"kmsg":                  kmsg.Main,
	"losetup":               losetup.Main,
	"log-flush":             logflush.Main,
	"logrotate-start":       logrotate.Main,
	"lvm-start":             lvm.Main,
	"machine-id":            machineid.Main,
	"mdraid":                mdraid.Main,
	"modprobe":              modprobe.Main,
	"mount":                 mount.Main,
	"nfs-client":            mount.NFS,
	"netns":                 netns.Main,
	"random-seed":           randomseed.Main,
	"static-ip":             staticip.Main,
	"smart-watch":           smart.Main,
	"swap":                  swap.Main,
	"vlan-bond-bridge":      links.Main,
	"wireguard":             wireguard.Main,
	"watchdog":              watchdog.Main,
}

func main() { applet.Dispatch("tools", programs) }
