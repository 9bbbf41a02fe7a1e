// Package files reads what expressions may read: files below a folder, each once in an evaluation.
package files
