# METADATA
# description: |-
#   How the image boots: what firmware and boot loaders find in its files. Before a build
#   there are no files, and rules about booting are not applicable.
package seaworthy.boot

import data.seaworthy.given
import data.seaworthy.lib

# known: the files of the image were read.
known if input.boot.present == true

# unbuilt is the reason of rules that need the files of the image.
unbuilt := "the image is not built yet: `seaworthy build` checks this"

# not_uefi is the reason of rules about UEFI firmware.
not_uefi := "UEFI firmware starts no file of the image"

# idle is the reason why a rule about UEFI firmware does not apply.
idle := unbuilt if {
	not known
} else := not_uefi if {
	count(uefi) == 0
}

# files are the files from which a machine boots.
files := [f | known; some f in lib.arr(input.boot.files)]

# uefi are the files that UEFI firmware starts.
uefi := [f | some f in files; "uefi" in lib.arr(f.starts)]

# programs are the EFI programs in a file.
programs(f) := lib.arr(f.programs)

# unread are the unknown entries for parts of some files.
unread(some_files) := {{"resource": lib.image_resource, "reason": place(f.path, reason)} | some f in some_files; some reason in lib.arr(f.unread)}

# place is a place in a file of the image.
place(file, path) := file if {
	path == ""
} else := sprintf("%s: %s", [file, path])

# required: data.params.secure_boot requires that firmware verifies every file.
required if given.params.secure_boot == "required"

# own_certificates are the certificates of the policy. Without any, those of the
# build and of the user are accepted.
own_certificates := {d | some d in lib.arr(given.params.secure_boot_certificates)}

# accepted: a signature by this certificate is known.
accepted(digest) if digest in own_certificates

accepted(digest) if {
	count(own_certificates) == 0
	digest in lib.arr(input.boot.certificates)
}

# comparable: there are certificates to compare signers with.
comparable if count(own_certificates) > 0

comparable if count(lib.arr(input.boot.certificates)) > 0

# hashes are the dm-verity root hashes on a command line.
hashes(line) := {lower(p.value) | some p in lib.arr(line.params); name(p) in {"roothash", "usrhash"}; is_string(p.value)} | {lower(h) |
	some p in lib.arr(line.params)
	name(p) == "dm-mod.create"
	contains(lib.str(p.value), "verity")
	some h in regex.find_n(`\b[0-9a-fA-F]{64}\b`, p.value, 1)
}

# name is the name of a parameter. The kernel treats an underscore as a hyphen.
name(p) := replace(p.name, "_", "-")

# trees are the root hashes of the hash trees in the image.
trees := {t.rootHash | some f in files; some t in lib.arr(f.trees)}
