package seaworthy.test.conftest

import data.main
import data.seaworthy.testing as t

admin := t.nginx_caps(["CAP_SYS_ADMIN"])

test_silent if count(main.deny) == 0 with input as t.good with data.seaworthy.active as ["baseline"] with data.seaworthy.date as "2026-01-01"

test_fires if {
	some d in main.deny with input as admin
	d.id == "CAP-003"
	d.key == "CAP_SYS_ADMIN"
	startswith(d.msg, "CAP-003 component:services/nginx: ")
}

# A rule that has `found` and no `fail` takes allowances.
test_allowed if {
	found := {f | some f in main.deny with input as admin; f.id == "CAP-003"}
	count(found) == 1
	still := {f | some f in main.deny with input as admin with data.components as [t.allowance("CAP-003", found)]; f.id == "CAP-003"}
	count(still) == 0
}

# A rule that has `fail` is taken by its word.
test_own_fail if {
	system := t.put(t.good, "/components/4/files/fileCaps", [{"path": "/usr/bin/ping", "shadowed": false}])
	not "IMG-005" in {f.id | some f in main.deny} with input as system
	"IMG-005" in {f.id | some f in main.deny} with input as t.put(system, "/formats", [{"name": "raw", "attributes": true}])
}

test_unknown_is_denied if {
	some d in main.deny with input as t.no_config
	startswith(d.msg, "KCF-001 component:kernel: unknown: ")
}

test_packs if {
	baseline := {d.id | some d in main.deny} with input as admin with data.seaworthy.active as ["baseline"]
	"CAP-003" in baseline
	not "CAP-010" in baseline
	hardened := {d.id | some d in main.deny} with input as admin with data.seaworthy.active as ["baseline", "hardened"]
	"CAP-010" in hardened
}

# conftest puts the packs at the root.
test_packs_at_the_root if {
	found := {d.id | some d in main.deny} with input as admin
		with data.packs as false
		with data.baseline as {"rules": ["CAP-003"]}
		with data.hardened as {"rules": ["CAP-010"]}
		with data.strict as {"rules": []}
		with data.seaworthy.active as ["baseline"]
	found == {"CAP-003"}
}
