package seaworthy.test.SUP_014

import data.seaworthy.outcome
import data.seaworthy.rules.SUP_014 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := rule.not_applicable | outcome.not_applicable(rule.found)

test_fires_xz if t.fires(fail, "component:services/nginx") with input as t.component_with("nginx", "/sbom/packages/-", {"name": "liblzma5", "version": "5.6.1-1", "type": "deb", "purl": "pkg:deb/debian/a@1", "licenses": []})

test_fires_any_version if t.fires(fail, "component:services/nginx") with input as t.component_with("nginx", "/sbom/packages/-", {"name": "telnetd", "version": "0.17", "type": "deb", "purl": "pkg:deb/debian/a@1", "licenses": []})

test_silent_fixed if t.silent(fail) with input as t.component_with("nginx", "/sbom/packages/-", {"name": "liblzma5", "version": "5.6.2-1", "type": "deb", "purl": "pkg:deb/debian/a@1", "licenses": []})

test_silent_similar if t.silent(fail) with input as t.component_with("nginx", "/sbom/packages/-", {"name": "liblzma5", "version": "5.6.10-1", "type": "deb", "purl": "pkg:deb/debian/a@1", "licenses": []})

test_unknown_absent if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.component_with("nginx", "/sbom/present", false)
	t.silent(fail) with input as t.component_with("nginx", "/sbom/present", false)
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := t.component_with("nginx", "/sbom/packages/-", {"name": "liblzma5", "version": "5.6.1-1", "type": "deb", "purl": "pkg:deb/debian/a@1", "licenses": []})
	found := fail with input as system_now
	allowance := [t.allowance("SUP-014", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}

unread := t.put(t.put(t.good, "/vulnerabilities/scanned", true), "/components/4/sbom/unreadable", ["/app.jar"])

test_unread if {
	t.tells(rule.unknown, "component:services/nginx") with input as unread
	t.tells(not_applicable, "component:services/nginx") with input as unread with data.seaworthy.active as ["baseline", "hardened"]
	t.silent(rule.unknown) with input as unread with data.seaworthy.active as ["baseline", "hardened"]
}

shipped(name, version, purl) := t.component_with("nginx", "/sbom/packages/-", {"name": name, "version": version, "type": "deb", "purl": purl, "licenses": []})

test_fires_epoch if t.fires(fail, "component:services/nginx") with input as shipped("xz", "1:5.6.1-1", "pkg:rpm/x/xz@5.6.1")

test_fires_source if t.fires(fail, "component:services/nginx") with input as shipped("liblzma-dev", "5.6.1-1", "pkg:deb/debian/liblzma-dev@5.6.1-1?arch=amd64&upstream=xz-utils")

# Debian and openSUSE reverted to an older release under a higher version.
test_silent_reverted if {
	t.silent(fail) with input as shipped("xz-utils", "5.6.1+really5.4.5-1", "pkg:deb/debian/xz-utils@5.6.1")
	t.silent(fail) with input as shipped("liblzma5", "5.6.1.revertto5.4-3.2", "pkg:rpm/opensuse/liblzma5@5.6.1")
}
