# METADATA
# scope: package
# title: "Service joins an undeclared namespace, or processes that it can control"
# description: |-
#   The service joins a namespace by path, and no component declares this path in
#   `runtime.bindNS`. Or the service joins the pid namespace of another component, and
#   runs as the same user or with CAP_SYS_PTRACE. An attacker in the service then
#   reaches the files, mounts and namespaces of the other component.
# custom:
#   id: NSP-006
#   severity: high
#   pack: hardened
#   controls: ["CIS-D 5.10", "CIS-D 5.16", "CIS-D 5.17"]
#   remediation: "Declare the namespace in `runtime.bindNS` of the component that creates it, or give the service its own uid or pid namespace."
#   inputs: ["spec", "runtime"]
#   since: 0.1.0
package seaworthy.rules.NSP_006

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.containers

unknown contains u if some u in lib.no_spec

found contains lib.finding("NSP-006", c, {
	"path": sprintf("/linux/namespaces/%d", [i]),
	"actual": path,
	"expected": "a path that a component declares in runtime.bindNS for a namespace that it creates",
	"key": sprintf("%s:%s", [ns.type, path]),
	"message": sprintf("%s joins the %s namespace %s, which no component declares", [c.id, ns.type, path]),
	"fix": sprintf("declare %s in `runtime.bindNS` of the component that creates it. The suggested edit gives %s its own namespace instead; a new network namespace has no interface. To keep the path, add a waiver", [path, c.id]),
	"edits": edit.own_namespace(c, ns.type),
}) if {
	some c in lib.containers
	some i, ns in lib.namespaces(c)
	path := object.get(ns, "path", "")
	path != ""
	not lib.host_path(path) in object.get(lib.made_ns, ns.type, set())
}

found contains lib.finding("NSP-006", c, {
	"path": "/linux/namespaces/pid",
	"actual": sprintf("the processes of %s, %s", [other.id, how(c)]),
	"expected": "a different user than that of the processes that it joins",
	"key": sprintf("traces:%s", [other.id]),
	"severity": "medium",
	"message": sprintf("%s joins the processes of %s, %s: it reaches the files, mounts and namespaces of that component", [c.id, other.id, how(c)]),
	"fix": sprintf("give %s its own uid or its own pid namespace. The suggested edit gives it a pid namespace: it then sees only its own processes", [c.id]),
	"edits": edit.own_namespace(c, "pid"),
}) if {
	some c in lib.containers
	some other in lib.does_as(c)
}

how(c) := "with CAP_SYS_PTRACE" if {
	"CAP_SYS_PTRACE" in lib.caps(c)
} else := sprintf("as the same user (%d)", [lib.uid(c)])
