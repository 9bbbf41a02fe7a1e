//go:build !windows

package main

import "syscall"

func quitSelf() {
	_ = syscall.Kill(syscall.Getpid(), syscall.SIGQUIT)
	select {}
}
