package inspect

// gptTypes are types of partitions: the UEFI specification, the Discoverable
// Partitions Specification, and systems that are often met.
var gptTypes = map[string]string{
	"C12A7328-F81F-11D2-BA4B-00A0C93EC93B": "EFI system partition",
	"21686148-6449-6E6F-744E-656564454649": "BIOS boot partition",
	"BC13C2FF-59E6-4262-A352-B275FD6F7172": "extended boot loader partition",
	"0FC63DAF-8483-4772-8E79-3D69D8477DE4": "Linux file system",
	"0657FD6D-A4AB-43C4-84E5-0933C84B4F4F": "Linux swap",
	"E6D6D379-F507-44C2-A23C-238F2A3DF928": "Linux LVM",
	"A19D880F-05FC-4D3B-A006-743F0F84911E": "Linux RAID",
	"CA7D7CCB-63ED-4C53-861C-1742536059CC": "LUKS",
	"933AC7E1-2EB4-4F13-B844-0E14E2AEF915": "Linux /home",
	"4D21B016-B534-45C2-A9FB-5C16E091FD2D": "Linux /var",
	"4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709": "Linux root (x86-64)",
	"B921B045-1DF0-41C3-AF44-4C6F280D3FAE": "Linux root (arm64)",
	"72EC70A6-CF74-40E6-BD49-4BDA08E8F224": "Linux root (riscv64)",
	"2C7357ED-EBD2-46D9-AEC1-23D437EC2BF5": "Linux root verity (x86-64)",
	"DF3300CE-D69F-4C92-978C-9BFB0F38D820": "Linux root verity (arm64)",
	"B6ED5582-440B-4209-B8DA-5FF7C419EA3D": "Linux root verity (riscv64)",
	"41092B05-9FC8-4523-994F-2DEF0408B176": "Linux root verity signature (x86-64)",
	"6DB69DE6-29F4-4758-A7A5-962190F00CE3": "Linux root verity signature (arm64)",
	"8484680C-9521-48C6-9C11-B0720656F69E": "Linux /usr (x86-64)",
	"B0E01050-EE5F-4390-949A-9101B17104E9": "Linux /usr (arm64)",
	"77FF5F63-E7B6-4633-ACF4-1565B864C0E6": "Linux /usr verity (x86-64)",
	"6E11A4E7-FBCA-4DED-B9E9-E1A512BB664E": "Linux /usr verity (arm64)",
	"EBD0A0A2-B9E5-4433-87C0-68B6B72699C7": "Microsoft basic data",
	"E3C9E316-0B5C-4DB8-817D-F92DF00215AE": "Microsoft reserved",
	"FE3A2A5D-4F32-41A7-B725-ACCC3285A309": "ChromeOS kernel",
	"3CB8E202-3B7E-47DD-8A3C-7FF2A13CFCEC": "ChromeOS root",
	"5DFBF5F4-2848-4BAC-AA5E-0D9A20B745A6": "Flatcar /usr",
	"3884DD41-8582-4404-B9A8-E9B84F2DF50E": "Flatcar root",
	"48465300-0000-11AA-AA11-00306543ECAC": "Apple HFS+",
}

// mbrTypes are types of partitions in master boot records.
var mbrTypes = map[byte]string{
	0x01: "FAT12", 0x04: "FAT16", 0x05: "extended partition", 0x06: "FAT16", 0x07: "NTFS or exFAT", 0x0b: "FAT32", 0x0c: "FAT32", 0x0e: "FAT16",
	0x0f: "extended partition", 0x17: "hidden NTFS, or an ISO file system", 0x82: "Linux swap", 0x83: "Linux", 0x85: "extended partition", 0x8e: "Linux LVM", 0xcd: "ISO file system",
	0xee: "protective, for a GUID partition table", 0xef: "EFI system partition", 0xfd: "Linux RAID",
}
