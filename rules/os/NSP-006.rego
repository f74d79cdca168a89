# METADATA
# scope: package
# title: "Joins a namespace that nobody declared"
# description: |-
#   The service joins a namespace by path, and no component's runtime.bindNS makes that path.
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

fail contains f if {
	some f in found
	not lib.allowed(f)
}

not_applicable contains lib.allowed(f) if some f in found
