package seaworthy.test.FIL_005

import data.seaworthy.rules.FIL_005 as rule
import data.seaworthy.testing as t

with_file(path, kind) := t.put(t.good, "/files/-", {"path": path, "type": kind, "mode": "755", "uid": 0, "gid": 0, "link": "", "source": "", "metadata": "", "size": 1, "digest": "", "secret": "", "origin": t.origin})

test_fires if {
	every path in ["/init", "/usr/bin/crun", "/usr/bin/../bin/x", "/lib/ld-musl-x86_64.so.1", "/usr/local/bin/runc", "/etc/ld.so.preload"] {
		found := rule.fail with input as with_file(path, "file")
		t.fires(found, sprintf("file:%s", [path]))
	}
}

test_fires_link if {
	every path in ["/usr", "/usr/local", "/bin"] {
		found := rule.fail with input as with_file(path, "symlink")
		t.fires(found, sprintf("file:%s", [path]))
	}
}

test_silent if {
	every path in ["/etc/web.conf", "/usr/share/web/x", "/usr/local/bin/tool", "/lib/firmware/x.bin", "/usr/lib/firmware/x.bin", "/initial", "/srv/usr/bin/x"] {
		found := rule.fail with input as with_file(path, "file")
		t.silent(found)
	}
}

test_silent_folder if t.silent(rule.fail) with input as with_file("/usr/bin", "dir")

test_checked if rule.checked == {"file:/etc/x"} with input as with_file("/etc/x", "file")
