package vuln

// Limits for what databases and VEX documents can make the program read and
// store.
const (
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
	// maxNotes is the highest number of characters of a statement's notes.
	maxNotes = 500
	// maxUnused is the highest number of listed statements without effect.
	maxUnused = 50
	// manyUnmatched is the highest number of statements about one product that are listed
	// because they match nothing. More are counted.
	manyUnmatched = 20
)
