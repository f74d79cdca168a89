// Package edit changes os.yml as a careful person would: only the lines
// concerned. Comments, order, quotes, indentation, flow or block style and line
// ends of all else stay. Start with Apply.
//
// Nothing is written that was not proven: after each edit the new text is
// parsed again, aliases followed, and must hold the old document but for the
// edit. What cannot be done so (a value that an alias or a merge key shares with
// others) is refused with its place, never half done.
package edit
