# METADATA
# scope: package
# title: Host process namespace
# description: A container in the host's process namespace can see and signal every process.
# custom:
#   id: TST-001
#   severity: high
#   pack: baseline
#   controls: ["CIS-D 5.16"]
#   remediation: "remove `pid: host`"
#   inputs: [spec]
#   since: "1.0"
package seaworthy.rules.TST_001

checked contains sprintf("component:%s", [c.id]) if {
	some c in input.components
	c.spec != null
}

fail contains {
	"id": "TST-001",
	"resource": sprintf("component:%s", [c.id]),
	"path": "/linux/namespaces/pid",
	"actual": "host",
	"expected": "new",
	"message": "the container shares the host's process namespace",
	"key": "pid",
} if {
	some c in input.components
	c.spec != null
	not new_pid(c.spec)
}

new_pid(spec) if {
	some n in spec.linux.namespaces
	n.type == "pid"
}
