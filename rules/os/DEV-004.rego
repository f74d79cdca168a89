# METADATA
# scope: package
# title: "Disk exposed to a service on the network"
# description: |-
#   A service that strangers talk to should not hold a raw disk, by whichever of its
#   devices: /dev/sg0 takes the same commands as /dev/sda.
# custom:
#   id: DEV-004
#   severity: high
#   pack: hardened
#   controls: ["CIS-D 5.18", "800-190 4.5.5?"]
#   remediation: "Mount the filesystem in a one-shot component, and bind the folder."
#   inputs: ["spec", "image"]
#   since: 0.1.0
package seaworthy.rules.DEV_004

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.services

unknown contains u if some u in lib.no_spec_services

found contains lib.finding("DEV-004", c, {
	"path": sprintf("/linux/devices/%d", [i]),
	"actual": said(d),
	"expected": "no disk",
	"key": d.path,
	"severity": severity(kind.class),
	"message": sprintf("%s talks to the network and holds %s%s", [c.id, said(d), doubt[kind.class]]),
	"fix": sprintf("%s. Or mount the disk in onboot, and bind the folder", [edit.devices_fix(c, {d.path})]),
	"edits": edit.without_devices(c, {d.path}),
}) if {
	some c in lib.services
	some i, d in lib.devices(c)
	kind := lib.device_kind(d)
	doubt[kind.class]
	lib.networked(c)
}

# The node may lie in a folder that is bound: the rule is what opens the disk.
found contains lib.finding("DEV-004", c, {
	"path": sprintf("/linux/resources/devices/%d", [openers[0]]),
	"actual": sprintf("a rule that opens %s", [name]),
	"expected": "no rule for disks",
	"key": name,
	"severity": severity(class),
	"message": sprintf("%s talks to the network, and a device rule lets it open %s%s", [c.id, name, doubt[class]]),
	"fix": sprintf("remove the rule for %s from the resources of %s. %s. Or mount the disk in onboot, and bind the folder", [name, c.id, edit.loss_note(c, name)]),
	"edits": edit.without_device_rules(c, openers),
}) if {
	some c in lib.services
	lib.networked(c)
	some class, _ in doubt
	some name, openers in lib.opened_by_rules(c, {class})
}

# Block devices, and character devices that pass commands to a disk: SCSI generic,
# tape, flash memory, the device mapper. bsg and NVMe have no number of their own.
doubt := {"disk": "", "unknown": ", whose number is given out at boot: it may be a disk (bsg, nvme) as well as anything else"}

severity("disk") := "high"

severity("unknown") := "medium"

said(d) := lib.named_node(lib.device_kind(d).name, d.path)

fail contains f if {
	some f in found
	not lib.allowed(f)
}

not_applicable contains lib.allowed(f) if some f in found
