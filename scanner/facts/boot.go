package facts

// Boot describes how the files of the image boot: what firmware and boot loaders
// find in them. It is read from the written files, not from os.yml.
type Boot struct {
	// Present: the files were read. They exist from the build on.
	Present bool `json:"present"`
	// Certificates are the digests (sha256:HEX) of the certificates whose
	// signatures for Secure Boot are known: that of the build, or those that the
	// user gave.
	Certificates []string   `json:"certificates"`
	Files        []BootFile `json:"files"`
}

// BootFile is a file of the image that a machine boots from.
type BootFile struct {
	// Path is the name of the file.
	Path string `json:"path"`
	// Starts says who starts it: "uefi", "bios", both, or none. Without either, a
	// virtual machine or a network loader starts the kernel directly.
	Starts []string `json:"starts"`
	// Programs are the EFI programs in it.
	Programs []BootProgram `json:"programs"`
	Loaders  []BootLoader  `json:"loaders"`
	// Lines are the kernel command lines in it.
	Lines []BootLine `json:"lines"`
	// Trees are the dm-verity hash trees in it, and Roots the file systems in
	// partitions from which a Linux system can run, for example "partition 2 (ext4)".
	Trees []BootTree `json:"trees"`
	Roots []string   `json:"roots"`
	// Unread are the parts that could not be read, each with the reason.
	Unread []string `json:"unread"`
}

// BootProgram is an EFI program.
type BootProgram struct {
	// Path in the file: "partition 1/EFI/BOOT/BOOTX64.EFI", "" for the file itself.
	Path string `json:"path"`
	// Kind is uki (Unified Kernel Image), kernel, addon (of a UKI), loader, shell,
	// or program.
	Kind string `json:"kind"`
	// Cmdline: a UKI contains its command line. Initrd: it contains an initrd.
	Cmdline bool `json:"cmdline"`
	Initrd  bool `json:"initrd"`
	// OSRelease and Uname are the texts of the sections .osrel and .uname: what a UKI
	// says about its system and its kernel.
	OSRelease string `json:"osRelease,omitempty"`
	Uname     string `json:"uname,omitempty"`
	// SBAT: the program has a section .sbat, which is not empty. Generations are its
	// lines, in their order. SBATProblem says why they cannot be read.
	SBAT        bool             `json:"sbat"`
	Generations []BootGeneration `json:"generations,omitempty"`
	SBATProblem string           `json:"sbatProblem,omitempty"`
	Signers     []BootSigner     `json:"signers"`
}

// BootGeneration is a line of a section .sbat. shim and boot loaders refuse a component
// whose generation is below the one that they know.
type BootGeneration struct {
	// Line in the section, from 1.
	Line       int    `json:"line"`
	Component  string `json:"component"`
	Generation int    `json:"generation"`
	// Vendor made the component. Package, Version and URL are those of the vendor.
	Vendor  string `json:"vendor"`
	Package string `json:"package"`
	Version string `json:"version"`
	URL     string `json:"url"`
}

// BootSigner is a signature of an EFI program.
type BootSigner struct {
	// Name is the subject of the certificate. Anyone can make a certificate with
	// this name. Certificate is its digest, sha256:HEX, "" if unknown.
	Name        string `json:"name"`
	Certificate string `json:"certificate"`
	// Valid: the signature is of this program, and was made with the key of the
	// certificate. Problem is the reason if it is not.
	Valid   bool   `json:"valid"`
	Problem string `json:"problem"`
}

// BootLoader is a boot loader with its configuration.
type BootLoader struct {
	// Kind is systemd-boot, GRUB, syslinux or shell (an EFI shell).
	Kind string `json:"kind"`
	Path string `json:"path"`
	// Open are the ways in which a person at the console can change what boots.
	Open []string `json:"open"`
	// Entries are what it can start, by title.
	Entries []string `json:"entries"`
	// Unread is the reason why a part of the configuration is unknown, "" if all is
	// known.
	Unread string `json:"unread"`
}

// BootLine is a kernel command line in the image.
type BootLine struct {
	Path string `json:"path"`
	// From is uki, addon, loader (its configuration can be changed without the key
	// of a signature), or file.
	From   string  `json:"from"`
	Raw    string  `json:"raw"`
	Params []Param `json:"params"`
}

// BootTree is a dm-verity hash tree.
type BootTree struct {
	Path     string `json:"path"`
	RootHash string `json:"rootHash"`
}
