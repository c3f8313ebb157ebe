# The two commands: `make run` (the demo Land) and `make test` (everything).
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:

KERN := node_modules/@kern-ux/native/dist
ASSETS := platform/web/dist/kern.min.css platform/pdf/dist/DejaVuSans.ttf

.PHONY: assets
assets: $(ASSETS) ## fetch what is locked and put styles and fonts where the program embeds them

node_modules/.package-lock.json: package.json package-lock.json
	npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

platform/web/dist/kern.min.css: node_modules/.package-lock.json
	cp $(KERN)/fonts/fira-sans/FiraSans-{Regular,Medium,SemiBold}.woff2 platform/web/dist/
	cp $(KERN)/kern.min.css $@

platform/pdf/dist/DejaVuSans.ttf: node_modules/.package-lock.json
	cp node_modules/dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf platform/pdf/dist/
	cp node_modules/dejavu-fonts-ttf/ttf/DejaVuSans.ttf $@
