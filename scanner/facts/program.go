package facts

// Program is the file that a component's command leads to, found as the runtime
// finds it: from the working directory, by PATH, through links.
type Program struct {
	// Name is the first word of the command.
	Name string `json:"name"`
	// State is found, missing, closed (nobody may execute it), folder (or
	// another thing that is no file), or unknown, and Why says why not.
	State string `json:"state"`
	Why   string `json:"why"`
	// Path is the file with all links followed, "" where there is none.
	Path string `json:"path"`
	// Format is elf, script (#!), or "" for anything else. Arch is the
	// architecture of the ELF file that the kernel starts, as Go calls it, "" where
	// it is not known.
	Format string `json:"format"`
	Arch   string `json:"arch"`
	// Lacks is the interpreter that the kernel would start in its place, of #! or
	// of an ELF file, where the image has none; else "".
	Lacks string `json:"lacks"`
}
