package seaworthy.test.SUP_016

import data.seaworthy.outcome
import data.seaworthy.rules.SUP_016 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := rule.not_applicable | outcome.not_applicable(rule.found)

on(id, version) := t.component_with("nginx", "/sbom/distro", {"id": id, "versionId": version, "prettyName": ""})

test_fires_old if t.fires(fail, "component:services/nginx") with input as on("debian", "10") with data.seaworthy.date as "2026-12-01"

test_fires_point_release if t.fires(fail, "component:services/nginx") with input as on("alpine", "3.12.4") with data.seaworthy.date as "2026-12-01"

test_fires_day_after if {
	rows := [{"id": "x", "version": "1", "eol": "2026-01-01"}]
	t.fires(fail, "component:services/nginx") with input as on("x", "1") with data.distros as rows with data.seaworthy.date as "2026-01-02"
	t.silent(fail) with input as on("x", "1") with data.distros as rows with data.seaworthy.date as "2026-01-01"
}

test_silent_good if {
	t.silent(fail) with input as t.good with data.seaworthy.date as "2026-12-01"
	t.silent(rule.unknown) with input as t.good with data.seaworthy.date as "2026-12-01"
}

test_silent_rolling if {
	t.silent(fail) with input as on("wolfi", "20230201") with data.seaworthy.date as "2026-12-01"
	t.silent(rule.unknown) with input as on("wolfi", "20230201") with data.seaworthy.date as "2026-12-01"
	t.silent(rule.unknown) with input as unstable("Debian GNU/Linux forky/sid") with data.seaworthy.date as "2026-12-01"
	t.silent(fail) with input as unstable("Debian GNU/Linux forky/sid") with data.seaworthy.date as "2026-12-01"
}

unstable(pretty) := t.component_with("nginx", "/sbom/distro", {"id": "debian", "versionId": "", "prettyName": pretty})

# A release without a number in os-release is not a rolling release.
test_unknown_without_number if {
	t.tells(rule.unknown, "component:services/nginx") with input as unstable("Debian GNU/Linux 10 (buster)") with data.seaworthy.date as "2026-12-01"
	t.tells(rule.unknown, "component:services/nginx") with input as on("ubuntu", "") with data.seaworthy.date as "2026-12-01"
}

# The order of the rows does not matter. The row with the longest version counts, and
# of two such rows the one that ends first.
test_which_row if {
	rows := [
		{"id": "x", "version": "*", "rolling": true},
		{"id": "x", "version": "15", "eol": "2020-01-01"},
		{"id": "x", "version": "15.7", "eol": "2030-01-01"},
		{"id": "x", "version": "15.8", "eol": "2030-01-01"},
		{"id": "x", "version": "15.8", "eol": "2025-01-01"},
	]
	every list in [rows, array.reverse(rows)] {
		t.silent(fail) with input as on("x", "15.7") with data.distros as list with data.seaworthy.date as "2026-12-01"
		t.fires(fail, "component:services/nginx") with input as on("x", "15.6") with data.distros as list with data.seaworthy.date as "2026-12-01"
		t.fires(fail, "component:services/nginx") with input as on("x", "15.8") with data.distros as list with data.seaworthy.date as "2026-12-01"
		t.silent(fail) with input as on("x", "16") with data.distros as list with data.seaworthy.date as "2026-12-01"
	}
}

test_unknown_release if {
	t.tells(rule.unknown, "component:services/nginx") with input as on("debian", "100") with data.seaworthy.date as "2026-12-01"
	t.tells(rule.unknown, "component:services/nginx") with input as on("alpine", "3.99") with data.seaworthy.date as "2026-12-01"
	t.tells(rule.unknown, "component:services/nginx") with input as on("nobody", "1") with data.seaworthy.date as "2026-12-01"
}

test_unknown_day if t.tells_also(rule.unknown, "component:services/nginx") with input as t.good

test_unknown_no_sbom if t.tells_also(rule.unknown, "component:services/nginx") with input as t.component_with("nginx", "/sbom/present", false)

none := t.put(t.component_with("nginx", "/sbom/distro", null), "/components/4/sbom/packages/0/type", "go-module")

test_silent_no_distro if {
	t.silent(fail) with input as none
	t.tells(not_applicable, "component:services/nginx") with input as none
	t.silent(rule.unknown) with input as none with data.seaworthy.date as "2026-12-01"
}

test_unknown_hidden if {
	packages := t.component_with("nginx", "/sbom/distro", null)
	t.tells(rule.unknown, "component:services/nginx") with input as packages with data.seaworthy.date as "2026-12-01"
	t.silent(not_applicable) with input as packages
	unread := t.put(none, "/components/4/sbom/unreadable", ["/app.jar", "/usr/lib/os-release", "/srv/os-release"])
	t.tells(rule.unknown, "component:services/nginx") with input as unread with data.seaworthy.date as "2026-12-01"
	t.silent(not_applicable) with input as unread
	unknown := rule.unknown with input as unread with data.seaworthy.date as "2026-12-01"
	{"/srv/os-release, /usr/lib/os-release could not be read"} == {u.reason | some u in unknown; u.resource == "component:services/nginx"}
	other := t.put(none, "/components/4/sbom/unreadable", ["/app.jar"])
	t.tells(not_applicable, "component:services/nginx") with input as other
	t.silent(rule.unknown) with input as other with data.seaworthy.date as "2026-12-01"
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := on("debian", "10")
	found := fail with input as system_now with data.seaworthy.date as "2026-12-01"
	allowance := [t.allowance("SUP-016", found)]
	t.silent(fail) with input as system_now with data.components as allowance with data.seaworthy.date as "2026-12-01"
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance with data.seaworthy.date as "2026-12-01"
}
