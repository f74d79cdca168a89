# METADATA
# scope: package
# title: "Component sets an unsafe sysctl"
# description: |-
#   A component can safely set only sysctls of its own namespaces. Other sysctls change
#   the whole system, so an attacker who controls the component weakens the host. OCI
#   runtimes refuse most of these sysctls (validate_sysctl in src/libcrun/linux.c of
#   crun), and the component does not start.
# custom:
#   id: SYS-015
#   severity: high
#   pack: baseline
#   controls: ["PSS-B Sysctls"]
#   remediation: "Set the sysctl in the onboot component that applies sysctls."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.SYS_015

import data.seaworthy.edit
import data.seaworthy.given
import data.seaworthy.kernel
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.containers

unknown contains u if some u in lib.no_spec

own(c, name) if {
	startswith(name, "net.")
	not lib.host_ns(c, "network")
}

own(c, name) if {
	strings.any_prefix_match(name, ["kernel.shm", "kernel.msg", "kernel.sem", "fs.mqueue."])
	not lib.host_ns(c, "ipc")
}

own(c, "kernel.domainname") if not lib.host_ns(c, "uts")

found contains lib.finding("SYS-015", c, {
	"path": sprintf("/linux/sysctl/%s", [replace(key, "/", "~1")]),
	"actual": sprintf("%s=%s", [name, value]),
	"expected": "only sysctls of the component's own namespaces",
	"key": name,
	"message": sprintf("%s sets %s for the whole system", [c.id, name]),
	"fix": sprintf("move %s from %s to the onboot component that applies sysctls", [name, c.id]),
	"edits": edit.move_sysctl_to_cmdline(c, name, value),
}) if {
	some c in lib.containers
	some key, value in lib.obj(object.get(c.spec, ["linux", "sysctl"], {}))
	name := kernel.sysctl_key(key)
	not name in given.params.safe_sysctls
	not own(c, name)
}
