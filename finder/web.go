package finder

import "rennsteig/platform/web"

type pages struct{}

func newPages(*web.Site) pages { return pages{} }
