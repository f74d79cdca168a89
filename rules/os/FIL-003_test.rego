package seaworthy.test.FIL_003

import data.seaworthy.rules.FIL_003 as rule
import data.seaworthy.testing as t

test_fires_home if t.fires(rule.fail, "file:/etc/x") with input as t.put(t.good, "/files/-", {"path": "/etc/x", "type": "file", "mode": "0600", "uid": 0, "gid": 0, "link": "", "source": "~/.ssh/id_rsa.pub", "metadata": "", "size": 1, "digest": "sha256:0", "secret": "", "origin": {"layer": "os.yml", "file": "os.yml", "line": 9, "column": 5}})

test_fires_absolute if t.fires(rule.fail, "file:/etc/x") with input as t.put(t.good, "/files/-", {"path": "/etc/x", "type": "file", "mode": "0600", "uid": 0, "gid": 0, "link": "", "source": "/etc/hosts", "metadata": "", "size": 1, "digest": "sha256:0", "secret": "", "origin": {"layer": "os.yml", "file": "os.yml", "line": 9, "column": 5}})

test_fires_above if t.fires(rule.fail, "file:/etc/x") with input as t.put(t.good, "/files/-", {"path": "/etc/x", "type": "file", "mode": "0600", "uid": 0, "gid": 0, "link": "", "source": "conf/../../x", "metadata": "", "size": 1, "digest": "sha256:0", "secret": "", "origin": {"layer": "os.yml", "file": "os.yml", "line": 9, "column": 5}})

test_silent_inside if t.silent(rule.fail) with input as t.put(t.good, "/files/-", {"path": "/etc/x", "type": "file", "mode": "0600", "uid": 0, "gid": 0, "link": "", "source": "conf/../x.conf", "metadata": "", "size": 1, "digest": "sha256:0", "secret": "", "origin": {"layer": "os.yml", "file": "os.yml", "line": 9, "column": 5}})

test_silent_inline if t.silent(rule.fail) with input as t.put(t.good, "/files/-", {"path": "/etc/x", "type": "file", "mode": "0600", "uid": 0, "gid": 0, "link": "", "source": "", "metadata": "", "size": 1, "digest": "sha256:0", "secret": "", "origin": {"layer": "os.yml", "file": "os.yml", "line": 9, "column": 5}})

test_checked if count(rule.checked) > 0 with input as t.put(t.good, "/files", [{"path": "/etc/x", "type": "file", "mode": "0600", "source": "", "secret": "", "metadata": "", "origin": {}}])
