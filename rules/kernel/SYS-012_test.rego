package seaworthy.test.SYS_012

import data.seaworthy.rules.SYS_012 as rule
import data.seaworthy.testing as t

test_fires if t.fires(rule.fail, "sysctl:net.ipv4.conf.all.accept_redirects") with input as t.sysctl("net.ipv4.conf.all.accept_redirects", "1")

test_silent_good if {
	t.silent(rule.fail) with input as t.good
	count(rule.checked) > 0 with input as t.good
}

test_unknown_no_files if {
	t.tells_also(rule.unknown, "sysctl:net.ipv4.conf.all.accept_redirects") with input as t.put(t.sysctl_unset("net.ipv4.conf.all.accept_redirects"), "/components/2/files/present", false)
	t.silent(rule.fail) with input as t.put(t.sysctl_unset("net.ipv4.conf.all.accept_redirects"), "/components/2/files/present", false)
}

test_fires_unset if t.fires(rule.fail, "sysctl:net.ipv4.conf.all.rp_filter") with input as t.sysctl_unset("net.ipv4.conf.all.rp_filter")

test_checked if count(rule.checked) > 0 with input as t.good

test_not_applicable_when if t.tells(rule.not_applicable, "sysctl:kernel.elsewhere") with input as t.good with data.sysctl as [t.elsewhere("SYS-012")]
