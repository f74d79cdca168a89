# METADATA
# scope: package
# title: "Disk exposed to a service on the network"
# description: |-
#   A service that strangers talk to should not hold a raw disk.
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

# networked: a network of its own is none as long as nothing is moved into it.
networked(c) if not lib.own_ns(c, "network")

networked(c) if count(lib.arr(object.get(lib.obj(c.runtime), "interfaces", []))) > 0

networked(c) if count(lib.arr(c.image.exposedPorts)) > 0

found contains lib.finding("DEV-004", c, {
	"path": sprintf("/linux/devices/%d", [i]),
	"actual": d.path,
	"expected": "no block device",
	"key": d.path,
	"message": sprintf("%s talks to the network and holds the raw disk %s", [c.id, d.path]),
	"fix": sprintf("remove %s from the devices of %s", [d.path, c.id]),
	"edits": edit.without_devices(c, {d.path}),
}) if {
	some c in lib.services
	some i, d in lib.devices(c)
	d.type == "b"
	networked(c)
}

fail contains f if {
	some f in found
	not lib.allowed(f)
}

not_applicable contains lib.allowed(f) if some f in found
