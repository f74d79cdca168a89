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

# The value of one interface counts, or the value of all interfaces as well.
test_interface if {
	t.fires(rule.fail, "sysctl:net.ipv4.conf.eth0.accept_redirects") with input as t.sysctl("net.ipv4.conf.eth0.accept_redirects", "1")
	every key, value in {"net.ipv4.conf.eth0.accept_redirects": "0", "net.ipv4.conf.eth0.rp_filter": "0", "net.ipv4.conf.lo.accept_local": "1", "net.ipv4.tcp_x": "1"} {
		t.silent(rule.fail) with input as t.sysctl(key, value)
	}
}

# A pattern sets every key that it matches.
test_pattern if {
	t.fires_also(rule.fail, "sysctl:net.ipv4.conf.all.send_redirects") with input as t.sysctl("net.ipv4.conf.*.send_redirects", "1")
	t.silent(rule.fail) with input as t.sysctl("net.ipv4.*.send_redirects", "1")
}

test_numbers if {
	every zero in ["0x0", "00", "+0"] {
		t.silent(rule.fail) with input as t.sysctl("net.ipv4.conf.all.accept_redirects", zero)
	}
	t.fires(rule.fail, "sysctl:net.ipv4.conf.all.accept_redirects") with input as t.sysctl("net.ipv4..conf.all.accept_redirects", "0x1")
}
