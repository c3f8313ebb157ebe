# The two commands: `make run` (the demo Land) and `make test` (everything). `make help` lists the rest.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

KERN := node_modules/@kern-ux/native/dist
ASSETS := platform/web/dist/kern.min.css platform/pdf/dist/DejaVuSans.ttf
TOOLS := $(CURDIR)/.tools/bin
VERSITYGW := $(TOOLS)/versitygw
LINTER := $(TOOLS)/golangci-lint
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)

.PHONY: help build run test test-reference bench bench-fulltext lint fmt vuln deps assets tools clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

build: assets ## build bin/rennsteig
	go build -trimpath -ldflags '-X rennsteig/app.Version=$(VERSION)' -o bin/rennsteig ./cmd/rennsteig

run: build ## start the demo Land on http://127.0.0.1:8080, data in ./data
	bin/rennsteig demo --data data --listen 127.0.0.1:8080

test: deps assets $(VERSITYGW) ## everything: both databases, S3, browser, accessibility, import rules
	go vet ./...
	GOGC=400 go run ./platform/db/dbtest/pgtest -- go test -timeout 30m ./... # memory for time, as the program itself does

test-reference: assets ## comparisons with RENNSTEIG_REFERENCE=DIR, the folder with specifications and facts
	@test -n "$${RENNSTEIG_REFERENCE:-}" || { echo "set RENNSTEIG_REFERENCE to the reference folder" >&2; exit 1; }
	go test -count=1 -tags reference -run '^TestReference' ./finder/... ./standards/...

bench: deps assets ## ratios measured in one run on this machine; see docs/PERFORMANCE.md
	go run ./platform/db/dbtest/pgtest -durable -- go run ./bench
	go run ./bench/searchcmp
	go run ./platform/db/dbtest/pgtest -durable -- go test -run '^$$' -bench . -benchtime 1x -timeout 60m ./records/... ./platform/fulltext ./platform/extract ./standards/xdomea

bench-fulltext: deps ## the full text over 200,000 documents, on both databases: fills them first, an hour each
	dir=$$(mktemp -d) && trap 'rm -rf $$dir' EXIT && \
	RENNSTEIG_FULLTEXT=sqlite:$$dir/text.db go test -run '^$$' -bench Search -benchtime 1x -timeout 4h ./platform/fulltext
	go run ./platform/db/dbtest/pgtest -durable -- bash -c 'RENNSTEIG_FULLTEXT=$$RENNSTEIG_TEST_PG go test -run "^$$" -bench Search -benchtime 1x -timeout 4h ./platform/fulltext'

lint: assets $(LINTER) ## golangci-lint
	$(LINTER) run ./...

fmt: ## format all Go files
	gofmt -w $$(git ls-files '*.go')

vuln: ## known vulnerabilities in dependencies (needs Go's vulnerability database)
	@out=$$(go run golang.org/x/vuln/cmd/govulncheck@v1.9.0 ./... 2>&1) && echo "$$out" || case "$$out" in \
		*"fetching vulnerabilities"*) echo "vuln: Go's vulnerability database cannot be reached from here" ;; \
		*) echo "$$out"; exit 1 ;; esac

deps: ## name what the tests need, and install it where apt and rights allow
	@scripts/deps

assets: $(ASSETS) ## fetch what is locked and put styles and fonts where the program embeds them

tools: $(VERSITYGW) $(LINTER) ## the tools of tests and lint, built from their locked versions

clean: ## remove what was built (not ./data)
	rm -rf bin .tools node_modules platform/web/dist/*.* platform/pdf/dist/*.*

node_modules/.package-lock.json: package.json package-lock.json
	npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

platform/web/dist/kern.min.css: node_modules/.package-lock.json
	cp $(KERN)/fonts/fira-sans/FiraSans-{Regular,Medium,SemiBold}.woff2 platform/web/dist/
	cp $(KERN)/kern.min.css $@

platform/pdf/dist/DejaVuSans.ttf: node_modules/.package-lock.json
	cp node_modules/dejavu-fonts-ttf/ttf/DejaVuSans.ttf $@

$(VERSITYGW):
	GOBIN=$(TOOLS) go install github.com/versity/versitygw/cmd/versitygw@v1.8.0

$(LINTER):
	GOBIN=$(TOOLS) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
