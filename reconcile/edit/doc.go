// Package edit turns one list of playlist rows into another with few requests, keeping the dates rows were added.
//
// Spotify's requests insert up to 100 URIs at one place, remove every copy of up to 100 URIs, move one stretch of any
// length, or replace everything by up to 100 URIs. A moved row keeps its date, a removed or replaced one loses it, so
// with [Always] no row is removed whose URI is wanted in as many copies as there are. What is found is a [Script];
// [Apply] is a model of Spotify that replays it.
//
// # The order: remove, insert, move
//
// Take any plan and leave the rows it removes out of all its lists: its moves stay moves or vanish, its inserts shrink.
// So removing first costs nothing, keeps the list short, and is needed where a URI is removed to come back in fewer
// copies. Take any plan of inserts and moves and run the moves backwards from its end, carrying each group of new
// rows along with a neighbour: so inserting before moving costs nothing either, and what comes back is missing
// shortest. Carried back, two groups can meet and be one insert; a move saves at most one insert in this way.
//
// # Blocks and joints
//
// Rows that are neighbours and shall be stay together: no plan gets shorter by cutting such a good joint (Christie,
// 1998). So they form blocks, of which a playlist with a few edits has few, however long it is. Opaque rows (local
// files, withdrawn tracks) are glued to the row before them. What remains is a permutation of blocks, and moves,
// each of which cuts three joints, swaps the two stretches between them and joins the ends anew. The fewest moves
// are hard to find in general (NP-hard: Bulteau and others, 2012).
//
// # The cycle bound
//
// At a broken joint, in front of some gap, lies the left neighbour v; the block wanted behind it begins behind some
// other gap. An arc from the one gap to the other, for all gaps, makes cycles. A list in order has only cycles of
// length one, and a move adds at most two cycles of odd length. So with b gaps and c odd cycles at least (b-c)/2 moves
// are needed (Bafna and Pevzner, 1998). Independent edits make cycles of three gaps each, and the bound is exact; for
// a shuffled list it is about half the rows and nearly always reached. A cut that does add two odd cycles is a good
// cut: three gaps that a cycle visits in the order they lie in, with odd arcs between them, or two of one even cycle
// and one of another. The search is for sequences of good cuts: greedy in long lists, then beams that prefer layouts
// in which no cycle is stuck, and for few blocks an exact search. Where the bound is met the script says [Script.Proven].
//
// # Copies
//
// With several copies of a URI one has to choose which row becomes which, and which wanted rows are new. Rows are
// paired by what surrounds them, by the longest stretches that are equal, and in order; then pairs are exchanged while
// that lowers the bound. Few ways to pair are all tried. A bound for all pairings comes from leaving the rows out for
// which there is a choice.
//
// # Never
//
// With [Never] a replace is considered too, and removing and inserting rows that could be moved: a hundred scattered
// rows that gather at one place are a hundred moves, but one remove and one insert. What stays is a subsequence that is
// in order already, weighed by price: a row that is brought anew is a hundredth of a remove and of an insert, and each
// place between rows that stay where something has to go in is an insert.
//
// All searches count their work in operations, never in time, and random numbers have a fixed seed: the same input
// gives the same script everywhere.
//
// The files, in the order a script is made:
//
//	edit.go       the types
//	make.go       Make: which rows go; the parts put together
//	pair.go       which row becomes which wanted row, by what surrounds it
//	choose.go     other pairings, and the best of their answers
//	blocks.go     blocks, joints and groups; the answer written out as edits
//	layout.go     blocks in present order, cuts, the cycle bound
//	sort.go       the search for few cuts
//	reversed.go   stretches in reverse order
//	merge.go      where to insert the groups
//	sacrifice.go  Never: dates given up for fewer requests
//	replay.go     Apply, Replay, Check: what Spotify would do
package edit
