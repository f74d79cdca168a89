# METADATA
# scope: package
# title: "Root filesystem that nothing verifies"
# description: |-
#   A signature covers the kernel, the initrd and the command line of a UKI. A root
#   filesystem on a disk is covered only if dm-verity compares it with a root hash on that
#   command line, and no other word makes the system use another root. Otherwise an
#   attacker who can write to the disk can change the system. A system that stays in the
#   initrd of its UKI passes.
# custom:
#   id: BOO-002
#   severity: medium
#   pack: strict
#   controls: ["ANSSI R76?", "CRA I.I(2)(f)?"]
#   remediation: "Build a format whose root dm-verity protects, such as raw-efi-verity, or one that keeps the root in the UKI."
#   inputs: ["boot"]
#   since: 0.1.0
package seaworthy.rules.BOO_002

import data.seaworthy.boot
import data.seaworthy.lib

# A line is judged if firmware could verify it, or if it asks for dm-verity.
judged contains [f, l] if {
	some f in boot.uefi
	some l in lib.arr(f.lines)
}

judged contains [f, l] if {
	some f in boot.files
	some l in lib.arr(f.lines)
	count(boot.hashes(l)) > 0
}

# Firmware starts the file, but no command line was found in it.
silent_files := [f | some f in boot.uefi; count(lib.arr(f.lines)) == 0]

checked contains lib.image_resource if count(judged) > 0

not_applicable contains {"resource": lib.image_resource, "reason": reason} if {
	count(judged) == 0
	count(silent_files) == 0
	reason := idle
}

idle := boot.unbuilt if {
	not boot.known
} else := boot.not_uefi

unknown contains entry if some entry in boot.unread([f | some [f, _] in judged])

unknown contains {"resource": lib.image_resource, "reason": sprintf("%s has no command line, so its root is not known", [f.path])} if some f in silent_files

# The disk with the tree may be another file.
unknown contains {"resource": lib.image_resource, "reason": sprintf("the disk with the root hash %s is not a part of the image", [h])} if {
	some [_, l] in judged
	some h in boot.hashes(l)
	no_disk
}

unknown contains {"resource": lib.image_resource, "reason": sprintf("%s: neither a root nor an initrd was found", [boot.place(f.path, l.path)])} if {
	some [f, l] in judged
	count(boot.hashes(l)) == 0
	not has(l, "root")
	not in_initrd(f, l)
	l.from != "loader"
}

no_disk if {
	count(boot.trees) == 0
	count([r | some f in boot.files; some r in lib.arr(f.roots)]) == 0
}

has(l, name) if {
	some p in lib.arr(l.params)
	p.name == name
}

# in_initrd: the line is that of a UKI with an initrd.
in_initrd(f, l) if {
	some p in boot.programs(f)
	p.path == l.path
	p.initrd == true
}

fail contains {
	"id": "BOO-002",
	"resource": lib.image_resource,
	"path": "",
	"actual": way.what,
	"expected": "one root hash of a tree in the image, and no word that avoids it",
	"key": sprintf("%s:%s:%s", [f.path, l.path, way.key]),
	"message": sprintf("%s: %s", [boot.place(f.path, l.path), way.what]),
	"fix": "use a format whose root dm-verity protects (raw-efi-verity), and remove words about the root from kernel.cmdline",
} if {
	some [f, l] in judged
	some way in ways(f, l)
}

# ways are the ways around a verified root.
ways(f, l) := array.concat(of_hash(l), of_root(f, l))

of_hash(l) := [way |
	hashes := boot.hashes(l)
	count(hashes) > 0
	some way in array.flatten([
		[{"key": h, "what": sprintf("no hash tree in the image has the root hash %s", [h])} | some h in hashes; not h in boot.trees; not no_disk],
		[{"key": "two", "what": "the command line has more than one root hash"} | more_than_one(l)],
		[{"key": boot.name(p), "what": sprintf("%s switches the verification off", [text(p)])} | some p in lib.arr(l.params); switches_off(p)],
		[{"key": "root", "what": sprintf("%s is not the verified root", [text(p)])} | some p in lib.arr(l.params); p.name == "root"; not mapped(p)],
	])
]

more_than_one(l) if {
	some name in ["roothash", "usrhash", "dm-mod.create"]
	count([p | some p in lib.arr(l.params); boot.name(p) == name]) > 1
}

switches_off(p) if {
	boot.name(p) in {"systemd.verity", "rd.systemd.verity"}
	regex.match(`^(?i)(0|no?|f(alse)?|off)$`, lib.str(p.value))
}

# The kernel then only reports damage.
switches_off(p) if {
	regex.match(`^(rd\.)?(systemd\.verity-(root|usr)-options|dm-mod\.create)$`, boot.name(p))
	contains(lib.str(p.value), "ignore")
}

mapped(p) if regex.match(`^/dev/(mapper/|dm-)`, lib.str(p.value))

text(p) := sprintf("%s=%s", [p.name, p.value]) if {
	is_string(p.value)
} else := p.name

of_root(f, l) := [way | count(boot.hashes(l)) == 0; some way in plain(f, l)]

plain(f, l) := [{"key": "root", "what": sprintf("nothing verifies %s", [text(p)])} | some p in lib.arr(l.params); p.name == "root"] if {
	has(l, "root")
} else := [{"key": "loader", "what": "the initrd is not a part of a signed program"}] if {
	l.from == "loader"
} else := [{"key": r, "what": sprintf("the system can run from %s, which has no root hash", [r])} | some r in lib.arr(f.roots)] if {
	in_initrd(f, l)
} else := []
