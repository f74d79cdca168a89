# METADATA
# scope: package
# title: "Powerful devices"
# description: |-
#   /dev/kvm, /dev/net/tun, /dev/fuse and their like are large pieces of the kernel.
# custom:
#   id: DEV-005
#   severity: medium
#   pack: strict
#   controls: ["CIS-D 5.18"]
#   remediation: "Remove the device, or give the component an allowance that says why."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.DEV_005

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.containers

unknown contains u if some u in lib.no_spec

found contains lib.finding("DEV-005", c, {
	"path": sprintf("/linux/devices/%d", [i]),
	"actual": d.path,
	"expected": "no such device",
	"key": d.path,
	"message": sprintf("%s may open %s", [c.id, d.path]),
	"fix": sprintf("remove %s from the devices of %s", [d.path, c.id]),
	"edits": edit.without_devices(c, {d.path}),
}) if {
	some c in lib.containers
	some i, d in lib.devices(c)
	d.path in {"/dev/kvm", "/dev/net/tun", "/dev/fuse", "/dev/vhost-net", "/dev/vhost-vsock", "/dev/uinput", "/dev/userfaultfd", "/dev/vfio/vfio"}
}

fail contains f if {
	some f in found
	not lib.allowed(f)
}

not_applicable contains lib.allowed(f) if some f in found
