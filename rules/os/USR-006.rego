# METADATA
# scope: package
# title: "Account with an empty or well-known password, or a login without one"
# description: |-
#   Anybody logs in as it. Accounts count in files of any name, which may be linked,
#   bound or mounted to where they are read. About twenty passwords that images, boards and tutorials
#   ship with, and the account's own name, are tried on each hash; one at a cost
#   or of a form that is not computed leaves the account unknown.
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

unknown contains {"resource": lib.resource(c), "reason": untried(c.files)} if some c in lib.inventoried

unknown contains {"resource": resource(f), "reason": untried(lib.obj(f.logins))} if some f in lib.arr(input.files)

untried(accounts) := sprintf("the password of %s is hashed in a form, or at a cost, that is not computed here", [lib.one_line(names)]) if {
	names := lib.arr(accounts.untriedPasswords)
	count(names) > 0
}

# weak has what is wrong with the passwords of accounts, by their names.
weak(accounts) := object.union(
	{name: "a well-known" | some name in lib.arr(accounts.knownPasswords)},
	{name: "an empty" | some name in lib.arr(accounts.emptyPasswords)},
)

found contains lib.finding("USR-006", c, {
	"path": "",
	"origin": c.image.origin,
	"actual": name,
	"expected": "none",
	"key": name,
	"message": sprintf("account %s of %s has %s password", [name, c.id, which]),
	"fix": sprintf("lock account %s in the image %s", [name, c.image.repository]),
}) if {
	some c in lib.inventoried
	some name, which in weak(c.files)
}

found contains lib.finding("USR-006", c, {
	"path": "",
	"origin": c.image.origin,
	"actual": file,
	"expected": "a stack that asks for a secret",
	"key": file,
	"message": sprintf("%s of %s lets in people who know no secret: PAM asks them for none", [file, c.id]),
	"fix": sprintf("let authentication in %s of the image %s end in a module that checks a secret, or in pam_deny", [file, c.image.repository]),
}) if {
	some c in lib.inventoried
	some file in lib.arr(c.files.openLogins)
}

# What the host's init starts, where an image of the root says so.
found contains lib.finding("USR-006", c, {
	"path": "",
	"origin": c.image.origin,
	"actual": line,
	"expected": "a getty that asks who is there",
	"key": sprintf("inittab: %s", [line]),
	"message": sprintf("/etc/inittab of %s starts %s: nobody is asked for a password", [c.id, line]),
	"fix": sprintf("remove the line from /etc/inittab of the image %s", [c.image.repository]),
}) if {
	some c in lib.inventoried
	c.section == "init"
	some line in lib.arr(c.files.inittab)
	some command in lib.unwrapped(lib.split_words(line))
	asks_none(command)
}

asks_none(command) if {
	regex.match(`^[a-z]*getty$`, lib.base(command[0]))
	lib.unasked(command)
}

# A shell that is given nothing to run.
asks_none(command) if {
	lib.is_shell(command[0])
	every word in array.slice(command, 1, count(command)) {
		regex.match("^-[il]*$", word)
	}
}

asks_none(command) if {
	lib.base(command[0]) == "login"
	"-f" in command
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
	"message": sprintf("account %s of %s has %s password", [name, f.path, which]),
	"fix": sprintf("lock account %s in files%s", [name, f.path]),
} if {
	some f in lib.arr(input.files)
	some name, which in weak(lib.obj(f.logins))
}
