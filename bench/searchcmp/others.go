package main

import (
	"database/sql"
	"strings"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/analysis/lang/de"
	_ "modernc.org/sqlite" // the driver of the FTS5 index

	"rennsteig/platform/german"
)

// newBleve is an index in memory with bleve's own analyser "de".
func newBleve(names map[string][]string) (engine, func(), error) {
	mapping := bleve.NewIndexMapping()
	mapping.DefaultAnalyzer = de.AnalyzerName
	index, err := bleve.NewMemOnly(mapping)
	if err != nil {
		return engine{}, nil, err
	}
	batch := index.NewBatch()
	for key, all := range names {
		if err := batch.Index(key, map[string]any{"names": all}); err != nil {
			return engine{}, nil, err
		}
	}
	if err := index.Batch(batch); err != nil {
		return engine{}, nil, err
	}
	find := func(q string) []string {
		query := bleve.NewMatchQuery(q)
		query.SetField("names")
		result, err := index.Search(bleve.NewSearchRequestOptions(query, 10, 0, false))
		if err != nil {
			return nil
		}
		var out []string
		for _, hit := range result.Hits {
			out = append(out, hit.ID)
		}
		return out
	}
	return engine{"bleve, stock German analyser", find}, func() { _ = index.Close() }, nil
}

// newFTS5 is a full-text table in memory.
func newFTS5(names map[string][]string) (engine, func(), error) {
	d, err := sql.Open("sqlite", "file:searchcmp?mode=memory&cache=shared")
	if err != nil {
		return engine{}, nil, err
	}
	d.SetMaxIdleConns(workers)
	if _, err := d.Exec(`CREATE VIRTUAL TABLE service USING fts5(key UNINDEXED, names, tokenize = "unicode61 remove_diacritics 2")`); err != nil {
		return engine{}, nil, err
	}
	tx, err := d.Begin()
	if err != nil {
		return engine{}, nil, err
	}
	for key, all := range names {
		if _, err := tx.Exec(`INSERT INTO service (key, names) VALUES ($1, $2)`, key, strings.Join(all, "\n")); err != nil {
			return engine{}, nil, err
		}
	}
	if err := tx.Commit(); err != nil {
		return engine{}, nil, err
	}
	statement, err := d.Prepare(`SELECT key FROM service WHERE service MATCH $1 ORDER BY rank LIMIT 10`)
	if err != nil {
		return engine{}, nil, err
	}
	find := func(q string) []string {
		words := german.Tokens(strings.ToLower(q))
		if len(words) == 0 {
			return nil
		}
		rows, err := statement.Query(`"` + strings.Join(words, `" OR "`) + `"`)
		if err != nil {
			return nil
		}
		defer rows.Close()
		var out []string
		for rows.Next() {
			var key string
			if rows.Scan(&key) == nil {
				out = append(out, key)
			}
		}
		if rows.Err() != nil {
			return nil
		}
		return out
	}
	return engine{"SQLite FTS5", find}, func() { _ = d.Close() }, nil
}
