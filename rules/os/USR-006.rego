# METADATA
# scope: package
# title: "Account without a password"
# description: |-
#   Anybody logs in as it.
# custom:
#   id: USR-006
#   severity: critical
#   pack: baseline
#   controls: ["ANSSI R68?", "SRG-OS-000480-GPOS-00229", "CRA I.I(2)(d)", "SRG-OS-000480-GPOS-00227"]
#   remediation: "Lock the account: `*` or `!` in /etc/shadow."
#   inputs: ["files", "files section"]
#   since: 0.1.0
package seaworthy.rules.USR_006

import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.inventoried

checked contains resource(f) if {
	some f in lib.arr(input.files)
	is_object(f.logins)
}

resource(f) := sprintf("file:%s", [f.path])

unknown contains u if some u in lib.no_files

found contains lib.finding("USR-006", c, {
	"path": "",
	"origin": c.image.origin,
	"actual": name,
	"expected": "none",
	"key": name,
	"message": sprintf("account %s of %s has an empty password", [name, c.id]),
	"fix": sprintf("lock account %s in /etc/shadow of the image %s", [name, c.image.repository]),
}) if {
	some c in lib.inventoried
	some name in lib.arr(c.files.emptyPasswords)
}

fail contains f if {
	some f in found
	not lib.allowed(f)
}

not_applicable contains lib.allowed(f) if some f in found

fail contains {
	"id": "USR-006",
	"resource": resource(f),
	"path": "",
	"origin": f.origin,
	"actual": name,
	"expected": "none",
	"key": name,
	"message": sprintf("account %s of %s has an empty password", [name, f.path]),
	"fix": sprintf("lock account %s in files%s", [name, f.path]),
} if {
	some f in lib.arr(input.files)
	some name in lib.arr(lib.obj(f.logins).emptyPasswords)
}
