# METADATA
# scope: package
# title: "AppArmor profile that the system does not load"
# description: |-
#   The spec names an AppArmor profile that no part of the system loads at boot. The
#   container then does not start, or an attacker in the container is not limited by the
#   profile. init loads the compiled profiles in /usr/lib/seaworthy/apparmor.
# custom:
#   id: SEC-010
#   severity: high
#   pack: baseline
#   controls: ["ANSSI R45", "CIS-D 5.2", "PSS-B AppArmor?", "NSA MAC"]
#   remediation: "Add a component with the compiled profile to the init section, or name a profile that the system has."
#   inputs: ["spec", "image", "files section"]
#   since: 0.2.0
package seaworthy.rules.SEC_010

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.containers

unknown contains u if some u in lib.no_spec

# Without the files of the host, it is not known which profiles init loads.
unknown contains {"resource": lib.resource(c), "reason": u.reason} if {
	some c in lib.containers
	lib.apparmor(c) != ""
	not lib.apparmor(c) in loaded
	some u in lib.no_files_on_root
}

# loaded are the profiles that init loads.
loaded contains name if {
	some c in lib.on_root
	some name in lib.arr(object.get(c, ["files", "apparmorProfiles"], []))
}

loaded contains name if {
	some f in lib.arr(input.files)
	some name in lib.arr(object.get(f, "apparmorProfiles", []))
}

# loader: an onboot component may load profiles itself.
loader if {
	some c in lib.onboot
	"CAP_MAC_ADMIN" in lib.caps(c)
}

found contains lib.finding("SEC-010", c, {
	"path": "/process/apparmorProfile",
	"actual": lib.apparmor(c),
	"expected": expected,
	"key": "apparmor",
	"message": sprintf("%s asks for the AppArmor profile %s, which the system does not load", [c.id, lib.apparmor(c)]),
	"fix": sprintf("add seaworthy/apparmor:0.1, or another component with the compiled profile %s, to the init section. The suggested edit removes `apparmor` from %s", [lib.apparmor(c), c.id]),
	"edits": edit.unset(c, "apparmor", ""),
}) if {
	some c in lib.containers
	lib.apparmor(c) != ""
	not lib.apparmor(c) in loaded
	not loader
	count(lib.no_files_on_root) == 0
}

expected := sprintf("one of: %s", [lib.one_line(loaded)]) if {
	count(loaded) > 0
} else := "a profile that the system loads"
