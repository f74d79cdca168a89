package seaworthy.test.SUP_015

import data.seaworthy.outcome
import data.seaworthy.rules.SUP_015 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := rule.not_applicable | outcome.not_applicable(rule.found)

vulnerable(changes) := t.put(t.put(t.good, "/vulnerabilities/scanned", true), "/components/4/sbom/vulnerabilities", [object.union(
	{
		"id": "CVE-2024-0001", "aliases": [], "package": "libc6", "version": "2.36-9", "purl": "pkg:deb/debian/libc6@2.36-9",
		"severity": "critical", "fixed": "2.36-10", "exploited": false, "vex": "", "justification": "", "vexNotes": "",
	},
	changes,
)])

test_fires_critical if {
	t.fires(fail, "component:services/nginx") with input as vulnerable({})
	some f in fail with input as vulnerable({})
	contains(f.fix, "2.36-10")
}

test_fires_exploited if {
	system := vulnerable({"severity": "low", "fixed": "", "exploited": true})
	t.fires(fail, "component:services/nginx") with input as system
	some f in fail with input as system
	contains(f.fix, "no fix yet")
}

test_fires_affected if t.fires(fail, "component:services/nginx") with input as vulnerable({"vex": "affected"})

test_fires_under_investigation if t.fires(fail, "component:services/nginx") with input as vulnerable({"vex": "under_investigation"})

test_silent_not_fixable if t.silent(fail) with input as vulnerable({"fixed": ""})

test_silent_high if t.silent(fail) with input as vulnerable({"severity": "high"})

test_silent_excused if {
	t.silent(fail) with input as vulnerable({"vex": "not_affected", "exploited": true})
	t.silent(fail) with input as vulnerable({"vex": "fixed"})
}

# A vulnerability that a VEX document excuses is reported as not applicable, with the reason.
test_excused_is_reported if {
	system := vulnerable({"vex": "not_affected", "justification": "component_not_present"})
	t.tells(not_applicable, "component:services/nginx") with input as system
	some n in not_applicable with input as system
	n.reason == "CVE-2024-0001 of libc6 2.36-9: VEX says not_affected (component_not_present)"
	some e in not_applicable with input as vulnerable({"vex": "not_affected", "justification": "component_not_present", "vexNotes": "It was left out."})
	e.reason == "CVE-2024-0001 of libc6 2.36-9: VEX says not_affected (component_not_present: It was left out.)"
	some m in not_applicable with input as vulnerable({"vex": "fixed"})
	m.reason == "CVE-2024-0001 of libc6 2.36-9: VEX says fixed"
	t.silent(not_applicable) with input as vulnerable({"vex": "fixed", "severity": "low"}) with data.seaworthy.active as ["hardened"]
}

unmatched(changes) := t.put(t.put(t.good, "/vulnerabilities/scanned", true), "/components/4/sbom/unmatched", [object.union(
	{"type": "npm", "packages": 12, "ecosystem": "npm", "reason": "no vulnerability database covers npm"},
	changes,
)])

test_unmatched if {
	t.tells(not_applicable, "component:services/nginx") with input as unmatched({}) with data.seaworthy.active as ["baseline", "hardened"]
	t.silent(rule.unknown) with input as unmatched({}) with data.seaworthy.active as ["baseline", "hardened"]
	some n in not_applicable with input as unmatched({}) with data.seaworthy.active as ["hardened"]
	n.reason == "12 packages (npm) were not matched with a database: no vulnerability database covers npm"
}

test_unmatched_strict if {
	t.tells(rule.unknown, "component:services/nginx") with input as unmatched({})
	t.silent(not_applicable) with input as unmatched({})
}

test_unmatched_without_ecosystem if {
	t.tells(not_applicable, "component:services/nginx") with input as unmatched({"ecosystem": ""})
	t.silent(rule.unknown) with input as unmatched({"ecosystem": ""})
}

test_unmatched_no_package if {
	some u in rule.unknown with input as unmatched({"type": "", "packages": 0, "ecosystem": "debian", "reason": "no package of it was found"})
	u.reason == "nothing was matched: no package of it was found"
}

test_silent_not_scanned if {
	t.silent(fail) with input as t.put(vulnerable({}), "/vulnerabilities/scanned", false)
	t.tells(not_applicable, "image:test") with input as t.good with data.seaworthy.active as ["baseline", "hardened"]
	t.silent(rule.unknown) with input as t.good with data.seaworthy.active as ["baseline", "hardened"]
}

test_unknown_strict if {
	t.tells(rule.unknown, "image:test") with input as t.good with data.seaworthy.active as ["baseline", "hardened", "strict"]
	t.silent(not_applicable) with input as t.good with data.seaworthy.active as ["baseline", "hardened", "strict"]
}

test_unknown_no_sbom if t.tells(rule.unknown, "component:services/nginx") with input as t.put(vulnerable({}), "/components/4/sbom/present", false)

test_checked if "component:services/report" in rule.checked with input as vulnerable({})

test_allowed if {
	system_now := vulnerable({})
	found := fail with input as system_now
	allowance := [t.allowance("SUP-015", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}

unread := t.put(t.put(t.good, "/vulnerabilities/scanned", true), "/components/4/sbom/unreadable", ["/app.jar"])

test_unread if {
	t.tells(rule.unknown, "component:services/nginx") with input as unread
	t.tells(not_applicable, "component:services/nginx") with input as unread with data.seaworthy.active as ["baseline", "hardened"]
	t.silent(rule.unknown) with input as unread with data.seaworthy.active as ["baseline", "hardened"]
}

# The message gives the path of a package that is not in a distribution's database.
test_place if {
	some f in fail with input as vulnerable({"paths": ["/app/a.jar"]})
	contains(f.message, "libc6 2.36-9 (/app/a.jar) with CVE-2024-0001")
	some g in fail with input as vulnerable({"paths": []})
	contains(g.message, "libc6 2.36-9 with CVE-2024-0001")
}
