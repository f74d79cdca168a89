package seaworthy.test.boot

import data.seaworthy.boot
import data.seaworthy.testing as t

test_place if {
	boot.place("os.efi", "") == "os.efi"
	boot.place("os.img", "partition 1") == "os.img: partition 1"
}

test_files if {
	count(boot.files) == 1 with input as t.booting([t.disk])
	count(boot.files) == 0 with input as t.put(t.booting([t.disk]), "/boot/present", false)
}

test_hashes if {
	h := "abababababababababababababababababababababababababababababababab"
	boot.hashes({"params": [{"name": "roothash", "value": upper(h)}, {"name": "quiet", "value": null}]}) == {h}
	boot.hashes({"params": [{"name": "dm-mod.create", "value": sprintf("root,,,ro,0 8 verity 1 a b 1 1 1 1 sha256 %s 00", [h])}]}) == {h}
	boot.hashes({"params": [{"name": "dm-mod.create", "value": sprintf("root,,,ro,0 8 linear %s", [h])}]}) == set()
	boot.hashes({}) == set()
}
