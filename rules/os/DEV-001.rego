# METADATA
# scope: package
# title: "Component can open every device"
# description: |-
#   An attacker in the container can open every device of the host, or all of one type: for
#   example every disk.
# custom:
#   id: DEV-001
#   severity: high
#   pack: baseline
#   controls: ["CIS-D 5.18", "PSS-B Privileged", "ANSSI R64", "CIS-D 5.5", "NSA Privileged"]
#   remediation: "List only the devices that the component needs."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.DEV_001

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.containers

unknown contains u if some u in lib.no_spec

found contains lib.finding("DEV-001", c, {
	"path": sprintf("/linux/resources/devices/%d", [openers[0]]),
	"actual": "every device",
	"expected": "a list of devices",
	"key": sprintf("all:%s", [kind]),
	"message": sprintf("%s can open every %s", [c.id, object.get(kinds, kind, "device")]),
	"fix": edit.all_devices_fix(c),
	"edits": edit.named_devices(c, openers),
}) if {
	some c in lib.containers
	some kind in {lib.rule_kind(c, i) | some i in lib.open_device_rules(c)}
	openers := sort([i | some i in lib.open_device_rules(c); lib.rule_kind(c, i) == kind])
}

kinds := {"b": "block device", "c": "character device", "u": "character device"}
