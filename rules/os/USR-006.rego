# METADATA
# scope: package
# title: "Login without a password, or with a well-known one"
# description: |-
#   An attacker can log in with such an account. The rule checks account files under any
#   name, because a link, bind or mount can put them where they are read. It tries about
#   twenty passwords that images, boards and tutorials use, and the name of the account,
#   on each hash. If a hash costs too much to compute or has an unsupported form, the
#   result is unknown.
# custom:
#   id: USR-006
#   severity: critical
#   pack: baseline
#   controls: ["ANSSI R68?", "SRG-OS-000480-GPOS-00229", "CRA I.I(2)(d)", "SRG-OS-000480-GPOS-00227"]
#   remediation: "Lock the account: write `*` or `!` in /etc/shadow."
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

untried(accounts) := sprintf("the password hash of %s has an unsupported form, or costs too much to compute", [lib.one_line(names)]) if {
	names := lib.arr(accounts.untriedPasswords)
	count(names) > 0
}

# weak maps the name of an account to what is wrong with its password.
weak(accounts) := object.union(
	{name: "a well-known" | some name in lib.arr(accounts.knownPasswords)},
	{name: "an empty" | some name in lib.arr(accounts.emptyPasswords)},
)

found contains lib.finding("USR-006", c, {
	"path": "",
	"origin": lib.in_image(c),
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
	"origin": lib.in_image(c),
	"actual": file,
	"expected": "a PAM stack that asks for a secret",
	"key": file,
	"message": sprintf("%s of %s lets users log in without a secret: PAM does not ask for one", [file, c.id]),
	"fix": sprintf("end the authentication in %s of the image %s with a module that checks a secret, or with pam_deny", [file, c.image.repository]),
}) if {
	some c in lib.inventoried
	some file in lib.arr(c.files.openLogins)
}

# Commands that the host's init starts, from /etc/inittab of an init image.
found contains lib.finding("USR-006", c, {
	"path": "",
	"origin": lib.in_image(c),
	"actual": line,
	"expected": "a getty that asks for a login",
	"key": sprintf("inittab: %s", [line]),
	"message": sprintf("/etc/inittab of %s starts %s, which does not ask for a password", [c.id, line]),
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

# An interactive shell: it gets no command.
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

found contains {
	"id": "USR-006",
	"resource": resource(f),
	"path": "",
	"origin": f.origin,
	"actual": name,
	"expected": "none",
	"key": name,
	"message": sprintf("account %s of %s has %s password", [name, f.path, which]),
	"fix": sprintf("lock account %s in %s (files section)", [name, f.path]),
} if {
	some f in lib.arr(input.files)
	some name, which in weak(lib.obj(f.logins))
}
