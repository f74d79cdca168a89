//go:build linux

// Command cloud is several small programs in one: the name under which it is started says
// which one it is. Those in it serve the network, or speak HTTP or SSH. They are not in
// components/tools, which is less than half as large without them.
package main

import (
	"github.com/seaworthy-os/seaworthy/components/applet"
	dhcpserver "github.com/seaworthy-os/seaworthy/components/dhcp-server"
	"github.com/seaworthy-os/seaworthy/components/getty"
	"github.com/seaworthy-os/seaworthy/components/metadata"
	"github.com/seaworthy-os/seaworthy/components/netboot"
	nfsserver "github.com/seaworthy-os/seaworthy/components/nfs-server"
	poweroffhook "github.com/seaworthy-os/seaworthy/components/poweroff-hook"
	sshstart "github.com/seaworthy-os/seaworthy/components/ssh-start"
	"github.com/seaworthy-os/seaworthy/components/tftp"
	tlsstart "github.com/seaworthy-os/seaworthy/components/tls-start"
)

var programs = map[string]func(){
	"dhcp-server":   dhcpserver.Main,
	"getty":         getty.Main,
	"metadata":      metadata.Main,
	"netboot":       netboot.Main,
	"nfs-server":    nfsserver.Main,
	"poweroff-hook": poweroffhook.Main,
	"ssh-start":     sshstart.Main,
	"tftp":          tftp.Main,
	"tls-start":     tlsstart.Main,
}

func main() { applet.Dispatch("cloud", programs) }
