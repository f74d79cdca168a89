package facts

// Program is the file to which a component's command leads. It is searched as
// the runtime does: from the working directory, by PATH, through links.
type Program struct {
	// Name is the first word of the command.
	Name string `json:"name"`
	// State is found, missing, closed (no user may execute it), folder (or
	// another type that is not a file), or unknown. Why is the reason for
	// unknown.
	State string `json:"state"`
	Why   string `json:"why"`
	// Path is the file with all links followed, "" if there is none.
	Path string `json:"path"`
	// Format is elf, script (#!), or "" for any other. Arch is the architecture
	// of the ELF file that the kernel starts, as Go names it, "" if unknown.
	Format string `json:"format"`
	Arch   string `json:"arch"`
	// Lacks is the missing interpreter of a script (#!) or of an ELF file, ""
	// if the image has it.
	Lacks string `json:"lacks"`
}
