package seaworthy.test.MNT_008

import data.seaworthy.rules.MNT_008 as rule
import data.seaworthy.testing as t

test_fires_bind if t.fires(rule.fail, "component:services/nginx") with input as t.nginx_mount({"destination": "/x", "type": "bind", "source": "/sys/fs/cgroup", "options": ["rbind", "rw"]})

test_fires_mount if t.fires(rule.fail, "component:services/nginx") with input as t.nginx_mount({"destination": "/cg", "type": "cgroup2", "source": "cgroup2", "options": ["nosuid"]})

test_silent_ro if t.silent(rule.fail) with input as t.nginx_mount({"destination": "/x", "type": "bind", "source": "/sys/fs/cgroup", "options": ["rbind", "ro"]})

test_unknown_no_spec if t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
