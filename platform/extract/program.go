package extract

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// program is one run of an installed program.
type program struct {
	path   string
	args   []string
	env    []string // besides the few that every program gets
	dir    string
	in     io.Reader
	memory uint64 // bytes of addresses; 0: as many as it wants
}

// ending is how a program ended.
type ending int

const (
	ended    ending = iota // well
	failed                 // by itself, not well
	timedOut               // by us
)

// maxOutput is what is kept of a program's output.
const maxOutput = 2 * MaxText

// look finds the first of these programs; "" if there is none.
func (e *Extractor) look(names ...string) string {
	for _, name := range names {
		for _, dir := range filepath.SplitList(e.options.Path) {
			path := filepath.Join(dir, name)
			if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 && filepath.IsAbs(path) {
				return path
			}
		}
	}
	return ""
}

// run runs a program with all that it starts, in time, and returns what it wrote. The error is one of ctx, or that the
// program cannot be started.
func (e *Extractor) run(ctx context.Context, p program) ([]byte, ending, error) {
	select {
	case e.programs <- struct{}{}:
		defer func() { <-e.programs }()
	case <-ctx.Done():
		return nil, failed, ctx.Err()
	}
	limited, stop := context.WithTimeout(ctx, e.options.Timeout)
	defer stop()
	var out, said bounded
	cmd := exec.CommandContext(limited, p.path, p.args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = p.dir, &out, &said
	cmd.Env = append([]string{"PATH=" + e.options.Path, "LC_ALL=C.UTF-8", "OMP_THREAD_LIMIT=1"}, p.env...)
	if v, ok := os.LookupEnv("TESSDATA_PREFIX"); ok {
		cmd.Env = append(cmd.Env, "TESSDATA_PREFIX="+v)
	}
	group(cmd)
	cmd.WaitDelay = 5 * time.Second
	var in io.WriteCloser
	if p.in != nil { // given only once the limits hold
		var err error
		if in, err = cmd.StdinPipe(); err != nil {
			return nil, failed, fmt.Errorf("%s: %w", filepath.Base(p.path), err)
		}
	}
	if err := cmd.Start(); err != nil {
		return nil, failed, fmt.Errorf("%s: %w", filepath.Base(p.path), err)
	}
	defer killGroup(cmd)
	if err := limit(cmd, p.memory); err != nil {
		killGroup(cmd)
		return nil, failed, errors.Join(fmt.Errorf("%s: limit memory: %w", filepath.Base(p.path), err), cmd.Wait())
	}
	fed := make(chan struct{})
	go func() {
		defer close(fed)
		if in != nil {
			defer in.Close()
			_, _ = io.Copy(in, p.in) // ends early when the program does; the source keeps its own failures
		}
	}()
	err := cmd.Wait()
	<-fed
	switch {
	case ctx.Err() != nil:
		return nil, failed, ctx.Err()
	case limited.Err() != nil:
		return nil, timedOut, nil
	case err != nil:
		return said.b.Bytes(), failed, nil
	}
	return out.b.Bytes(), ended, nil
}

// version is the first line that a program says of itself.
func (e *Extractor) version(ctx context.Context, path string) string {
	out, end, err := e.run(ctx, program{path: path, args: []string{"--version"}})
	if err != nil || end != ended {
		return ""
	}
	line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	return line
}

// bounded keeps the beginning of what is written to it.
type bounded struct{ b bytes.Buffer }

func (w *bounded) Write(p []byte) (int, error) {
	w.b.Write(p[:min(len(p), maxOutput-w.b.Len())])
	return len(p), nil
}
