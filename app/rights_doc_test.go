package app

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/records"
	"rennsteig/records/access"
)

var update = flag.Bool("update", false, "write docs/RIGHTS.md anew")

// chapters are the tables of docs/RIGHTS.md, each with the needs whose actions stand in it.
var chapters = []struct {
	title string
	needs []need
}{
	{"Was darf, wer lesen darf", []need{toRead, toReadCase, toSeePost}},
	{"Mitwirken", []need{toDo, toWithdraw}},
	{"Bearbeiten", []need{toWrite, toWriteCase, toLower, toWorkPost}},
	{"Über die Akte bestimmen", []need{toManage, toRunCase, toRule, toKeepFile}},
	{"An der Behörde", []need{toWork, toLead, toLeadOthers, toKeep, toKeepAll}},
}

const rightsHead = `# Berechtigungskonzept der elektronischen Akte

Wer was darf, wie das Programm es prüft. Diese Tabellen schreibt ein Test (app/rights_doc_test.go) aus denselben Regeln, mit denen er jeden
Anwendungsfall und jede Adresse auf beiden Datenbanken vergleicht; stimmen sie nicht mehr, schlägt er fehl. Die Regeln in Worten stehen in
[RECORDS.md](RECORDS.md), „Who reaches what“.

- **Einheit**: die federführende Organisationseinheit der Akte. Wer in einer Einheit arbeitet, gehört auch zu denen darüber; wer eine leitet, auch zu
  denen darunter. „Leitung der Einheit“ steht auch für die Leitung einer Einheit darüber.
- **Leseregel, Schreibregel, Gesperrt**: was eine Zugriffsregel der Akte für die Person sagt; die Gesperrte arbeitet in der Einheit. Die nähere Regel
  gilt: Person vor Rolle vor Einheit.
- **Um Mitwirkung gebeten**: hat im Geschäftsgang des Vorgangs eine Aufgabe. Das Recht gilt für diesen Vorgang und endet mit dem Geschäftsgang, das der
  Vertretung mit der Abwesenheit.
- Ohne **Ermächtigung** für die Stufe der Akte und des Vorgangs gibt es sie für niemanden, auch nicht für die Registratur.
- Was jemand nicht lesen darf, gibt es für sie oder ihn nicht: nicht in Listen, nicht in der Suche, nicht in Zahlen, und unter seiner Adresse steht
  „nicht gefunden“.
- Eine Zugriffsregel, die eine Person nennt, setzt, ändert und entfernt nicht sie selbst.
- Vernichtung und gerichtlich angeordnete Löschung verlangen eine zweite Person.
`

// columns are who has one in docs/RIGHTS.md.
func columns() (out []person) {
	for _, p := range everyone {
		if p.word != "" {
			out = append(out, p)
		}
	}
	return out
}

// TestRightsTable compares docs/RIGHTS.md with the rules.
func TestRightsTable(t *testing.T) {
	texts := i18n.New()
	if err := texts.Add(records.Files); err != nil {
		t.Fatal(err)
	}
	german := func(key string) string { return texts.T(i18n.German, key) }
	b := strings.Builder{}
	b.WriteString(rightsHead)
	fmt.Fprintf(&b, "\n## Eine Akte der Einheit\n\nZugriff: %s. Stufe: %s. Posteingang, der an die Einheit ging. Wie es bei anderem Zugriff ist, steht am Ende.\n",
		german("records.reach.lead"), german("records.level.0"))
	row := func(first string, cell func(p person) string) {
		b.WriteString("| " + first)
		for _, p := range columns() {
			b.WriteString(" | " + cell(p))
		}
		b.WriteString(" |\n")
	}
	head := func(first string) {
		row(first, func(p person) string { return p.word })
		row("---", func(person) string { return "---" })
	}
	words := 0
	for _, c := range chapters {
		fmt.Fprintf(&b, "\n### %s\n\n", c.title)
		head("")
		actions := map[string]need{}
		for _, table := range []map[string]action{onFiles, parts, onPost, onProcesses, atAuthority} {
			for _, a := range table {
				if a.word != "" && slices.Contains(c.needs, a.need) {
					actions[a.word] = a.need
				}
			}
		}
		words += len(actions)
		for _, word := range slices.Sorted(maps.Keys(actions)) {
			row(word, func(p person) string {
				f := file{"20", records.LeadOnly, access.Open, access.Open}
				if actions[word] == toLower {
					f.caseLevel = access.Restricted
				}
				want := p.want(actions[word], f)
				if slices.Contains([]need{toSeePost, toWorkPost}, actions[word]) {
					want = p.mail(actions[word], &post{unit: "20"})
				}
				if want == "" {
					return "ja"
				}
				return "–"
			})
		}
	}
	for _, table := range []map[string]action{onFiles, parts, onPost, onProcesses, atAuthority} {
		for _, a := range table {
			if a.word != "" {
				words--
			}
		}
	}
	if words != 0 {
		t.Errorf("%d actions stand in no chapter", -words)
	}
	b.WriteString("\n## Was Zugriff und Vertraulichkeit ändern\n\n„vertraulich“: alle sind bis dahin ermächtigt; „geheim“: niemand in dieser Tabelle ist es.\n\n")
	head("Zugriff, Stufe")
	for _, f := range []file{{"20", records.Everybody, 0, 0}, {"20", records.ReadByAll, 0, 0}, {"20", records.LeadOnly, 0, 0}, {"20", records.Registry, 0, 0},
		{"20", records.LeadOnly, access.Confidential, access.Confidential}, {"20", records.LeadOnly, access.Secret, access.Secret}} {
		row(german("records.reach."+string(f.reach))+"; "+german(fmt.Sprintf("records.level.%d", f.level)), func(p person) string {
			switch may := p.may(f); {
			case may == access.Write:
				return "ändern"
			case may == access.Read:
				return "lesen"
			case p.want(toReadCase, f) == errs.Code(""):
				return "den Vorgang lesen"
			}
			return "–"
		})
	}
	const name = "../docs/RIGHTS.md"
	if *update {
		if err := os.WriteFile(name, []byte(b.String()), 0o644); err != nil { //nolint:gosec // a document
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(name); err != nil || string(got) != b.String() {
		t.Errorf("docs/RIGHTS.md is not what the rules say (%v): go test ./app -run TestRightsTable -update", err)
	}
}
