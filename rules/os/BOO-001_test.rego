package seaworthy.test.BOO_001

import data.seaworthy.rules.BOO_001 as rule
import data.seaworthy.testing as t

required := {"secure_boot": "required", "secure_boot_certificates": []}

theirs := "sha256:7777777777777777777777777777777777777777777777777777777777777777"

# named is a policy that accepts this certificate only.
named(digest) := {"secure_boot": "", "secure_boot_certificates": [digest]}

signed_by(s) := t.booting_with("/programs/0/signers", s)

stranger := {"name": "CN=them", "certificate": theirs, "valid": true, "problem": ""}

broken := {"name": "CN=db", "certificate": t.certificate, "valid": false, "problem": "it is of another program"}

direct := {"path": "test-kernel", "starts": [], "programs": [], "loaders": [], "lines": [], "trees": [], "roots": [], "unread": []}

test_fires_unsigned if t.fires(rule.fail, "image:test") with input as signed_by([])

test_fires_no_list if t.fires(rule.fail, "image:test") with input as signed_by(null)

test_fires_broken if {
	t.fires(rule.fail, "image:test") with input as signed_by([broken])
	{f.actual | some f in rule.fail} == {"has a signature that is not valid: it is of another program"} with input as signed_by([broken])
}

test_fires_stranger if {
	t.fires(rule.fail, "image:test") with input as signed_by([stranger])
	{f.actual | some f in rule.fail} == {"is signed by CN=them"} with input as signed_by([stranger])
}

test_fires_second_program if t.fires(rule.fail, "image:test") with input as t.booting_with("/programs/-", object.union(t.program, {"path": "x.efi", "signers": []}))

test_fires_not_of_policy if t.fires(rule.fail, "image:test") with input as t.booting([t.disk]) with data.params as object.union(t.params, named(theirs))

test_fires_required if t.fires(rule.fail, "image:test") with input as t.booting([t.disk, direct]) with data.params as object.union(t.params, required)

test_silent_signed if {
	t.silent(rule.fail) with input as t.booting([t.disk])
	rule.checked == {"image:test"} with input as t.booting([t.disk])
	t.silent(rule.unknown) with input as t.booting([t.disk])
	t.silent(rule.not_applicable) with input as t.booting([t.disk])
}

test_silent_two_signatures if t.silent(rule.fail) with input as signed_by([stranger, t.program.signers[0]])

test_silent_of_policy if t.silent(rule.fail) with input as t.put(signed_by([stranger]), "/boot/certificates", []) with data.params as object.union(t.params, named(theirs))

test_silent_required if t.silent(rule.fail) with input as t.booting([t.disk]) with data.params as object.union(t.params, required)

test_silent_direct if {
	t.silent(rule.fail) with input as t.booting([direct])
	{n.reason | some n in rule.not_applicable} == {"UEFI firmware starts no file of the image"} with input as t.booting([direct])
}

test_silent_not_built if {
	t.silent(rule.fail) with input as t.good
	{n.reason | some n in rule.not_applicable} == {"the image is not built yet: `seaworthy build` checks this"} with input as t.good
	t.silent(rule.checked) with input as t.good
}

test_unknown_no_certificate if {
	t.tells(rule.unknown, "image:test") with input as t.put(t.booting([t.disk]), "/boot/certificates", [])
	t.silent(rule.fail) with input as t.put(t.booting([t.disk]), "/boot/certificates", [])
	t.silent(rule.unknown) with input as t.put(signed_by([]), "/boot/certificates", [])
}

test_unknown_unread if t.tells(rule.unknown, "image:test") with input as t.booting_with("/unread/-", "partition 2: ext4 is not read")
