# METADATA
# scope: package
# title: "Service without its own user namespace"
# description: |-
#   Root in the container is root on the host. An attacker who is root and breaks out of
#   the container controls the host.
# custom:
#   id: NSP-005
#   severity: medium
#   pack: strict
#   controls: ["CIS-D 5.31"]
#   remediation: "Set `userns: auto`, or `userns: new` with uidMappings and gidMappings."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.NSP_005

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.services

unknown contains u if some u in lib.no_spec_services

found contains lib.finding("NSP-005", c, {
	"path": "/linux/namespaces/user",
	"actual": shared(c),
	"expected": "its own namespace",
	"key": "userns",
	"message": sprintf("the user ids of %s include the host's root", [c.id]),
	"fix": sprintf("set `userns: auto` for %s: it then has user ids of its own, and its files belong to them. What it binds from the host has other owners in the container", [c.id]),
	"edits": edit.own_users(c),
}) if {
	some c in lib.services
	lib.host_root(c)
}

shared(c) := lib.ns_source(c, "user") if {
	lib.host_ns(c, "user")
} else := "a namespace that maps the host's root"
