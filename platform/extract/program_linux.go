package extract

import (
	"errors"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// group starts the program as the head of a group, so that all that it starts can be ended with it.
func group(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error {
		killGroup(cmd)
		return nil
	}
}

// killGroup ends what still runs of a program; mostly nothing does.
func killGroup(cmd *exec.Cmd) {
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
}

func limit(cmd *exec.Cmd, memory uint64) error {
	if memory == 0 {
		return nil
	}
	err := unix.Prlimit(cmd.Process.Pid, unix.RLIMIT_AS, &unix.Rlimit{Cur: memory, Max: memory}, nil)
	if errors.Is(err, unix.ESRCH) { // ended already
		return nil
	}
	return err
}
