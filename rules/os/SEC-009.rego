# METADATA
# scope: package
# title: "Annotation changes what the OCI runtime does"
# description: |-
#   The OCI runtime crun acts on annotations that begin with run.oci. One of them
#   replaces the seccomp profile with bytes that Seaworthy cannot read. Others load
#   libraries, keep the groups of init or write files. An attacker who writes such an
#   annotation can override the rest of the spec.
# custom:
#   id: SEC-009
#   severity: high
#   pack: baseline
#   controls: ["CIS-D 5.22", "PSS-B Seccomp?"]
#   remediation: "Remove the annotation. Use the keys of os.yml to set what the container may do."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.SEC_009

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.containers

unknown contains u if some u in lib.no_spec

# This annotation makes an unknown system call in a profile an error. It weakens
# nothing.
harmless := {"run.oci.seccomp_fail_unknown_syscall"}

found contains lib.finding("SEC-009", c, {
	"path": sprintf("/annotations/%s", [edit.escape(name)]),
	"actual": name,
	"expected": "no such annotation",
	"key": name,
	"message": sprintf("the OCI runtime acts on the annotation %s of %s, which can override the rest of the spec", [name, c.id]),
	"fix": sprintf("remove %s from the annotations of %s. The runtime then does not act on it", [name, c.id]),
	"edits": edit.without_annotation(c, name),
}) if {
	some c in lib.containers
	some name, _ in lib.obj(object.get(c.spec, "annotations", {}))
	startswith(name, "run.oci.")
	not name in harmless
}
