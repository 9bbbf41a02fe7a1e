package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/spotsync/spotsync/cmd/spotsync/internal/term"
)

var shells = []string{"bash", "zsh", "fish", "powershell"}

// newCompletion is a command of our own: the one that cobra adds has a subcommand for each shell, and tells how to load a script
// for one shell at a time.
func newCompletion(a *term.App) *cobra.Command {
	return &cobra.Command{
		Use:   "completion SHELL",
		Short: "Write a script that completes commands in your shell",
		Long: `completion writes a script for SHELL (bash, zsh, fish or powershell) that completes commands and flags. Load it where
your shell starts:

  bash         source <(spotsync completion bash)              in ~/.bashrc; needs the package bash-completion
  zsh          source <(spotsync completion zsh)               in ~/.zshrc, after compinit
  fish         spotsync completion fish | source               in ~/.config/fish/config.fish
  powershell   spotsync completion powershell | Out-String | Invoke-Expression   in $PROFILE`,
		ValidArgs:             shells,
		DisableFlagsInUseLine: true,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 || !slices.Contains(shells, args[0]) {
				return fmt.Errorf("completion takes the name of a shell: %s", strings.Join(shells, ", "))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			root := cmd.Root()
			switch args[0] {
			case "zsh":
				return root.GenZshCompletion(a.Out)
			case "fish":
				return root.GenFishCompletion(a.Out, true)
			case "powershell":
				return root.GenPowerShellCompletionWithDesc(a.Out)
			}
			return root.GenBashCompletionV2(a.Out, true)
		},
	}
}
