//go:build !unix

package lockstore

// isReadOnlyFS is covered by fs.ErrPermission where the system tells no more.
func isReadOnlyFS(error) bool { return false }
