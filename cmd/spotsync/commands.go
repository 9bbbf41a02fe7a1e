package main

import "github.com/spf13/cobra"

// commands are all commands, in the order help shows them.
var commands = []func(*app) *cobra.Command{
	newLogin,
	newLogout,
	newAuth,
	newStatus,
	newValidate,
	newFmt,
	newConsole,
	newOutput,
	newPlan,
	newApply,
	newDestroy,
	newList,
	newShow,
	newHistory,
	newRollback,
	newPause,
	newResume,
	newLock,
	newSandbox,
	newDaemon,
	newDoctor,
	newVersion,
	newCompletion,
}
