package seaworthy.test.SUP_019

import data.seaworthy.rules.SUP_019 as rule
import data.seaworthy.testing as t

refused(check) := t.verified([{"check": check, "path": "attestations/provenance.sigstore.json", "message": "it is not signed by a trusted key"}])

test_fires_unsigned if t.fires(rule.fail, "image:test") with input as refused("signature")

test_fires_no_provenance if t.fires(rule.fail, "image:test") with input as refused("predicate-type")

test_silent_verified if {
	t.silent(rule.fail) with input as t.verified([])
	rule.checked == {"image:test"} with input as t.verified([])
}

test_silent_other_reason if t.silent(rule.fail) with input as refused("subject")

test_silent_before if {
	t.silent(rule.fail) with input as t.put(t.good, "/output/refused", [{"check": "signature", "path": "a", "message": "it is not signed"}])
	t.tells(rule.not_applicable, "image:test") with input as t.good
}
