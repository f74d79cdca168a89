package seaworthy.test.SUP_015

import data.seaworthy.rules.SUP_015 as rule
import data.seaworthy.testing as t

vulnerable(changes) := t.put(t.put(t.good, "/vulnerabilities/scanned", true), "/components/4/sbom/vulnerabilities", [object.union(
	{
		"id": "CVE-2024-0001", "aliases": [], "package": "libc6", "version": "2.36-9", "purl": "pkg:deb/debian/libc6@2.36-9",
		"severity": "critical", "fixed": "2.36-10", "exploited": false, "vex": "", "justification": "",
	},
	changes,
)])

test_fires_critical if {
	t.fires(rule.fail, "component:services/nginx") with input as vulnerable({})
	some f in rule.fail with input as vulnerable({})
	contains(f.fix, "2.36-10")
}

test_fires_exploited if {
	system := vulnerable({"severity": "low", "fixed": "", "exploited": true})
	t.fires(rule.fail, "component:services/nginx") with input as system
	some f in rule.fail with input as system
	contains(f.fix, "no fix yet")
}

test_fires_affected if t.fires(rule.fail, "component:services/nginx") with input as vulnerable({"vex": "affected"})

test_fires_under_investigation if t.fires(rule.fail, "component:services/nginx") with input as vulnerable({"vex": "under_investigation"})

test_silent_not_fixable if t.silent(rule.fail) with input as vulnerable({"fixed": ""})

test_silent_high if t.silent(rule.fail) with input as vulnerable({"severity": "high"})

test_silent_excused if {
	t.silent(rule.fail) with input as vulnerable({"vex": "not_affected", "exploited": true})
	t.silent(rule.fail) with input as vulnerable({"vex": "fixed"})
}

test_silent_not_scanned if {
	t.silent(rule.fail) with input as t.put(vulnerable({}), "/vulnerabilities/scanned", false)
	t.tells(rule.not_applicable, "image:test") with input as t.good with data.seaworthy.active as ["baseline", "hardened"]
	t.silent(rule.unknown) with input as t.good with data.seaworthy.active as ["baseline", "hardened"]
}

test_unknown_strict if {
	t.tells(rule.unknown, "image:test") with input as t.good with data.seaworthy.active as ["baseline", "hardened", "strict"]
	t.silent(rule.not_applicable) with input as t.good with data.seaworthy.active as ["baseline", "hardened", "strict"]
}

test_unknown_no_sbom if t.tells(rule.unknown, "component:services/nginx") with input as t.put(vulnerable({}), "/components/4/sbom/present", false)

test_checked if "component:services/report" in rule.checked with input as vulnerable({})

test_allowed if {
	system_now := vulnerable({})
	found := rule.fail with input as system_now
	allowance := [t.allowance("SUP-015", found)]
	t.silent(rule.fail) with input as system_now with data.components as allowance
	t.tells(rule.not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}
