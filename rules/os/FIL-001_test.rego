package seaworthy.test.FIL_001

import data.seaworthy.rules.FIL_001 as rule
import data.seaworthy.testing as t

test_fires_writable if t.fires(rule.fail, "file:/etc/x") with input as t.put(t.good, "/files/-", {"path": "/etc/x", "type": "file", "mode": "0666", "uid": 0, "gid": 0, "link": "", "source": "", "metadata": "", "size": 1, "digest": "sha256:0", "secret": "", "origin": {"layer": "os.yml", "file": "os.yml", "line": 9, "column": 5}})

test_fires_setuid if t.fires(rule.fail, "file:/etc/x") with input as t.put(t.good, "/files/-", {"path": "/etc/x", "type": "file", "mode": "4755", "uid": 0, "gid": 0, "link": "", "source": "", "metadata": "", "size": 1, "digest": "sha256:0", "secret": "", "origin": {"layer": "os.yml", "file": "os.yml", "line": 9, "column": 5}})

test_silent_sticky_dir if t.silent(rule.fail) with input as t.put(t.good, "/files/-", {"path": "/etc/x", "type": "dir", "mode": "1777", "uid": 0, "gid": 0, "link": "", "source": "", "metadata": "", "size": 1, "digest": "sha256:0", "secret": "", "origin": {"layer": "os.yml", "file": "os.yml", "line": 9, "column": 5}})

test_silent_link if t.silent(rule.fail) with input as t.put(t.good, "/files/-", {"path": "/etc/x", "type": "symlink", "mode": "0777", "uid": 0, "gid": 0, "link": "", "source": "", "metadata": "", "size": 1, "digest": "sha256:0", "secret": "", "origin": {"layer": "os.yml", "file": "os.yml", "line": 9, "column": 5}})

test_silent_plain if t.silent(rule.fail) with input as t.put(t.good, "/files/-", {"path": "/etc/x", "type": "file", "mode": "0600", "uid": 0, "gid": 0, "link": "", "source": "", "metadata": "", "size": 1, "digest": "sha256:0", "secret": "", "origin": {"layer": "os.yml", "file": "os.yml", "line": 9, "column": 5}})

test_checked if count(rule.checked) > 0 with input as t.put(t.good, "/files", [{"path": "/etc/x", "type": "file", "mode": "0600", "source": "", "secret": "", "metadata": "", "origin": {}}])
