# METADATA
# scope: package
# title: "Network service with access to a disk"
# description: |-
#   An attacker who takes over the service through the network can read and change the
#   whole disk, without regard to file permissions. Every device that passes commands to a
#   disk counts: /dev/sg0 takes the same commands as /dev/sda.
# custom:
#   id: DEV-004
#   severity: high
#   pack: hardened
#   controls: ["CIS-D 5.18", "800-190 4.5.5?"]
#   remediation: "Mount the filesystem in a one-shot component, and bind the folder into the service."
#   inputs: ["spec", "image"]
#   since: 0.1.0
package seaworthy.rules.DEV_004

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.services

unknown contains u if some u in lib.no_spec_services

found contains lib.finding("DEV-004", c, {
	"path": sprintf("/linux/devices/%d", [i]),
	"actual": node_name(d),
	"expected": "no disk",
	"key": d.path,
	"severity": severity(kind.class),
	"message": sprintf("%s uses the network and can open %s%s", [c.id, node_name(d), doubt[kind.class]]),
	"fix": sprintf("%s. Or mount the disk in onboot, and bind the folder", [edit.devices_fix(c, {d.path})]),
	"edits": edit.without_devices(c, {d.path}),
}) if {
	some c in lib.services
	some i, d in lib.devices(c)
	kind := lib.device_kind(d)
	doubt[kind.class]
	lib.networked(c)
}

# The node can be in a bound folder. The device rule decides whether the service can
# open the disk.
found contains lib.finding("DEV-004", c, {
	"path": sprintf("/linux/resources/devices/%d", [openers[0]]),
	"actual": sprintf("a device rule that opens %s", [name]),
	"expected": "no device rule that opens a disk",
	"key": name,
	"severity": severity(class),
	"message": sprintf("%s uses the network, and a device rule lets it open %s%s", [c.id, name, doubt[class]]),
	"fix": sprintf("remove the device rule for %s from the resources of %s. %s. Or mount the disk in onboot, and bind the folder", [name, c.id, edit.loss_note(c, name)]),
	"edits": edit.without_device_rules(c, openers),
}) if {
	some c in lib.services
	lib.networked(c)
	some class, _ in doubt
	some name, openers in lib.opened_by_rules(c, {class})
}

# Block devices, and character devices that pass commands to a disk: SCSI generic,
# tape, flash memory, the device mapper. bsg and NVMe generic have no fixed number.
doubt := {"disk": "", "unknown": ", whose number the kernel assigns at boot: it can be a disk (bsg, nvme) or another device"}

severity("disk") := "high"

severity("unknown") := "medium"

node_name(d) := lib.named_node(lib.device_kind(d).name, d.path)
