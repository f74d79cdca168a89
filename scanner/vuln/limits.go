package vuln

// Limits for what databases and VEX documents can make the program read and
// store.
const (
	// maxFile is the largest size of a file, and of a file in an archive.
	// Debian's tracker has 70 million bytes.
	maxFile = 256 << 20
	// maxTotal is the largest total size, unpacked; maxEntries the highest
	// number of files in an archive.
	maxTotal   = 16 << 30
	maxEntries = 1 << 20
	// maxRecord is the largest size of one record.
	maxRecord = 32 << 20
	// maxNames is the highest number of ids in a record: an advisory for a
	// kernel has hundreds.
	maxNames = 2000
	// maxMatches is the highest number of matches between records and packages
	// of a system.
	maxMatches = 200_000
	// maxVEX is the largest size of a VEX document, maxStatements the highest
	// number of statements in all documents.
	maxVEX        = 32 << 20
	maxStatements = 100_000
	// maxUnused is the highest number of listed statements without effect.
	maxUnused = 50
)
