//go:build !windows

package main

import "syscall"

// forbidCores keeps a crash from writing the process's memory to disk. Where that can't be, nothing else is lost.
func forbidCores() { _ = syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{}) }
