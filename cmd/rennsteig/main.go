// Command rennsteig is the whole program: the demo Land, the production server and the rooms' commands.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"rennsteig/app"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := app.Main(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
