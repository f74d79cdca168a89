# METADATA
# scope: package
# title: "Joins a namespace that no component declares, or processes of its user"
# description: |-
#   The service joins a namespace by path, and no component's runtime.bindNS makes that
#   path; or it joins the processes of another component and runs as the same user, or
#   with CAP_SYS_PTRACE, and so has the files, mounts and namespaces of that one.
# custom:
#   id: NSP-006
#   severity: high
#   pack: hardened
#   controls: ["CIS-D 5.10", "CIS-D 5.16", "CIS-D 5.17"]
#   remediation: "Declare the namespace with `runtime.bindNS` of the component that makes it."
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
	"expected": "a path at which a component leaves a namespace that it made (bindNS)",
	"key": sprintf("%s:%s", [ns.type, path]),
	"message": sprintf("%s joins the %s namespace %s, which no component declares", [c.id, ns.type, path]),
	"fix": sprintf("declare %s with `runtime.bindNS` of the component that makes it. The suggested edit gives %s a namespace of its own instead: without an interface, if it is a network. A waiver keeps it as it is", [path, c.id]),
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
	"expected": "another user than that of the processes that it joins",
	"key": sprintf("traces:%s", [other.id]),
	"severity": "medium",
	"message": sprintf("%s joins the processes of %s, %s: it has the files, mounts and namespaces of that component", [c.id, other.id, how(c)]),
	"fix": sprintf("give %s a uid of its own, or a pid namespace. The suggested edit gives it a pid namespace: it then sees its own processes alone", [c.id]),
	"edits": edit.own_namespace(c, "pid"),
}) if {
	some c in lib.containers
	some other in lib.does_as(c)
}

how(c) := "with CAP_SYS_PTRACE" if {
	"CAP_SYS_PTRACE" in lib.caps(c)
} else := sprintf("as the same user (%d)", [lib.uid(c)])

fail contains f if {
	some f in found
	not lib.allowed(f)
}

not_applicable contains lib.allowed(f) if some f in found
