package vuln

// What databases and VEX documents may make us read and keep.
const (
	// maxFile bounds a file, and a file of an archive; Debian's tracker has 70
	// million bytes.
	maxFile = 256 << 20
	// maxTotal bounds what is read in all, unpacked; maxEntries the files of an
	// archive.
	maxTotal   = 16 << 30
	maxEntries = 1 << 20
	// maxRecord bounds one record.
	maxRecord = 32 << 20
	// maxNames bounds the ids that a record has, or is about: an advisory on a
	// kernel has hundreds.
	maxNames = 2000
	// maxMatches bounds what records say of the packages of a system.
	maxMatches = 200_000
	// maxVEX bounds a VEX document, maxStatements those of all documents.
	maxVEX        = 32 << 20
	maxStatements = 100_000
	// maxUnused bounds the statements that are listed as being without effect.
	maxUnused = 50
)
