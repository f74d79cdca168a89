// Package edit changes only the necessary lines of an os.yml. All other
// comments, order, quotes, indentation, styles and line ends stay. Start with
// Apply.
//
// Every edit is verified. The new text is parsed again, with aliases followed,
// and must equal the old document except for the edit. An edit that is not
// possible in this way returns an error with the place, and changes nothing. An
// example is a value that other entries share through an alias or a merge key.
package edit
