# METADATA
# scope: package
# title: "Annotation that the OCI runtime obeys"
# description: |-
#   crun takes annotations for orders: one replaces the seccomp profile by bytes
#   that nobody can read here, others load libraries, keep the groups of init or
#   write files. What the rest of the spec says holds no longer.
# custom:
#   id: SEC-009
#   severity: high
#   pack: baseline
#   controls: ["CIS-D 5.22", "PSS-B Seccomp?"]
#   remediation: "Remove the annotation; say by the keys of os.yml what the container may do."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.SEC_009

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.containers

unknown contains u if some u in lib.no_spec

# An unknown system call in a profile is an error: that takes nothing back.
harmless := {"run.oci.seccomp_fail_unknown_syscall"}

found contains lib.finding("SEC-009", c, {
	"path": sprintf("/annotations/%s", [edit.escape(name)]),
	"actual": name,
	"expected": "no such annotation",
	"key": name,
	"message": sprintf("the OCI runtime obeys %s of %s, whatever the rest of its spec says", [name, c.id]),
	"fix": sprintf("remove %s from the annotations of %s: the runtime then does not do what it asks for", [name, c.id]),
	"edits": edit.without_annotation(c, name),
}) if {
	some c in lib.containers
	some name, _ in lib.obj(object.get(c.spec, "annotations", {}))
	startswith(name, "run.oci.")
	not name in harmless
}

fail contains f if {
	some f in found
	not lib.allowed(f)
}

not_applicable contains lib.allowed(f) if some f in found
