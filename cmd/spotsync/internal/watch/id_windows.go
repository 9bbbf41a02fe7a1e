package watch

import "io/fs"

// idOf knows nothing: Windows tells which file a file is only to those who open it, and a time of change counts in steps
// of 100 ns there, so that a file put in another's place shows by that.
func idOf(fs.FileInfo) fileID { return fileID{} }
