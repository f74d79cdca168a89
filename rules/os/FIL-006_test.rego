package seaworthy.test.FIL_006

import data.seaworthy.rules.FIL_006 as rule
import data.seaworthy.testing as t

test_fires_yaml if t.fires(rule.fail, "file:/etc/x") with input as t.put(t.good, "/files/-", {"path": "/etc/x", "type": "file", "mode": "0600", "uid": 0, "gid": 0, "link": "", "source": "", "metadata": "yaml", "size": 1, "digest": "sha256:0", "secret": "", "origin": {"layer": "os.yml", "file": "os.yml", "line": 9, "column": 5}})

test_silent_plain if t.silent(rule.fail) with input as t.put(t.good, "/files/-", {"path": "/etc/x", "type": "file", "mode": "0600", "uid": 0, "gid": 0, "link": "", "source": "", "metadata": "", "size": 1, "digest": "sha256:0", "secret": "", "origin": {"layer": "os.yml", "file": "os.yml", "line": 9, "column": 5}})

test_checked if count(rule.checked) > 0 with input as t.put(t.good, "/files", [{"path": "/etc/x", "type": "file", "mode": "0600", "source": "", "secret": "", "metadata": "", "origin": {}}])
