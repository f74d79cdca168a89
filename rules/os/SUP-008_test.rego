package seaworthy.test.SUP_008

import data.seaworthy.rules.SUP_008 as rule
import data.seaworthy.testing as t

test_fires_empty if t.fires(rule.fail, "component:services/nginx") with input as t.component_with("nginx", "/sbom/packages", null)

test_unknown_absent if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.component_with("nginx", "/sbom/present", false)
	t.silent(rule.fail) with input as t.component_with("nginx", "/sbom/present", false)
}

test_unknown_is_no_pass if {
	system := t.component_with("nginx", "/sbom/present", false)
	not "component:services/nginx" in rule.checked with input as system
}

test_silent_good if t.silent(rule.fail) with input as t.good

test_silent_no_files if {
	system := t.put(t.component_with("nginx", "/sbom/packages", []), "/components/4/sbom/coverage/files", 0)
	t.silent(rule.fail) with input as system
}

test_checked if count(rule.checked) > 0 with input as t.good

only(packages) := t.component_with("nginx", "/sbom/packages", packages)

test_fires_no_database if {
	system := only([{"name": "main", "version": "1", "type": "go-module", "purl": "pkg:golang/main@1", "licenses": []}])
	some f in rule.fail with input as system
	f.key == "no-database"
	f.resource == "component:services/nginx"
}

test_silent_no_distribution if {
	system := t.put(only([{"name": "main", "version": "1", "type": "go-module", "purl": "pkg:golang/main@1", "licenses": []}]), "/components/4/sbom/distro", null)
	t.silent(rule.fail) with input as system
}

test_silent_unknown_distribution if {
	system := t.put(only([{"name": "main", "version": "1", "type": "go-module", "purl": "pkg:golang/main@1", "licenses": []}]), "/components/4/sbom/distro/id", "buildroot")
	t.silent(rule.fail) with input as system
}

test_one_finding_where_there_is_nothing if {
	count(rule.fail) == 1 with input as only([])
}

piece(type) := {"name": "main", "version": "1", "type": type, "purl": "pkg:generic/main@1", "licenses": []}

of(distro, type) := t.put(only([piece(type)]), "/components/4/sbom/distro/id", distro)

test_fires_other_database if {
	t.fires(rule.fail, "component:services/nginx") with input as of("debian", "apk")
	t.fires(rule.fail, "component:services/nginx") with input as of("alpine", "rpm")
}

test_silent_own_database if {
	t.silent(rule.fail) with input as of("ubuntu", "deb")
	t.silent(rule.fail) with input as of("alpine", "apk")
	t.silent(rule.fail) with input as of("fedora", "rpm")
}

both(distro, types) := t.put(only([piece(type) | some type in types]), "/components/4/sbom/distro/id", distro)

claims(distro, types) := {f.key | some f in fs} if fs := rule.fail with input as both(distro, types)

test_fires_claim if {
	claims("alpine", ["apk", "deb"]) == {"claim:deb"}
	claims("debian", ["deb", "rpm"]) == {"claim:rpm"}
	claims("fedora", ["rpm", "deb"]) == {"claim:deb"}
	claims("fedora", ["deb"]) == {"no-database"}
}

test_silent_claim if {
	claims("debian", ["deb", "go-module"]) == set()
	claims("arch", ["alpm"]) == set()
	claims("buildroot", ["deb", "rpm"]) == set()
}
