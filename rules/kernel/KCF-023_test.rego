package seaworthy.test.KCF_023

import data.seaworthy.rules.KCF_023 as rule
import data.seaworthy.testing as t

# on is a system with a kernel that no distribution is known to have built.
on(version) := t.put(t.put(t.good, "/kernel/package", ""), "/kernel/version", version)

rows := [{"series": "5.4", "eol": "2025-12-31"}, {"series": "6.12", "eol": "2028-12-31"}, {"series": "6.18", "eol": "2028-12-31", "asOf": "2026-03"}]

fires(version, day) if t.fires(rule.fail, "component:kernel") with input as on(version) with data.kernels as rows with data.seaworthy.date as day

silent(version, day) if t.silent(rule.fail) with input as on(version) with data.kernels as rows with data.seaworthy.date as day

test_fires_day_after if {
	fires("5.4.290", "2026-01-01")
	silent("5.4.290", "2025-12-31")
}

test_fires_series_in_between if {
	fires("6.14.11", "2026-11-25")
	fires("3.10.108", "2026-11-25")
	silent("6.14.11", "2026-01-01")
}

test_fires_own_build_suffix if {
	fires("5.4.290-linuxkit", "2026-11-25")
	fires("5.4.290-rt96", "2026-11-25")
}

test_silent_maintained if {
	silent("6.12.59-linuxkit", "2026-11-25")
	fires("6.12.59-linuxkit", "2029-01-01")
}

test_silent_distribution if {
	silent("5.4.0-26-generic", "2026-11-25")
	silent("6.17.5-200.fc42.x86_64", "2026-11-25")
	silent("4.18.0-147.5.1.el8_1.x86_64", "2026-11-25")
	silent("6.16.8-arch1-1", "2026-11-25")
}

test_not_applicable_package if {
	system := t.put(on("5.4.290"), "/kernel/package", "linux-image-test")
	t.tells(rule.not_applicable, "component:kernel") with input as system with data.kernels as rows with data.seaworthy.date as "2026-11-25"
	t.silent(rule.fail) with input as system with data.kernels as rows with data.seaworthy.date as "2026-11-25"
}

test_not_applicable_signature if {
	system := t.put(on("6.14.0"), "/kernel/config/options/CONFIG_VERSION_SIGNATURE", "Ubuntu 6.14.0-15.15-generic 6.14.0")
	t.tells(rule.not_applicable, "component:kernel") with input as system with data.kernels as rows with data.seaworthy.date as "2026-11-25"
	t.silent(rule.fail) with input as system with data.kernels as rows with data.seaworthy.date as "2026-11-25"
}

test_not_applicable_salt if {
	system := t.put(on("4.19.249"), "/kernel/config/options/CONFIG_BUILD_SALT", "4.19.0-21-amd64")
	t.silent(rule.fail) with input as system with data.kernels as rows with data.seaworthy.date as "2026-11-25"
}

test_not_applicable_newer_than_table if {
	t.tells(rule.not_applicable, "component:kernel") with input as on("7.3.0-rc7") with data.kernels as rows with data.seaworthy.date as "2026-11-25"
	silent("7.3.0-rc7", "2026-11-25")
}

test_floor if {
	old := {"kernel_floor": "6.12"}
	t.fires(rule.fail, "component:kernel") with input as on("6.6.0") with data.kernels as [{"series": "6.6", "eol": "2030-01-01"}] with data.params as old with data.seaworthy.date as "2026-11-25"
	t.fires(rule.fail, "component:kernel") with input as t.put(t.good, "/kernel/version", "5.4.0-26-generic") with data.params as old with data.seaworthy.date as "2026-11-25"
	t.silent(rule.fail) with input as on("6.12.0") with data.kernels as rows with data.params as old with data.seaworthy.date as "2026-11-25"
	t.silent(rule.not_applicable) with input as t.good with data.params as old with data.seaworthy.date as "2026-11-25"
}

test_silent_good if t.silent(rule.fail) with input as t.good with data.seaworthy.date as "2026-11-25"

test_unknown_version if {
	t.tells(rule.unknown, "component:kernel") with input as on("")
	t.silent(rule.checked) with input as on("")
}

test_unknown_day if {
	t.tells(rule.unknown, "component:kernel") with input as on("6.12.1")
	t.silent(rule.unknown) with input as on("6.12.1") with data.seaworthy.date as "2026-11-25"
}

test_checked if count(rule.checked) > 0 with input as t.good

test_says_how_it_ended if {
	some listed in rule.fail with input as on("5.4.290") with data.kernels as rows with data.seaworthy.date as "2026-11-25"
	contains(json.marshal(listed), "maintained until 2025-12-31")
	some unlisted in rule.fail with input as on("3.10.108") with data.kernels as rows with data.seaworthy.date as "2026-11-25"
	contains(json.marshal(unlisted), "not one of the maintained series in 2026-03")
}

# Of two rows for one series the earlier end counts, in any order.
test_two_rows if {
	two := [{"series": "6.12", "eol": "2028-12-31", "asOf": "2026-03"}, {"series": "6.12", "eol": "2026-01-01", "asOf": "2026-03"}]
	every list in [two, array.reverse(two)] {
		t.fires(rule.fail, "component:kernel") with input as on("6.12.1") with data.kernels as list with data.seaworthy.date as "2026-11-25"
		t.fires(rule.fail, "component:kernel") with input as on("6.10.1") with data.kernels as list with data.seaworthy.date as "2026-11-25"
		t.silent(rule.fail) with input as on("6.13.1") with data.kernels as list with data.seaworthy.date as "2026-11-25"
	}
}
