package main

import (
	"github.com/spf13/cobra"

	"github.com/spotsync/spotsync/cmd/spotsync/internal/term"
)

// commands are all commands, in the order help shows them.
var commands = []func(*term.App) *cobra.Command{
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
