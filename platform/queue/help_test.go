package queue

import (
	"io/fs"
	"testing/fstest"
)

func mapFS(name, body string) fs.FS { return fstest.MapFS{name: {Data: []byte(body)}} }
