package seaworthy.test.MNT_018

import data.seaworthy.rules.MNT_018 as rule
import data.seaworthy.testing as t

test_fires_ext4 if {
	system := t.component_with("nginx", "/runtime", {"mounts": [{"type": "ext4", "source": "/dev/sda1", "destination": "/var", "options": ["nodev"]}]})
	t.fires(rule.fail, "component:services/nginx") with input as system
}

test_silent_full if {
	system := t.component_with("nginx", "/runtime", {"mounts": [{"type": "ext4", "source": "/dev/sda1", "destination": "/var", "options": ["nodev", "nosuid", "noexec"]}]})
	t.silent(rule.fail) with input as system
}

test_silent_tmpfs if {
	system := t.component_with("nginx", "/runtime", {"mounts": [{"type": "tmpfs", "destination": "/var"}]})
	t.silent(rule.fail) with input as system
}

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(rule.fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system := t.component_with("nginx", "/runtime", {"mounts": [{"type": "ext4", "source": "/dev/sda1", "destination": "/var", "options": ["nodev"]}]})
	system_now := system
	found := rule.fail with input as system_now
	allowance := [t.allowance("MNT-018", found)]
	t.silent(rule.fail) with input as system_now with data.components as allowance
	t.tells(rule.not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}
