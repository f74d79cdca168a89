package seaworthy.test.FIL_004

import data.seaworthy.rules.FIL_004 as rule
import data.seaworthy.testing as t

test_fires_var if t.fires(rule.fail, "file:/var/lib/x") with input as t.put(t.good, "/files/-", {"path": "/var/lib/x", "type": "file", "mode": "0600", "uid": 0, "gid": 0, "link": "", "source": "", "metadata": "", "size": 1, "digest": "sha256:0", "secret": "", "origin": {"layer": "os.yml", "file": "os.yml", "line": 9, "column": 5}})

test_fires_var_run if t.fires(rule.fail, "file:/var/run/x") with input as t.put(t.good, "/files/-", {"path": "/var/run/x", "type": "file", "mode": "0600", "uid": 0, "gid": 0, "link": "", "source": "", "metadata": "", "size": 1, "digest": "sha256:0", "secret": "", "origin": {"layer": "os.yml", "file": "os.yml", "line": 9, "column": 5}})

test_silent_etc if t.silent(rule.fail) with input as t.put(t.good, "/files/-", {"path": "/etc/x", "type": "file", "mode": "0600", "uid": 0, "gid": 0, "link": "", "source": "", "metadata": "", "size": 1, "digest": "sha256:0", "secret": "", "origin": {"layer": "os.yml", "file": "os.yml", "line": 9, "column": 5}})

test_silent_itself if t.silent(rule.fail) with input as t.put(t.good, "/files/-", {"path": "/var", "type": "dir", "mode": "0600", "uid": 0, "gid": 0, "link": "", "source": "", "metadata": "", "size": 1, "digest": "sha256:0", "secret": "", "origin": {"layer": "os.yml", "file": "os.yml", "line": 9, "column": 5}})

test_checked if count(rule.checked) > 0 with input as t.put(t.good, "/files", [{"path": "/etc/x", "type": "file", "mode": "0600", "source": "", "secret": "", "metadata": "", "origin": {}}])
